#!/usr/bin/env bash
# test_damage.sh: processes killed at any moment, a disk that is full or may not be written, and two
# at the same data: what was reported as saved is there, and whoever is refused is told why.
. "$(dirname "$0")/lib.sh"
here=$PWD/$(dirname "$0")

make_county && start_county && syncd form publish schema/forms/household >/dev/null 2>&1 &&
    enrol wang && enrol zhang && agent wang sync >/dev/null && agent zhang sync >/dev/null
ok $? 'a county and two tablets'
draft() { # NAME TITLE
    printf '{"head":{"name":"%s"}}' "$2" |
        agent "$1" new household --area $area --draft --file -
}
# What was promised ("id title" a line in $work/saved) against what a tablet or the county has.
promised() { # WHAT LIST
    node -e 'const fs = require("fs");
        const have = new Map(JSON.parse(fs.readFileSync(0)).map((r) => [r.id, r.title]));
        const saved = fs.readFileSync(process.argv[1], "utf8").trim().split("\n");
        const lost = saved.filter((line) => have.get(line.split(" ")[0]) !== line.split(" ")[1]);
        console.log(`# ${saved.length} were promised, ${have.size} are there`);
        if (lost.length) console.log("# lost: " + lost.slice(0, 5).join("; "));
        process.exit(lost.length ? 1 : 0);' "$work/saved"
    ok $? "$1"
}

# --- the tablet is killed ---

node "$here/hammer.mjs" "$build/yg-agent" "$work/tablet-wang" secret-of-wang $area 12 1 \
    >"$work/saved" 2>"$work/hammer.log"
ok $? 'the service is killed with -9 while it saves, twelve times'
agent wang list --json --limit 1000000 >"$work/list"
promised 'everything that was reported as saved is there' <"$work/list"
status 'the tablet verifies' 0 agent wang verify
for i in 1 2 3 4 5 6 7 8 9 10 11 12; do # commands without the service
    printf '{"head":{"name":"独%s"}}' "$i" >"$work/answers"
    YG_PASSPHRASE=secret-of-wang "$build/yg-agent" new household --area $area --draft \
        --file "$work/answers" --data "$work/tablet-wang" >"$work/id" 2>/dev/null &
    pid=$!
    printf -v delay '0.%03d' $((i * 8 + 5))
    read -rt $delay <> <(:) || true
    kill -9 "$pid" 2>/dev/null
    wait "$pid" 2>/dev/null
    [ ! -s "$work/id" ] || echo "$(cat "$work/id") 独$i" >>"$work/saved"
    # A try at the secret is counted before it is made; a good one clears the count.
    [ $((i % 4)) != 0 ] || agent wang unlock >/dev/null 2>&1
done
"$build/generate" --seed 5 --count 3000 --csv "$work" >/dev/null
YG_PASSPHRASE=secret-of-wang "$build/yg-agent" import household "$work/household.csv" --area $area \
    --key key --repeat "member=$work/member.csv" --data "$work/tablet-wang" >"$work/imported" 2>&1 &
pid=$!
read -rt 0.5 <> <(:) || true
kill -9 $pid 2>/dev/null
wait $pid 2>/dev/null
agent wang list --json --limit 1000000 >"$work/list"
promised 'also after kills of single commands and of an import' <"$work/list"
status 'the tablet verifies' 0 agent wang verify
for i in 1 2 3 4 5 6; do # while it syncs
    YG_PASSPHRASE=secret-of-wang "$build/yg-agent" sync --data "$work/tablet-wang" >/dev/null 2>&1 &
    pid=$!
    read -rt "0.$((i * 25 + 20))" <> <(:) || true
    kill -9 $pid 2>/dev/null
    wait $pid 2>/dev/null
done
status 'after kills in the middle of a sync it syncs' 0 agent wang sync
same 'nothing waits' "$(agent wang status --json | field .unsent)" 0
syncd records --json >"$work/list"
promised 'the county has it all' <"$work/list"
same 'once' "$(field .length <"$work/list")" "$(agent wang list --json --limit 1000000 | field .length)"

# --- the county is killed ---

for round in 1 2 3 4 5 6; do
    for name in wang zhang; do
        for i in 1 2 3; do
            id=$(draft $name "县$round$name$i") && echo "$id 县$round$name$i" >>"$work/saved"
        done
        agent $name sync >/dev/null 2>&1 &
        echo $! >"$work/sync-$name"
    done
    read -rt "0.0$((round * 12))" <> <(:) || true
    kill_county
    wait "$(cat "$work/sync-wang")" "$(cat "$work/sync-zhang")"
    start_county "$port" || ok 1 "the county starts again after kill $round"
done
status 'after six kills of the county a tablet syncs' 0 agent wang sync
status 'and the other' 0 agent zhang sync
status 'and the first fetches the rest' 0 agent wang sync
syncd records --json >"$work/list"
promised 'the county has everything that was saved' <"$work/list"
agent zhang list --json --limit 1000000 >"$work/list"
promised 'and so has the other tablet' <"$work/list"
status 'the county verifies' 0 syncd verify
status 'the tablet verifies' 0 agent wang verify

# --- two at the same data ---

start_tablet wang
status 'a second service on the tablet is refused' 1 agent wang serve
says "$work/tablet-wang"
status 'a second service on the county is refused' 1 syncd serve --listen 127.0.0.1:0
says "$work/county"
stop_tablet wang
for i in 1 2 3 4 5 6; do
    (
        draft wang "同$i" >"$work/same-$i" 2>"$work/same-error-$i"
        echo $? >"$work/same-status-$i"
    ) &
