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
for cut in 0 1 200 517 700 1200 1500 1600 1700 1800 1900 2000 2200 2500 3000 4000 6000 9000; do
    for way in up down; do
        new wang "户$cut$way"
        start_proxy "$way:$cut"
        got=0
        agent wang sync --server "https://127.0.0.1:$proxy_port" >"$work/stdout" \
            2>"$work/stderr" || got=$?
        case $got in
        0) ;; # fewer bytes than that went over the wire
        3)
            cuts=$((cuts + 1))
            [ -s "$work/stderr" ] || ok 1 "$way:$cut says what happened"
            ;;
        *)
            ok 1 "$way:$cut ends with 0 or 3, not $got"
            sed 's/^/# /' "$work/stderr"
            ;;
        esac
    done
done
stop_proxy
[ $cuts -ge 12 ]
ok $? 'a cut connection ends a sync with status 3 and a message'
status 'then a sync goes through' 0 agent wang sync --server "$url"
same 'nothing waits' "$(agent wang status --json | field .unsent)" 0
same 'every record is at the county, once' "$(records)" "$(wc -l <"$work/ids")"

# --- flipped bits in a clear line ---

stop_county
serve_options=--plain start_county
ok $? 'the county serves plain HTTP on loopback'
before=$(records)
flips=0
for at in 150 180 210 240 260 280 300 320 340 360 380 400 420 440 480 520 560 600 700; do
    new wang "位$at"
    start_proxy "flip:$at" pass
    got=0
    agent wang sync --server "http://127.0.0.1:$proxy_port" >"$work/stdout" 2>"$work/stderr" ||
        got=$?
    [ $got = 0 ] || flips=$((flips + 1))
    case $got in
    0 | 1 | 3) ;;
    *) ok 1 "flip:$at ends with 0, 1 or 3, not $got" ;;
    esac
    [ $got = 0 ] || [ -s "$work/stderr" ] || ok 1 "flip:$at says what happened"
done
for at in 30 60 90 120 150 180 210 240 270 300 350 400; do
    new wang "回$at"
    start_proxy "flop:$at" pass
    agent wang sync --server "http://127.0.0.1:$proxy_port" >/dev/null 2>&1
    [ $? -le 3 ] || ok 1 "flop:$at ends with an exit status of ours"
done
stop_proxy
[ $flips -ge 5 ]
ok $? 'flipped bits are noticed'
status 'then a sync goes through' 0 agent wang sync --server "$url"
same 'nothing waits' "$(agent wang status --json | field .unsent)" 0
same 'every record is at the county, once' "$(records)" "$(wc -l <"$work/ids")"
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
new wang 聋
agent wang sync --server "https://127.0.0.1:$proxy_port" >"$work/stdout" 2>"$work/deaf" &
deaf=$!
status 'while one tablet hangs on a deaf line, another syncs' 0 agent zhang sync --server "$url"
status 'and the hanging one can be looked at' 0 agent wang status
kill $deaf
wait $deaf 2>/dev/null
stop_proxy
status 'a tablet whose sync was killed syncs' 0 agent wang sync --server "$url"

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
says 'revoked'
status 'the others sync' 0 agent zhang sync
status 'the county verifies' 0 syncd verify
for name in wang zhang li; do
    status "$name verifies" 0 agent $name verify
done
finish
