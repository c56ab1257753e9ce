#!/usr/bin/env bash
# test_input.sh: what people and programs write wrongly is refused with the place and the mend, and
# changes nothing.
. "$(dirname "$0")/lib.sh"

make_county && start_county && syncd form publish schema/forms/household >/dev/null 2>&1 &&
    enrol wang && agent wang sync >/dev/null && start_tablet wang
ok $? 'a county and a tablet, its service unlocked'
record=$(printf '{"head":{"name":"王桂兰","phone":"13800000001"},"income":[{"item_code":"B201"}]}' |
    agent wang new household --area $area --draft --file -)
ok $? 'a record'
state() { agent wang list --json && agent wang show "$record" --json; }
state >"$work/before"
income=$(grep -o 'income\[[^]]*\]' "$work/before" | head -n 1)

# wrong PATTERN ANSWERS: as they stand on standard input
wrong() {
    local got=0
    printf '%s' "$2" >"$work/answers"
    agent wang new household --area $area --draft --file "$work/answers" >"$work/stdout" \
        2>"$work/stderr" || got=$?
    same "refused: $(head -c 60 "$work/answers" | tr -c '[:print:]' .)" "$got" 1
    says "$1"
}
wrong 'column 19: a NUL' '{"head":{"name":"a\u0000b"}}'
wrong 'column 18: half of a surrogate' '{"head":{"name":"\ud800"}}'
wrong 'head: a group' '{"head":5}'
wrong 'member: a repeat' '{"member":{}}'
wrong 'member\[1\]: a repeat' '{"member":[5]}'
wrong 'nothing: .*no question' '{"nothing":1}'
wrong 'head/nothing: .*no question' '{"head":{"nothing":1}}'
wrong 'head/name' '{"head":{"name":{}}}'
wrong 'object' '[]'
wrong 'object' 'null'
wrong 'column 1: .*too early' ''
wrong 'column 2' '{'
wrong 'column 33: nested deeper' "$(head -c 100000 /dev/zero | tr '\0' '[')"
wrong 'twice' '{"head":{"name":"王"},"head":{"name":"李"}}'
wrong 'cause_main: .*"77".*choose from' '{"situation":{"cause_main":"77"}}'
wrong 'cause_other: .*"77".*choose from' '{"situation":{"cause_other":["1","77"]}}'
wrong 'income\[1\]/qty: .*number' '{"income":[{"item_code":"B201","qty":"many"}]}'
wrong 'income\[1\]/declared_fen: .*whole' '{"income":[{"item_code":"B201","declared_fen":1.5}]}'
wrong 'income\[1\]/period_from: .*date' '{"income":[{"item_code":"B201","period_from":"2024-02-30"}]}'
wrong 'cannot be kept exactly' '{"income":[{"item_code":"B201","qty":1e400}]}'
wrong 'cannot be kept exactly' '{"income":[{"declared_fen":99999999999999999999}]}'
wrong 'household_no: only the server' '{"home":{"household_no":"7"}}'

# raw PATTERN: answers on standard input that no shell word can hold
raw() {
    local got=0
    agent wang new household --area $area --draft --file - >"$work/stdout" 2>"$work/stderr" || got=$?
    same 'refused' "$got" 1
    says "$1"
}
printf '{"head":{"name":"\xff\xfe"}}' | raw 'column 18: not UTF-8'
printf '{"head":{"name":"\xed\xa0\x80"}}' | raw 'column 18: not UTF-8'
printf '{"head":{"name":"a\0b"}}' | raw 'NUL'
{ printf '{"head":{"name":"' && head -c 10000000 /dev/zero | tr '\0' a && printf '"}}'; } |
    raw 'more than [0-9]+ bytes'
{ printf '{"head":{"name":"' && head -c 2000000 /dev/zero | tr '\0' a && printf '"}}'; } |
    raw 'head/name: .*at most [0-9]+'

status 'a required answer is missing' 1 agent wang new household --area $area
says 'head/name: .*required'
status 'a file is not there' 1 agent wang new household --area $area --file "$work/none"
says "$work/none"
status 'no area' 2 agent wang new household
status 'an area that is none' 1 agent wang new household --area 12 --draft
status 'an area of others' 1 agent wang new household --area 430626117206 --draft
says '430626117206'
status 'an unknown form' 1 agent wang new nothing --area $area
status 'an unknown question' 1 agent wang set "$record" nothing=1
says 'nothing: '
status 'an unknown choice' 1 agent wang set "$record" situation/cause_main=77
says 'cause_main.*77'
status 'of several answers one is wrong' 1 agent wang set "$record" head/phone=13900000009 \
    "$income/qty=many"
