#!/usr/bin/env bash
# test_link.sh: the way between tablet and county, cut, bent and taken over: whatever happens on it,
# nothing is lost or doubled, the message says what to do, and nobody else has to wait.
. "$(dirname "$0")/lib.sh"
here=$PWD/$(dirname "$0")

make_county && start_county && syncd form publish schema/forms/household >/dev/null 2>&1 &&
    enrol wang && enrol zhang && agent wang sync >/dev/null && agent zhang sync >/dev/null
ok $? 'a county and two tablets'
new() { # NAME TITLE
    printf '{"head":{"name":"%s"}}' "$2" |
        agent "$1" new household --area $area --draft --file - >>"$work/ids"
}
records() { syncd records --json | field .length; }

# --- cuts: after every so many bytes, in both directions ---

cuts=0
# cut NAME PLAN: one sync of a tablet over such a line; 0: fewer bytes than that went over it
cut() {
    local got=0
    start_proxy "$2"
    agent "$1" sync --server "https://127.0.0.1:$proxy_port" >"$work/stdout" 2>"$work/stderr" || got=$?
    case $got in
    0) ;;
    3) cuts=$((cuts + 1)) ;;
    *) ok 1 "a sync that is cut at $2 ends with 0 or 3, not $got" ;;
    esac
    [ $got = 0 ] || [ -s "$work/stderr" ] || ok 1 "a sync that is cut at $2 says what happened"
}
for at in 0 1 450 517 650 750 850 900 950 1000; do
    for way in up down; do
        new wang "户$at$way"
        cut wang $way:$at
    done
done
mkdir "$work/made"
"$build/generate" --seed 5 --count 400 --csv "$work/made"
agent wang import household "$work/made/household.csv" --area $area --key key \
    --repeat "member=$work/made/member.csv" --repeat "income=$work/made/income.csv" >/dev/null
for at in 1500 3000 6000 12000 24000; do
    cut wang up:$at
done
status 'after many cuts a sync goes through' 0 agent wang sync --server "$url"
for at in 1000 1500 3000 6000 12000 24000; do
    cut zhang down:$at
done
status 'also of the tablet that receives' 0 agent zhang sync --server "$url"
stop_proxy
[ $cuts -ge 20 ]
ok $? "a cut connection ends a sync with status 3 and a message ($cuts times)"
same 'nothing waits' "$(agent wang status --json | field .unsent)" 0
same 'every record is at the county, once' "$(records)" "$(($(wc -l <"$work/ids") + 400))"
same 'and on the other tablet' "$(agent zhang list --json --limit 100000 | field .length)" "$(records)"

# --- flipped bits in a clear line ---

stop_county
serve_options=--plain start_county
ok $? 'the county serves plain HTTP on loopback'
before=$(records)
flips=0
for at in 0 1 3 20 60 100 140 180 220 300 400; do
    for way in flip flop; do
        new wang "位$at$way"
        start_proxy $way:$at pass
        got=0
        agent wang sync --server "http://127.0.0.1:$proxy_port" >"$work/stdout" 2>"$work/stderr" ||
            got=$?
        [ $got = 0 ] || flips=$((flips + 1))
        [ $got = 0 ] || [ -s "$work/stderr" ] || ok 1 "$way:$at says what happened"
        case $got in
        0 | 1 | 3) ;;
        *) ok 1 "$way:$at ends with 0, 1 or 3, not $got" ;;
        esac
    done
done
stop_proxy
[ $flips -ge 10 ]
ok $? "flipped bits are noticed ($flips times)"
status 'then a sync goes through' 0 agent wang sync --server "$url"
same 'nothing waits' "$(agent wang status --json | field .unsent)" 0
same 'every record is at the county, once' "$(records)" "$(($(wc -l <"$work/ids") + 400))"
same 'nothing is in quarantine' "$(syncd quarantine --json | field .length)" 0
status 'the county verifies' 0 syncd verify
status 'the tablet verifies' 0 agent wang verify
stop_county
start_county
ok $? 'the county serves TLS again'

# --- strangers ---

