#!/usr/bin/env bash
# bench_households.sh: 1,000 small households (about 500 bytes of JSON each) with the real programs:
# bytes, requests and seconds of the first sync, of an empty one, of one edit and of ten; against
# `xz -9e` of the same answers as lines. Memory of a tablet with 10,000 of them, unlocked and serving.
set -euo pipefail
build=$(cd "${YG_BUILD:-build}" && pwd)
work=$(mktemp -d)
export LANG=C.UTF-8 YG_PASSPHRASE=secret-of-wang
area=430626117205
server= tablet=
trap 'kill $server $tablet 2>/dev/null || true; rm -rf "$work"' EXIT

value() { sed -n "s/.*\"$1\": \\([0-9]*\\).*/\\1/p" "$2"; }
agent() { "$build/yg-agent" "$@" --data "$work/tablet"; }
measure() { # WHAT: a sync, as sync --json tells it
    agent sync --json >"$work/report"
    printf '%-28s %8s up %8s down %3s requests %6s ms\n' "$1" "$(value bytes_up "$work/report")" \
        "$(value bytes_down "$work/report")" "$(value requests "$work/report")" \
        "$(value elapsed_ms "$work/report")"
}
import() { # COUNT SEED
    rm -rf "$work/csv"
    mkdir "$work/csv"
    "$build/generate" --seed "$2" --count "$1" --small --csv "$work/csv"
    local repeats=()
    for name in member income; do
        [ ! -f "$work/csv/$name.csv" ] || repeats+=(--repeat "$name=$work/csv/$name.csv")
    done
    agent import household "$work/csv/household.csv" --area $area "${repeats[@]}" --key key >/dev/null
}

"$build/yg-syncd" init --area 430626 --data "$work/county" >/dev/null
"$build/yg-syncd" form publish schema/forms/household --data "$work/county" >/dev/null
"$build/yg-syncd" serve --data "$work/county" --listen 127.0.0.1:0 --port-file "$work/address" 2>/dev/null &
server=$!
while [ ! -s "$work/address" ]; do read -rt 0.05 <> <(:) || true; done
code=$("$build/yg-syncd" device invite --areas $area --person wang --data "$work/county")
agent enrol --server "$(cat "$work/address")" --code "$code" >/dev/null
agent sync >/dev/null

"$build/generate" --seed 1 --count 1000 --small --json >"$work/lines"
printf '1,000 households as lines: %s bytes, xz -9e %s bytes\n' "$(wc -c <"$work/lines")" \
    "$(xz -9e -c "$work/lines" | wc -c)"
import 1000 1
measure '1,000 households'
measure 'nothing new'
agent list --json >"$work/list"
nth() { sed -n 's/.*"id": "\([^"]*\)".*/\1/p' "$work/list" | sed -n "$1p"; }
agent set "$(nth 1)" head/phone=13800000001
measure 'one edit'
for i in 0 1 2 3 4 5 6 7 8 9; do
    agent set "$(nth $((i * 7 + 3)))" head/phone=1380000001$i
done
measure 'ten edits'

import 9000 2
measure '9,000 more'
"$build/yg-agent" serve --every 3600 --data "$work/tablet" 2>/dev/null >/dev/null &
tablet=$!
while [ ! -S "$work/tablet/control" ]; do read -rt 0.05 <> <(:) || true; done
agent unlock >/dev/null
agent list --json >/dev/null
printf 'yg-agent with 10,000 households unlocked: %s kB resident\n' \
    "$(sed -n 's/^VmRSS:[^0-9]*\([0-9]*\).*/\1/p' /proc/$tablet/status)"
printf 'yg-syncd: %s kB resident, %s kB at most\n' \
    "$(sed -n 's/^VmRSS:[^0-9]*\([0-9]*\).*/\1/p' /proc/$server/status)" \
    "$(sed -n 's/^VmHWM:[^0-9]*\([0-9]*\).*/\1/p' /proc/$server/status)"

code=$("$build/yg-syncd" device invite --areas $area --person zhang --data "$work/county")
"$build/yg-agent" enrol --server "$(cat "$work/address")" --code "$code" --data "$work/second" >/dev/null
"$build/yg-agent" sync --json --data "$work/second" >"$work/report"
printf 'a new tablet with 10,000: %s down in %s requests, %s ms\n' "$(value bytes_down "$work/report")" \
    "$(value requests "$work/report")" "$(value elapsed_ms "$work/report")"