done
for i in 1 2 3 4 5 6; do
    while [ ! -s "$work/same-status-$i" ]; do read -rt 0.05 <> <(:) || true; done
    if [ "$(cat "$work/same-status-$i")" = 0 ]; then
        echo "$(cat "$work/same-$i") 同$i" >>"$work/saved"
    else
        grep -q 'process' "$work/same-error-$i" || ok 1 'who came too late is told why'
    fi
done
agent wang list --json --limit 1000000 >"$work/list"
promised 'of six commands at once, those that reported a record saved it' <"$work/list"
stop_county
status 'records can be listed while the county does not serve' 0 syncd records
start_county "$port"

# --- a full disk ---

# The disk gives no more than so many blocks of 1 kB to a file; the signal about it is ignored as
# in any service.
short_of_space() { # BLOCKS COMMAND...
    bash -c 'trap "" XFSZ; ulimit -f "$1"; exec "${@:2}"' short "$@"
}
size=$(stat -c %s "$work/tablet-wang/tablet.db")
"$build/generate" --seed 6 --count 9000 --csv "$work" >/dev/null
before=$(agent wang list --json --limit 1000000 | field .length)
status 'an import onto a full disk ends with status 3' 3 short_of_space $((size / 1024 + 64)) \
    env YG_PASSPHRASE=secret-of-wang "$build/yg-agent" import household "$work/household.csv" \
    --area $area --key key --repeat "member=$work/member.csv" --data "$work/tablet-wang"
says 'disk|space|full|write'
full=0
for i in $(seq 60); do
    id=$(printf '{"head":{"name":"满%s"},"situation":{"notes":["%s"]}}' "$i" \
        "$(head -c 60000 /dev/urandom | base64 -w 0)" |
        short_of_space $((size / 1024 + 640)) env YG_PASSPHRASE=secret-of-wang "$build/yg-agent" \
            new household --area $area --draft --file - --data "$work/tablet-wang" 2>"$work/stderr")
    case $? in
    0) echo "$id 满$i" >>"$work/saved" ;;
    3)
        full=1
        break
        ;;
    *) break ;;
    esac
done
[ $full = 1 ]
ok $? 'saving onto a disk that fills up ends with status 3'
says 'disk|space|full|write'
agent wang list --json --limit 1000000 >"$work/list"
promised 'nothing that was reported as saved is lost' <"$work/list"
[ "$before" -le "$(field .length <"$work/list")" ]
ok $? 'nor anything from before'
draft wang 空 >"$work/id"
ok $? 'with space again, it saves'
status 'it verifies' 0 agent wang verify
stop_county
size=$(stat -c %s "$work/county/county.db")
rm -f "$work/address"
bash -c 'trap "" XFSZ; ulimit -f "$1"; exec "${@:2}"' short $((size / 1024 + 100)) \
    "$build/yg-syncd" serve --data "$work/county" --listen "127.0.0.1:$port" \
    --port-file "$work/address" 2>>"$work/county.log" &
server_pid=$!
while [ ! -s "$work/address" ]; do read -rt 0.05 <> <(:) || true; done
agent wang sync >"$work/stdout" 2>"$work/stderr"
[ $? != 0 ]
ok $? 'a county whose disk is full takes no more'
[ -s "$work/stderr" ]
ok $? 'and says so'
[ "$(agent wang status --json | field .unsent)" != 0 ]
ok $? 'the tablet keeps what was not taken'
kill -0 $server_pid
ok $? 'the county still runs'
status 'and still answers who only asks' 0 agent zhang status
stop_county
start_county "$port"
status 'with space again, a sync goes through' 0 agent wang sync
status 'the county verifies' 0 syncd verify
syncd records --json >"$work/list"
promised 'and has everything' <"$work/list"

# --- a folder that may not be written ---

bound=()
[ "$(id -u)" != 0 ] || bound=(setpriv --bounding-set=-dac_override,-dac_read_search \
    --inh-caps=-dac_override,-dac_read_search)
refused() { # WHAT FOLDER COMMAND...: with a message that names the folder
    "${bound[@]}" "${@:3}" >"$work/stdout" 2>"$work/stderr"
    case $? in 1 | 3) ok 0 "$1" ;; *) ok 1 "$1" ;; esac
    says "$2.*(permission|read-only|written|write)"
}
export YG_PASSPHRASE=secret-of-zhang
chmod -R a-w "$work/tablet-zhang"
refused 'a tablet that may not be written refuses to save' "$work/tablet-zhang" \
    "$build/yg-agent" new household --area $area --draft --data "$work/tablet-zhang"
chmod -R u+w "$work/tablet-zhang"
status 'afterwards it works' 0 agent zhang list
stop_county
chmod -R a-w "$work/county"
refused 'a county that may not be written refuses to serve' "$work/county" \
    "$build/yg-syncd" serve --listen 127.0.0.1:0 --data "$work/county"
chmod -R u+w "$work/county"
mkdir "$work/closed" && chmod a-w "$work/closed"
refused 'no tablet can be made there' "$work/closed" "$build/yg-agent" enrol --server "$url" \
    --code x --data "$work/closed/tablet"
refused 'nor a county' "$work/closed" "$build/yg-syncd" init --area 430626 \
    --data "$work/closed/county"
status 'the county verifies' 0 syncd verify
status 'the tablets verify' 0 agent wang verify
status 'both' 0 agent zhang verify
finish
