# matrix.sh: what the rows of the fault matrix share (docs/testing.md has the table). Sourced by
# tests/e2e/test_matrix_*.sh.
#
# Everything that somebody saves is written down in a ledger first. A row does its harm, and then
# count.mjs reads the county and the tablets through their own commands: each value of the ledger is
# in the county's history exactly once, nothing else is, every tablet that may hold a record shows
# what the county shows, and what the row says must wait in quarantine waits there. Then everybody
# verifies. So no row can lose, hide or double a value unnoticed.
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
matrix=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
ledger=$work/ledger
: >"$ledger"
declare -A person=() # of a tablet that is a copy of another's: that one's person
declare -A role=()   # of a tablet's first person, else investigator
declare -A limit=()  # how many blocks of 1 kB a file of this tablet may have
declare -A clock=()  # how far off a tablet's clock is, as libfaketime writes it: +730d

# Commands go to the tablet's service where one runs, else they open the folder themselves.
agent() { # NAME COMMAND...
    local name=$1 who=${person[$1]:-$1} as=() off=()
    shift
    [ "$1" = enrol ] || as=(--person "$who")
    [ -z "${clock[$name]:-}" ] || off=("${wrong_clock[@]}" FAKETIME="${clock[$name]}")
    env "${off[@]}" YG_PASSPHRASE="secret-of-$who" "$build/yg-agent" "$@" "${as[@]}" \
        --data "$work/tablet-$name"
}

