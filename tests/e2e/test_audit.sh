#!/usr/bin/env bash
# test_audit.sh: proof that needs no server: records, a conflict, a resolution and an erasure are
# exported, the county is stopped and its directory moved away, and the verifier holds or refuses.
. "$(dirname "$0")/lib.sh"

verify() { "$build/yg-verify" "$@"; }
fact() { verify --json "$1" | field "$2"; }

make_county && start_county && syncd form publish schema/forms/household >/dev/null 2>&1 &&
    enrol wang && enrol zhang && agent wang sync >/dev/null && agent zhang sync >/dev/null
ok $? 'a county with two tablets'

printf '%s' '{"head":{"name":"要删除的人","phone":"13911112222"},"member":[{"name":"钟秀英",
"relation":"02","birth":"1952-03-14","health":"10","counting":{"counted":"1"}}]}' >"$work/family.json"
first=$(agent wang new household --area $area --file "$work/family.json" --draft)
printf '%s' '{"head":{"name":"吴家","phone":"13700000001"}}' >"$work/other.json"
second=$(agent wang new household --area $area --file "$work/other.json" --draft)
agent wang sync >/dev/null && agent zhang sync >/dev/null
agent wang set "$second" head/name=吴一 >/dev/null
agent zhang set "$second" head/name=吴二 >/dev/null
agent wang sync >/dev/null && agent zhang sync >/dev/null
YG_PASSPHRASE=secret-of-li syncd resolve "$second" head/name --value 吴一 --as li --reason '查户口本' \
    >/dev/null 2>&1
ok $? 'a conflict is resolved'
YG_PASSPHRASE=secret-of-li syncd redact "$first" head/name --as li --reason '本人申请' 2>/dev/null
ok $? 'an answer is erased by law'

key=$(syncd audit export "$work/all.yga" --all --reveal --reason '审计' 2>"$work/said")
ok $? 'the whole county is exported while it serves'
syncd audit export "$work/masked.yga" --area $area >/dev/null 2>&1
ok $? 'an area, masked'
syncd audit export "$work/one.yga" --records "$second" >/dev/null 2>&1
ok $? 'and one record'
status 'a full export says why' 2 syncd audit export "$work/x.yga" --all --reveal
status 'nothing is written over' 1 syncd audit export "$work/one.yga" --all
syncd log | grep -q 'audit export in full .*审计'
ok $? 'the staff log has it'
status 'the county verifies' 0 syncd verify

stop_county
mv "$work/county" "$work/gone" && mkdir "$work/empty"
status 'the county is away: its file holds' 0 env -i "$build/yg-verify" --county "$key" "$work/all.yga"
grep -q 'VALID' "$work/stdout"
ok $? 'as it says'
status 'the masked one holds' 0 verify --county "$key" "$work/masked.yga"
status 'the single record holds' 0 verify "$work/one.yga"
grep -q 'an export of the area proves that' "$work/stdout"
ok $? 'and it says what one record cannot prove'
status 'in Chinese' 0 verify --lang zh "$work/all.yga"
grep -q '有效' "$work/stdout"
ok $? 'as it says'
status 'for another county it does not' 1 verify --county "${key//[0-9]/1}" "$work/all.yga"
same 'no change is missing' "$(fact "$work/all.yga" .whole)" true
same 'all changes but the decision are signed by a device' \
    "$(($(fact "$work/all.yga" .changes) - $(fact "$work/all.yga" .signed_by_device)))" 1
same 'the decision is signed by its person' "$(fact "$work/all.yga" .signed_by_person)" 1
same 'one change has lost something by law' "$(fact "$work/all.yga" .erased)" 1
same 'an income is the same to the fen' "$(fact "$work/all.yga" .incomes)" 1
grep -qa '13911112222' "$work/all.yga"
ok $? 'the full file holds telephones'
! grep -qaE '13911112222|13700000001' "$work/masked.yga" "$work/one.yga"
ok $? 'the masked ones do not'
! grep -qa '要删除的人' "$work"/*.yga
ok $? 'what was erased is in none'
verify --values "$work/all.yga" | grep -q 'head/name: 吴一'
ok $? 'the answers can be read from it'

# --- whoever has only the file ---
size=$(stat -c %s "$work/all.yga")
missed=0
for i in $(seq 1 24); do
    cp "$work/all.yga" "$work/bad.yga"
    at=$((size * i / 25))
    byte=$(od -An -tu1 -j $at -N 1 "$work/bad.yga" | tr -d ' ')
    printf "\\x$(printf %02x $((byte ^ 1)))" | dd of="$work/bad.yga" bs=1 seek=$at conv=notrunc 2>/dev/null
    verify "$work/bad.yga" >/dev/null 2>&1 && missed=$((missed + 1))
done
same 'no changed byte is missed' $missed 0
head -c $((size / 2)) "$work/all.yga" >"$work/bad.yga"
status 'half a file is not valid' 1 verify "$work/bad.yga"
grep -q 'breaks off in the part that begins at byte' "$work/stdout"
ok $? 'and it says where'
status 'a file that is none' 1 verify "$0"
status 'a file that is not there' 3 verify "$work/none.yga"
status 'wrong usage' 2 verify --county xyz "$work/all.yga"
finish
