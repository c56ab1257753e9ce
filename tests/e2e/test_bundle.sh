#!/usr/bin/env bash
# test_bundle.sh: a county and two tablets that see no network after they have been enrolled:
# everything travels by files, a conflict and its decision included; and what happens to sticks.
. "$(dirname "$0")/lib.sh"

stick=$work/stick
mkdir -p "$stick"
serial=0

# bring NAME: the tablet's bundle to the county; fetch NAME: the county's to the tablet
bring() {
    serial=$((serial + 1))
    agent "$1" bundle write "$stick/up-$1-$serial.ygb" >/dev/null 2>&1 &&
        syncd bundle read "$stick/up-$1-$serial.ygb" --json 2>/dev/null
}

fetch() {
    serial=$((serial + 1))
    syncd bundle write "$stick/down-$1-$serial.ygb" --device "tablet-$1" >/dev/null 2>&1 &&
        agent "$1" bundle read "$stick/down-$1-$serial.ygb" --json 2>/dev/null
}

make_county && start_county
ok $? 'a county is made'
syncd form publish schema/forms/household >/dev/null 2>"$work/publish"
ok $? 'and a form published'
enrol wang && enrol zhang && enrol chen
ok $? 'three tablets are enrolled in the office'
stop_county

status 'without a network sync says so' 3 agent wang sync
fetch wang >"$work/first"
same 'the form comes by stick' "$(field .forms <"$work/first")" 1
fetch zhang >/dev/null && fetch chen >/dev/null
ok $? 'to the others, too'

printf '%s' '{"head":{"name":"王桂兰","phone":"13800000001"},"member":[{"name":"王桂兰","relation":"02"}]}' \
    >"$work/family.json"
record=$(agent wang new household --area $area --file "$work/family.json" --draft)
ok $? 'a household is recorded in a village without a network'
agent wang bundle write "$stick/one.ygb" >"$work/stdout" 2>"$work/stderr"
ok $? 'it is written to a stick'
says "nothing counts as sent"
same 'and is not on the server by that' "$(agent wang status --json | field .unsent)" 1
same 'but the status says where it is' "$(agent wang status --json | field .waiting)" bundle
status 'a bundle never overwrites a file' 1 agent wang bundle write "$stick/one.ygb"
grep -q 王桂兰 "$stick/one.ygb"
[ $? -ne 0 ]
ok $? 'nobody can read the name on the stick'
same 'the county reads it' "$(syncd bundle read "$stick/one.ygb" --json | field .changes)" 1
same 'twice counts once' "$(syncd bundle read "$stick/one.ygb" --json | field .changes)" 0
syncd show "$record" --json | grep -q 王桂兰
ok $? 'the household is in the county'
fetch wang >"$work/back"
same 'the receipt comes back' "$(field .sent <"$work/back")" 1
same 'and nothing waits any more' "$(agent wang status --json | field .unsent)" 0
fetch zhang >/dev/null
same 'the other tablet has the household' \
    "$(agent zhang show "$record" --json | field '.values["head/name"]')" 王桂兰

# --- a conflict and its decision ---

agent wang set "$record" head/name=王桂花 && agent zhang set "$record" head/name=王桂芳
ok $? 'both change the name'
bring wang >/dev/null && bring zhang >/dev/null && fetch wang >/dev/null && fetch zhang >/dev/null
ok $? 'sticks go to the county and back'
same 'both see the conflict' "$(for t in wang zhang; do
    agent $t show "$record" --json | field '.conflicts["head/name"].length'
done)" 22
YG_PASSPHRASE=secret-of-li syncd resolve "$record" head/name --value 王桂兰 --as li \
    --reason 'seen the register' >/dev/null
ok $? 'the county decides'
fetch wang >/dev/null && fetch zhang >/dev/null
same 'the decision is on both tablets' "$(for t in wang zhang; do
    agent $t show "$record" --json | field '.values["head/name"]'
done)" 王桂兰王桂兰

# --- baggage ---

second=$(agent wang new household --area $area --file "$work/family.json" --draft)
agent wang bundle write "$stick/relay.ygb" >/dev/null 2>&1
same 'another tablet takes it along' \
    "$(agent chen bundle read "$stick/relay.ygb" --json | field '.carried')" 1
same 'without seeing what is in it' "$(agent chen list --json | grep -c "$second")" 0
same 'its status says so' "$(agent chen status --json | field .carried)" 1
start_county "$port"
ok $? 'in town there is a network'
agent chen sync >/dev/null
ok $? 'the carrier syncs'
same 'and carries nothing any more' "$(agent chen status --json | field .carried)" 0
stop_county
syncd show "$second" >/dev/null
ok $? 'the county has the household'
fetch wang >"$work/back"
same 'who wrote it gets the receipt by stick' "$(field .unsent <"$work/back")" 0

# --- sticks are what they are ---

agent wang set "$second" head/phone=13900000009
agent wang bundle write "$stick/good.ygb" >/dev/null 2>&1
size=$(stat -c %s "$stick/good.ygb")
head -c $((size - 40)) "$stick/good.ygb" >"$stick/cut.ygb"
syncd bundle read "$stick/cut.ygb" >"$work/stdout" 2>"$work/stderr"
says 'damaged or missing'
head -c 20 "$stick/good.ygb" >"$stick/stub.ygb"
status 'of a stub nothing is taken' 1 syncd bundle read "$stick/stub.ygb"
says 'damaged'
printf 'x' | dd of="$stick/good.ygb" bs=1 seek=$((size / 2)) conv=notrunc 2>/dev/null
syncd bundle read "$stick/good.ygb" >"$work/stdout" 2>"$work/stderr"
says 'damaged or missing'
status 'a text is no bundle' 1 syncd bundle read "$work/family.json"
syncd bundle write "$stick/for-zhang.ygb" --device tablet-zhang >/dev/null 2>&1
status 'a bundle for another tablet is refused' 1 agent wang bundle read "$stick/for-zhang.ygb"
says 'another tablet'
status 'the county does not take its own' 1 syncd bundle read "$stick/for-zhang.ygb"
bring wang >"$work/brought"
same 'the next good stick brings all' "$(field .changes <"$work/brought")" 1
agent wang bundle write - 2>/dev/null | syncd bundle read - >/dev/null 2>&1
ok $? 'a bundle goes through a pipe, too'

# --- locked ---

"$build/yg-agent" bundle write "$stick/locked.ygb" --data "$work/tablet-wang" >/dev/null 2>&1
ok $? 'a locked tablet writes a bundle'
syncd bundle write "$stick/sealed.ygb" --device tablet-chen >/dev/null 2>&1
same 'a locked tablet keeps what comes' "$("$build/yg-agent" bundle read "$stick/sealed.ygb" --json \
    --data "$work/tablet-chen" 2>/dev/null | field .sealed)" true
agent chen list --json | grep -q "$second"
ok $? 'and has it when somebody unlocks'
status 'the county verifies' 0 syncd verify
for t in wang zhang chen; do
    status "tablet $t verifies" 0 agent $t verify
done
finish
