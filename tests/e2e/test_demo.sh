#!/usr/bin/env bash
# test_demo.sh: `make demo DEMO=once` tells its story and ends by itself; run for good, it leaves
# everything running, and ends on SIGINT without leaving anything behind.
. "$(dirname "$0")/lib.sh"

# The demo lives in the folder of the programs; these are links to them, so that it stays apart.
mkdir -p "$work/build"
ln -s "$build/yg-agent" "$build/yg-syncd" "$build/generate" "$work/build/"
demo() { DEMO=$1 DEMO_LANG=$2 FAMILIES=4 YG_BUILD=$work/build bash packaging/demo.sh; }

status 'the story is told once, in Chinese' 0 demo once zh
[ "$tap_failed" = 0 ] || tail -n 5 "$work/stdout" | sed 's/^/# /'
same 'seven chapters' "$(grep -c '^[1-7]\. ' "$work/stdout")" 7
grep -q '演示结束' "$work/stdout"
ok $? 'it says that it is over'
pids=$(cat "$work/build/demo/pids")
kill -0 $pids 2>/dev/null
[ $? -ne 0 ]
ok $? 'nothing is left running'

# For good, as a terminal runs it, in English.
mkfifo "$work/story"
(trap - INT; DEMO='' DEMO_LANG=en FAMILIES=2 YG_BUILD=$work/build exec bash packaging/demo.sh) \
    >"$work/story" 2>&1 </dev/null &
demo_pid=$!
told=1
while read -r line; do
    printf '%s\n' "$line" >>"$work/told"
    case $line in *'Ctrl-C ends it.') told=0 && break ;; esac
done <"$work/story"
ok $told 'left to itself, it ends with what to try next'
[ $told = 0 ] || { tail -n 5 "$work/told" | sed 's/^/# /' && finish; }

# What it tells to try is tried, word by word.
sed -n '/^cd /,/Ctrl-C/p' "$work/told" | grep -E '^(cd|export|yg-|YG_)' | grep -v ' serve ' >"$work/try"
[ "$(wc -l <"$work/try")" -gt 10 ]
ok $? 'there is something to try'
failed=
while IFS= read -r line; do
    script="$(head -n 2 "$work/try"); $line"
    wanted=0
    case $line in 'yg-agent list --data tablet-wang') wanted=1 ;; esac # it is locked then
    got=0
    env -u YG_PASSPHRASE bash -c "$script" >"$work/tried" 2>&1 </dev/null || got=$?
    [ $got = $wanted ] || { failed="$failed; $line"; sed 's/^/# /' "$work/tried"; }
done <"$work/try"
same 'each of it does what it says' "$failed" ''
status 'a second demo in the same folder is refused' 1 demo once en
grep -q 'kill' "$work/stdout"
ok $? 'and says how to end the first'

pids=$(cat "$work/build/demo/pids")
kill -INT $demo_pid
wait $demo_pid
ok $? 'it ends on SIGINT with status 0'
kill -0 $pids 2>/dev/null
[ $? -ne 0 ]
ok $? 'and leaves nothing running'
finish
