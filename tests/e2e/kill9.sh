#!/usr/bin/env bash
# kill9.sh [ROUNDS] [SEED]: real processes on real files, killed with -9 at any moment, again and
# again: the county, a tablet, or all of them, while people save, edit and sync. After every tenth
# round everything that was saved is counted, as in the fault matrix. `make kill9 ROUNDS=200`.
rounds=${1:-50}
RANDOM=${2:-1}
. "$(dirname "$0")/matrix.sh"

pause() { # SECONDS
    read -rt "$1" <> <(:) || true
}

fresh wang zhang
for ((round = 1; round <= rounds; round++)); do
    work_of=()
    for name in wang zhang; do
        (
            for i in 1 2 3; do try $name "杀$name$round-$i"; done
            agent $name sync >/dev/null 2>&1
        ) &
        work_of+=($!)
    done
    printf -v delay '0.%03d' $((RANDOM % 900))
    pause $delay
    victim=$((RANDOM % 4))
    case $victim in
    0) kill_county ;;
    1) pull_plug wang ;;
    2) pull_plug zhang ;;
    3) kill_county && pull_plug wang && pull_plug zhang ;;
    esac
    wait "${work_of[@]}"
    [ -n "$server_pid" ] || start_county "$port" || ok 1 "the county starts again after kill $round"
    case $victim in
    1) up wang ;;
    2) up zhang ;;
    3) up wang zhang ;;
    esac
    [ $((round % 10)) != 0 ] || whole "killed-$round" 0 wang zhang
done
[ $((rounds % 10)) = 0 ] || whole "killed-$rounds" 0 wang zhang
done_with_rows