node "$here/knock.mjs" "$port"
ok $? 'what no tablet would send is refused, and others are served meanwhile'
start_proxy deaf
start_tablet wang
agent wang sync --server "https://127.0.0.1:$proxy_port" >"$work/deaf" 2>&1 &
deaf=$!
while ! grep -q taken "$work/proxy.log"; do read -rt 0.02 <> <(:) || true; done
status 'while one tablet hangs on a deaf line, another syncs' 0 agent zhang sync --server "$url"
new wang 聋
ok $? 'and on the hanging one people work on'
kill -0 $deaf 2>/dev/null
ok $? 'without waiting for the line'
stop_proxy
wait $deaf
same 'the hanging sync ends with status 3' $? 3
stop_tablet wang
status 'then it syncs' 0 agent wang sync --server "$url"

county=$work/county own_url=$url
"$build/yg-syncd" init --area 430626 --data "$work/stranger" >/dev/null
"$build/yg-syncd" serve --data "$work/stranger" --listen 127.0.0.1:0 \
    --port-file "$work/stranger-address" 2>"$work/stranger.log" &
stranger=$!
while [ ! -s "$work/stranger-address" ]; do read -rt 0.05 <> <(:) || true; done
new wang 陌生
got=0
agent wang sync --server "$(cat "$work/stranger-address")" >"$work/stdout" 2>"$work/stderr" || got=$?
[ $got != 0 ]
ok $? 'a county with other keys is refused'
says '[Kk]ey|county|certif'
same 'and got nothing' "$("$build/yg-syncd" records --json --data "$work/stranger" | field .length)" 0
status 'nor does a tablet of this county enrol there unasked' 1 agent wang enrol --code x \
    --server "$(cat "$work/stranger-address")"
kill $stranger
wait $stranger 2>/dev/null
status 'the own county still works' 0 agent wang sync --server "$url"

status 'plain HTTP to another machine is refused' 1 agent wang sync --server http://192.0.2.1:80
says 'plain http'
same 'and is not remembered' "$(agent wang status --json | field .server)" "$url"
status 'also to enrol' 1 agent fang enrol --server http://192.0.2.1:80 --code x
says 'plain http'

# --- TLS keys are replaced: the signed list of keys counts, not the certificate ---

stop_county
rm "$county"/keys/tls.*
start_county "$port"
ok $? 'a county without TLS keys makes new ones'
new wang 换钥
status 'a tablet follows' 0 agent wang sync
status 'and the other' 0 agent zhang sync
same 'nothing waits' "$(agent wang status --json | field .unsent)" 0

# --- enrolment ---

code=$(syncd device invite --areas $area --name third --person li)
[[ $code =~ ^[0-9A-Z]{5}(-[0-9A-Z]{1,5})+$ ]]
ok $? 'a code stands alone on stdout'
for plan in up:600 up:1500 down:600 down:1500 down:1800 down:2200; do
    start_proxy $plan
    agent li enrol --server "https://127.0.0.1:$proxy_port" --code "$code" >/dev/null 2>"$work/stderr"
    case $? in
    0) break ;; # so few bytes suffice
    3) [ -s "$work/stderr" ] || ok 1 "enrolment cut at $plan says what happened" ;;
    *)
        ok 1 "enrolment cut at $plan ends with 3"
        sed 's/^/# /' "$work/stderr"
        ;;
    esac
done
stop_proxy
[ -e "$work/tablet-li/tablet.db" ] && agent li status >/dev/null 2>&1 ||
    agent li enrol --server "$url" --code "$code" >/dev/null 2>"$work/stderr"
ok $? 'an enrolment that was cut is repeated with the same code'
status 'and the tablet syncs' 0 agent li sync --server "$url"
status 'another tablet cannot use the code again' 1 agent fang enrol --server "$url" --code "$code"
says 'code'
status 'an unknown code is refused' 1 agent fang enrol --server "$url" \
    --code AAAAA-AAAAA-AAAAA-AAAAA-AAAAA-A
says 'code'
status 'a code that is none is refused' 1 agent fang enrol --server "$url" --code nonsense
status 'a folder that has a tablet is refused' 1 agent li enrol --server "$url" --code "$code"
says 'already'
code=$(syncd device invite --areas $area --name fourth --person fang)
status 'a good code works after bad ones in the same folder' 0 agent fang enrol --server "$url" \
    --code "$code"
same 'four tablets' "$(syncd device list --json | field .length)" 4

# --- a tablet that is revoked ---

status 'a tablet is revoked' 0 syncd device revoke fourth --reason lost
status 'it is told so' 1 agent fang sync
says 'withdrawn'
status 'the others sync' 0 agent zhang sync
status 'the county verifies' 0 syncd verify
for name in wang zhang li; do
    status "$name verifies" 0 agent $name verify
done
finish
