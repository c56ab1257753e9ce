#!/usr/bin/env bash
# test_story.sh: the main job with the real programs: record offline, sync, merge, ask, decide, and
# the plug pulled in between.
. "$(dirname "$0")/lib.sh"

make_county && start_county
ok $? 'a county is made and serves over TLS'
syncd form publish schema/forms/household >/dev/null 2>"$work/publish"
ok $? 'the household form is published while the county serves'
enrol wang && enrol zhang
ok $? 'two tablets enrol with one-time codes'
agent wang sync >/dev/null && agent zhang sync >/dev/null
ok $? 'both fetch the form'

printf '%s' '{"head":{"name":"王桂兰","phone":"13800000001"},"member":[{"name":"王桂兰","relation":"02"},
{"name":"𬍛小明","relation":"20"}],"income":[{"item_code":"B201","qty_observed":3,"unit_observed":"head"}]}' \
    >"$work/family.json"
record=$(agent wang new household --area $area --file "$work/family.json" --draft)
ok $? 'a household is recorded offline'
[[ $record =~ ^[0-9a-f]{16}-[0-9]+$ ]]
ok $? 'its id stands alone on stdout'
agent wang sync >/dev/null && agent zhang sync >/dev/null
show=$(agent zhang show "$record" --json)
same 'the other tablet has it' "$(printf %s "$show" | field '.values["head/name"]')" 王桂兰
printf %s "$show" | grep -q 𬍛小明
ok $? 'a four-byte Han character survived'
income=$(printf %s "$show" | grep -o 'income\[[^]]*\]' | head -1)

agent wang set "$record" "$income/qty_observed=4" && agent wang set "$record" head/phone=13900000009
agent zhang set "$record" "$income/qty_observed=2" home/group_name=三组
ok $? 'both edit the same household offline'
kill_county
status 'without the county, sync says so' 3 agent wang sync
start_county "$port"
ok $? 'after kill -9 the county starts again'
agent zhang sync >/dev/null && agent wang sync >/dev/null && agent zhang sync >/dev/null
show=$(agent zhang show "$record" --json)
same 'group and telephone merged' \
    "$(printf %s "$show" | field '.values["head/phone"]') $(printf %s "$show" | field '.values["home/group_name"]')" \
    '13900000009 三组'
same 'both counts are kept' \
    "$(printf %s "$show" | field ".conflicts[\"$income/qty_observed\"].map(s => s.value).sort().join()")" '2,4'
same 'a conflict has no value' "$(printf %s "$show" | field ".values[\"$income/qty_observed\"]")" undefined
same 'the county sees the same conflict' "$(syncd conflicts --json | field '.length')" 1
status 'who wrote one side may not decide' 1 \
    agent wang resolve "$record" "$income/qty_observed" --value 4 --reason counted
status 'a decision needs a reason' 2 env YG_PASSPHRASE=secret-of-li "$build/yg-syncd" resolve "$record" \
    "$income/qty_observed" --value 3 --as li --data "$work/county"
status 'a decision needs the secret' 1 env YG_PASSPHRASE=wrong "$build/yg-syncd" resolve "$record" \
    "$income/qty_observed" --value 3 --as li --reason r --data "$work/county"
YG_PASSPHRASE=secret-of-li syncd resolve "$record" "$income/qty_observed" --value 3 --as li \
    --reason 'sold one in May' >/dev/null
ok $? 'the county decides'
status 'a second decision comes too late' 1 env YG_PASSPHRASE=secret-of-li "$build/yg-syncd" resolve \
    "$record" "$income/qty_observed" --value 9 --as li --reason r --data "$work/county"
agent wang sync >/dev/null && agent zhang sync >/dev/null
same 'the decision is on the first tablet' \
    "$(agent wang show "$record" --json | field ".values[\"$income/qty_observed\"]")" 3
same 'and on the second' "$(agent zhang show "$record" --json | field ".values[\"$income/qty_observed\"]")" 3
same 'no conflict is open' "$(syncd conflicts --json | field '.length')" 0
status 'the county verifies' 0 syncd verify
status 'the tablet verifies' 0 agent wang verify
same 'nothing waits' "$(agent wang status --json | field '.unsent')" 0

stop_county
status 'commands work without the service' 0 syncd show "$record"
syncd show "$record" | grep -q 13900000009
[ $? -ne 0 ]
ok $? 'the telephone is masked'
syncd show "$record" --reveal --reason 'call back' | grep -q 13900000009
ok $? 'and shown with a reason'
syncd log --json | grep -q 'call back'
ok $? 'the look is logged'
finish