says "qty.*number"
status 'broken UTF-8' 1 agent wang set "$record" "head/name=$(printf '\xff\xfe')"
status 'no value' 2 agent wang set "$record" head/name
status 'a record that is none' 1 agent wang set 1234-1 head/name=x
status 'a record that is not here' 1 agent wang set 0123456789abcdef-1 head/name=x
status 'a repeat that is none' 1 agent wang add "$record" nothing
status 'an instance that is not here' 1 agent wang remove "$record" 0123456789abcdef-1.1
status 'no open question there' 1 agent wang resolve "$record" head/name --value x --reason y
status 'no reason' 2 agent wang resolve "$record" head/name --value x
status 'a wrong secret' 1 env YG_PASSPHRASE=wrong "$build/yg-agent" unlock --data "$work/tablet-wang"
state >"$work/after"
cmp "$work/before" "$work/after"
ok $? 'nothing of all this was saved'
same 'nothing waits to be sent but the record' "$(agent wang status --json | field .unsent)" 1

# Bytes on the socket of the service that are no command.
cat >"$work/garbage.mjs" <<'END'
const { exchange, request } = await import(process.argv[2]);
const folder = process.argv[3];
const good = request([process.argv[4], '--json']);
const bad = [
  Buffer.from('GET / HTTP/1.1\r\n\r\n'),
  Buffer.from('YGC1\xff\xff\xff\xff', 'latin1'),
  Buffer.from('YGC1\0\0\0\0', 'latin1'),
  Buffer.concat([good.subarray(0, 8), Buffer.alloc(good.length - 8, 0xff)]),
];
for (let i = 8; i < good.length; i++) {
  const flipped = Buffer.from(good);
  flipped[i] ^= 0x41;
  bad.push(flipped);
}
for (const bytes of bad) {
  const timeout = setTimeout(() => process.exit(1), 20000);
  // A request whose lengths now promise more is waited for; closing our end would answer it too.
  await Promise.race([
    exchange(folder, bytes).catch(() => 0),
    new Promise((resolve) => setTimeout(resolve, 50)),
  ]);
  clearTimeout(timeout);
}
process.exit((await exchange(folder, good)).status === 0 ? 0 : 1);
END
node "$work/garbage.mjs" "$PWD/$(dirname "$0")/control.mjs" "$work/tablet-wang" status
ok $? 'bytes on the socket that are no command do not disturb the service'
node "$work/garbage.mjs" "$PWD/$(dirname "$0")/control.mjs" "$work/county" records
ok $? 'nor that of the county'

# The county's desk.
agent wang sync >/dev/null
status 'the record is at the county' 0 syncd show "$record"
status 'a record that is not there' 1 syncd show 0123456789abcdef-1
status 'a record that is none' 1 syncd show zzz
status 'an unknown form' 1 syncd export --form nothing --csv
status 'neither kind of export' 2 syncd export --form household
status 'a look without a reason' 2 syncd show "$record" --reveal
status 'a role that is none' 1 env YG_PASSPHRASE=x "$build/yg-syncd" user add x --role emperor \
    --data "$work/county"
status 'a name that is taken' 1 env YG_PASSPHRASE=x "$build/yg-syncd" user add li --role county \
    --data "$work/county"
status 'an area that is none' 1 syncd device invite --areas 1
status 'an area of another county' 1 syncd device invite --areas 430681
status 'a tablet that is none' 1 syncd device revoke 0123456789abcdef --reason x
status 'a form that is not there' 1 syncd form publish "$work/none"
mkdir "$work/form" && cp schema/forms/visit/*.csv "$work/form" &&
    sed -i '3s/^[a-z]*,/nonsense,/' "$work/form/survey.csv"
status 'a form that is wrong' 1 syncd form publish "$work/form"
says 'survey.*row 3.*nonsense'
status 'the county still verifies' 0 syncd verify
status 'and the tablet' 0 agent wang verify
stop_tablet wang
finish
