#!/usr/bin/env bash
# test_matrix_wire.sh: rows of the fault matrix (docs/testing.md): lines that are cut, programs that
# are killed.
. "$(dirname "$0")/matrix.sh"

pause() { read -rt "$1" <> <(:) || true; } # a moment to be in the middle of something

# --- the line is cut after so many bytes, in either direction ---

fresh wang zhang
cuts=0
for at in 0 1 450 517 650 750 850 950 1100 1300 1600; do
    for way in up down; do
        save wang 户$at$way
        start_proxy $way:$at
        agent wang sync --server "https://127.0.0.1:$proxy_port" >"$work/stdout" 2>"$work/stderr"
        case $? in
        0) ;;
        3) cuts=$((cuts + 1)) && [ -s "$work/stderr" ] || ok 1 "$way:$at says what happened" ;;
        *) ok 1 "a sync that is cut at $way:$at ends with 0 or 3" ;;
        esac
    done
done
for at in 700 1200 2000 3000 4000 5000; do
    start_proxy down:$at
    agent zhang sync --server "https://127.0.0.1:$proxy_port" >/dev/null 2>&1
done
stop_proxy
for name in wang zhang; do agent $name sync --server "$url" >/dev/null 2>&1; done
whole cut 0 wang zhang
[ $cuts -ge 12 ]
ok $? "  ($cuts syncs were cut)"

# --- a tablet is killed while people save ---

fresh wang zhang
for round in 1 2 3 4 5 6 7 8; do
    (for i in 1 2 3 4 5 6; do try wang 户$round$i; done) &
    saving=$!
    pause 0.0$((round * 9))
    pull_plug wang
    wait $saving
    up wang
done
whole killed-saving 0 wang zhang

# --- tablets are killed while they sync ---

fresh wang zhang
for round in 1 2 3 4 5 6; do
    for i in 1 2 3; do save wang 甲$round$i && save zhang 乙$round$i; done
    syncing=()
    for name in wang zhang; do
        agent $name sync >/dev/null 2>&1 &
        syncing+=($!)
    done
    pause 0.0$((round * 4))
    for name in wang zhang; do pull_plug $name; done
    wait "${syncing[@]}" # a command whose service has gone may open the folder itself
    up wang zhang
done
whole killed-syncing 0 wang zhang

# --- the county is killed while it commits ---

fresh wang zhang
for round in 1 2 3 4 5 6 7 8; do
    for i in 1 2 3; do save wang 甲$round$i && save zhang 乙$round$i; done
    edit wang 甲11 head/phone 1380000000$round
    syncing=()
    for name in wang zhang; do
        agent $name sync >/dev/null 2>&1 &
        syncing+=($!)
    done
    pause 0.0$((round * 3))
    kill_county
    wait "${syncing[@]}"
    start_county "$port" || ok 1 "the county starts again after kill $round"
done
whole killed-committing 0 wang zhang

done_with_rows
