# lib.sh: what the end-to-end scripts share: a county, tablets, TAP. Sourced by tests/e2e/test_*.sh.
# The runner gives YG_BUILD (the programs), TMPDIR (a folder of one's own) and kills what is left.

set -u
build=${YG_BUILD:-build}
build=$(cd "$build" && pwd)
work=${TMPDIR:-/tmp}/yg-e2e-$$
mkdir -p "$work"
export LANG=C.UTF-8
tap_count=0
tap_failed=0
server_pid=

# ok STATUS WHAT: one TAP line; STATUS as of the command before.
ok() {
    tap_count=$((tap_count + 1))
    if [ "$1" -eq 0 ]; then
        echo "ok $tap_count - $2"
    else
        tap_failed=$((tap_failed + 1))
        echo "not ok $tap_count - $2"
    fi
}

# same WHAT GOT WANTED
same() {
    if [ "$2" = "$3" ]; then
        ok 0 "$1"
    else
        ok 1 "$1"
        printf '# got:    %s\n# wanted: %s\n' "$2" "$3"
    fi
}

# status WHAT WANTED COMMAND...: the exit status of a command; its stderr goes to $work/stderr
status() {
    local what=$1 wanted=$2 got=0
    shift 2
    "$@" >"$work/stdout" 2>"$work/stderr" </dev/null || got=$?
    if [ "$got" = "$wanted" ]; then
        ok 0 "$what"
    else
        ok 1 "$what"
        echo "# exit status $got, wanted $wanted: $*" | cut -c1-300
        head -n 20 "$work/stderr" | cut -c1-300 | sed 's/^/# /'
    fi
}

finish() {
    stop_county
    echo "1..$tap_count"
    rm -rf "$work"
    [ "$tap_failed" -eq 0 ]
    exit $?
}

skip_all() {
    echo "1..0 # SKIP $1"
    rm -rf "$work"
    exit 0
}

# --- the county ---

area=430626117205

syncd() { "$build/yg-syncd" "$@" --data "$work/county"; }

make_county() {
    syncd init --area 430626 >"$work/halves" || return 1
    YG_PASSPHRASE=secret-of-li syncd user add li --role county || return 1
}

# A port that the system deals out to nobody who asks for any: scripts take a county down and start it
# again at its old address, and meanwhile another program must not get that.
county_port=$((10000 + $$ * 4 % 20000))

# start_county [PORT]: serves in the background and sets url; extra options in serve_options
start_county() {
    local i
    [ -z "${1:-}" ] || { serve_county "$1"; return; }
    for i in 1 2 3; do
        serve_county $county_port && return
        county_port=$((county_port + 1)) # somebody serves there for good
    done
    return 1
}

serve_county() { # PORT
    rm -f "$work/address"
    "$build/yg-syncd" serve --data "$work/county" --listen "127.0.0.1:$1" \
        --port-file "$work/address" ${serve_options:-} 2>>"$work/county.log" &
    server_pid=$!
    while [ ! -s "$work/address" ]; do
        kill -0 "$server_pid" 2>/dev/null || { cat "$work/county.log" >&2; return 1; }
        read -rt 0.05 <> <(:) || true
    done
    url=$(cat "$work/address")
    port=${url##*:}
}

stop_county() {
    [ -n "$server_pid" ] || return 0
    kill "$server_pid" 2>/dev/null
    wait "$server_pid" 2>/dev/null
    server_pid=
}

kill_county() { # pulls the plug
    kill -9 "$server_pid" 2>/dev/null
    wait "$server_pid" 2>/dev/null
    server_pid=
}

# --- tablets: `agent NAME COMMAND...` works on tablet NAME with the secret of its person ---

agent() {
    local name=$1 person=()
    shift
    [ "$1" = enrol ] || person=(--person "$name")
    YG_PASSPHRASE="secret-of-$name" "$build/yg-agent" "$@" "${person[@]}" --data "$work/tablet-$name"
}

enrol() { # NAME [AREAS]
    local code
    code=$(syncd device invite --areas "${2:-$area}" --name "tablet-$1" --person "$1") || return 1
    agent "$1" enrol --server "$url" --code "$code" >/dev/null
}

field() { # JSON FIELD PATH: prints a value of `show --json`, or of any document, with node
    node -e 'const d = JSON.parse(require("fs").readFileSync(0, "utf8"));
        const v = eval("d" + process.argv[1]);
        process.stdout.write(v === undefined ? "undefined" : typeof v === "object" ?
            JSON.stringify(v) : String(v));' "$1"
}

# start_tablet NAME: the service on a tablet's folder, unlocked; stop_tablet NAME ends it.
start_tablet() {
    local pid
    rm -f "$work/up-$1"
    "$build/yg-agent" serve --every 0 --data "$work/tablet-$1" >"$work/up-$1" 2>>"$work/$1.log" &
    pid=$! # <(:) is a process, too, and takes the place of $!
    echo $pid >"$work/pid-$1"
    while [ ! -s "$work/up-$1" ]; do
        kill -0 $pid 2>/dev/null || { cat "$work/$1.log" >&2; return 1; }
        read -rt 0.05 <> <(:) || true
    done
    agent "$1" unlock >/dev/null 2>&1
}

stop_tablet() {
    local pid
    pid=$(cat "$work/pid-$1")
    kill "$pid" 2>/dev/null
    wait "$pid" 2>/dev/null
    rm -f "$work/pid-$1"
}

pull_plug() { # NAME: pulls the plug, and waits until it is dark
    local pid
    pid=$(cat "$work/pid-$1")
    kill -9 "$pid" 2>/dev/null
    wait "$pid" 2>/dev/null
    rm -f "$work/pid-$1"
}

# --- a wire that can be cut: start_proxy PLAN... (proxy.mjs) sets proxy_port ---

proxy_pid=
start_proxy() {
    stop_proxy
    rm -f "$work/proxy-port"
    node "$(dirname "$0")/proxy.mjs" "$port" "$work/proxy-port" "$@" 2>>"$work/proxy.log" &
    proxy_pid=$!
    while [ ! -s "$work/proxy-port" ]; do
        kill -0 "$proxy_pid" 2>/dev/null || { cat "$work/proxy.log" >&2; return 1; }
        read -rt 0.02 <> <(:) || true
    done
    proxy_port=$(cat "$work/proxy-port")
}

stop_proxy() {
    [ -n "$proxy_pid" ] || return 0
    kill "$proxy_pid" 2>/dev/null
    wait "$proxy_pid" 2>/dev/null
    proxy_pid=
}

# says PATTERN: the last command's message on stderr (of `status`) matches
says() {
    grep -qE -- "$1" "$work/stderr"
    ok $? "  and its message says so: $1"
    grep -qE -- "$1" "$work/stderr" || sed 's/^/# /' "$work/stderr"
}