wrong_clock=()
for library in /usr/lib/*/faketime/libfaketimeMT.so.1; do
    [ ! -e "$library" ] ||
        wrong_clock=(LD_PRELOAD="$library" FAKETIME_DONT_FAKE_MONOTONIC=1 FAKETIME_NO_CACHE=1)
done

# On a disk that gives no more than so many blocks to a file; the signal about it is ignored, as in
# any service.
short_of_space() { # BLOCKS COMMAND...
    exec bash -c 'trap "" XFSZ; ulimit -f "$1"; exec "${@:2}"' short "$@"
}

up() { # NAME...: their services, unlocked
    local name off pid
    for name in "$@"; do
        rm -f "$work/up-$name"
        off=()
        [ -z "${clock[$name]:-}" ] || off=("${wrong_clock[@]}" FAKETIME="${clock[$name]}")
        short_of_space "${limit[$name]:-unlimited}" env "${off[@]}" "$build/yg-agent" serve --every 0 --data "$work/tablet-$name" \
            >"$work/up-$name" 2>>"$work/$name.log" &
        pid=$!
        echo $pid >"$work/pid-$name"
        while [ ! -s "$work/up-$name" ]; do
            kill -0 $pid 2>/dev/null || { cat "$work/$name.log" >&2; return 1; }
            read -rt 0.02 <> <(:) || true
        done
        agent "$name" unlock >/dev/null 2>"$work/unlock" || { sed "s/^/# unlock: /" "$work/unlock"; return 1; }
    done
}

down() { # NAME...
    local name
    for name in "$@"; do
        [ ! -e "$work/pid-$name" ] || stop_tablet "$name"
    done
}

# world NAME[=AREAS]...: a county with its form, and tablets that have it, each with its service
world() {
    local one
    make_county >/dev/null 2>&1 && start_county || return 1
    syncd form publish schema/forms/household >/dev/null 2>&1 || return 1
    for one in "$@"; do join "$one" || return 1; done
}

join() { # NAME[=AREAS]: one more tablet
    local name=${1%%=*} areas=$area
    [ "$name" = "$1" ] || areas=${1#*=}
    local code
    code=$(syncd device invite --areas "$areas" --name "tablet-$name" --person "$name" \
        --role "${role[$name]:-investigator}") &&
        agent "$name" enrol --server "$url" --code "$code" >/dev/null 2>"$work/join" && up "$name" &&
        agent "$name" sync >/dev/null 2>"$work/join" || { sed "s/^/# /" "$work/join"; return 1; }
}

# --- what people do ---

# One value that was saved, of the household KEY. held: it waits in quarantine. maybe: somebody
# tried, and nothing has reported it as saved.
note() { # KEY PATH VALUE [held|maybe]
    printf '%s\t%s\t%s\t%s\n' "$1" "$2" "$3" "${4:-}" >>"$ledger"
}

# save NAME KEY [AREA] [held]: a new household, by its unique name
save() {
    printf '{"head":{"name":"%s"}}' "$2" |
        agent "$1" new household --area "${3:-$area}" --draft --file - >"$work/id-$2" || return 1
    note "$2" head/name "$2" "${4:-}"
}

# try NAME KEY: the same, whatever becomes of it
try() {
    note "$2" head/name "$2" maybe
    printf '{"head":{"name":"%s"}}' "$2" |
        agent "$1" new household --area "$area" --draft --file - >"$work/id-$2" 2>/dev/null &&
        note "$2" head/name "$2"
}

# edit NAME KEY PATH VALUE [held]
edit() {
    agent "$1" set "$(cat "$work/id-$2")" "$3=$4" || return 1
    note "$2" "$3" "$4" "${5:-}"
}

# move NAME KEY AREA [held]
move() {
    agent "$1" move "$(cat "$work/id-$2")" --area "$3" --reason moved >/dev/null || return 1
    note "$2" @area "$3" "${4:-}"
}

# --- copies of folders ---

keep() { # NAME COPY: a copy of a tablet's folder, taken while it does not run
    down "$1"
    rm -rf "${work:?}/$2"
    cp -a "$work/tablet-$1" "$work/$2"
    up "$1"
}

twin() { # NAME COPY TWIN: one more tablet out of such a copy, with the same person
    cp -a "$work/$2" "$work/tablet-$3"
    person[$3]=$1
    up "$3"
}

put_back() { # NAME COPY
    down "$1"
    rm -rf "$work/tablet-$1"
    cp -a "$work/$2" "$work/tablet-$1"
    up "$1"
}

restore() { # FILE: the county comes back from this backup
    kill_county
    mkdir "$work/again" && cp -a "$work/county/keys" "$work/again/keys"
    "$build/yg-syncd" restore "$1" --data "$work/again" >/dev/null 2>"$work/stderr" ||
        { sed 's/^/# /' "$work/stderr"; return 1; }
    rm -rf "$work/county" && mv "$work/again" "$work/county"
    start_county "$port"
}

# --- the end of a row ---

# settle NAME...: until everybody has everything; a sync that must fail is the row's own business
settle() {
    local name
    for name in "$@" "$@" "$@"; do agent "$name" sync >/dev/null 2>>"$work/$name.log"; done
}

# whole ROW HELD NAME[=AREA,...]...: counts and verifies. HELD: how many changes wait in quarantine.
# A tablet shows the records of these areas (and of what lies beneath them), else all.
whole() {
    local row=$1 held=$2 one failed=0 tablets=()
    shift 2
    for one in "$@"; do
        settle "${one%%=*}"
    done
    for one in "$@"; do
        settle "${one%%=*}"
        tablets+=("$work/tablet-$one")
    done
    node "$matrix/count.mjs" "$work/county" "$ledger" "$held" "${tablets[@]}" || failed=1
    syncd verify >"$work/verified" 2>&1 || { failed=1; sed 's/^/# /' "$work/verified"; }
    for one in "$@"; do
        agent "${one%%=*}" verify >"$work/verified" 2>&1 ||
            { failed=1; echo "# tablet $one:"; sed 's/^/# /' "$work/verified"; }
    done
    ok $failed "$row"
}

# A county and tablets of the next row: the former ones go.
fresh() {
    local pid
    for pid in "$work"/pid-*; do
        [ ! -e "$pid" ] || down "${pid##*/pid-}"
    done
    stop_proxy
    stop_county
    rm -rf "${work:?}"/*
    : >"$ledger"
    person=()
    clock=()
    limit=()
    world "$@" || ok 1 "a county and the tablets $*"
}

done_with_rows() {
    local pid
    for pid in "$work"/pid-*; do
        [ ! -e "$pid" ] || down "${pid##*/pid-}"
    done
    stop_proxy
    finish
}
