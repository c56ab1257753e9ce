#!/usr/bin/env bash
# test_matrix_change.sh: rows of the fault matrix (docs/testing.md): changes that are odd, that meet,
# or that come in another way or order than they were made.
. "$(dirname "$0")/matrix.sh"

# --- one change among good ones that nobody may make ---

fresh wang=$area,430626117206 zhang
save wang 一 && settle wang zhang
edit wang 一 head/phone 13800000001
move wang 一 430626117206 held # an investigator moves nothing
save wang 二 && edit wang 一 home/live_addr 东街
settle wang
whole poison 1 zhang
same '  its author sees it' "$(agent wang quarantine --json | field .length)" 1
YG_PASSPHRASE=secret-of-li syncd quarantine return "$(syncd quarantine --json | field '[0].dot')" \
    --as li --reason 'it is there' >/dev/null 2>&1
whole poison-returned 0 zhang

# --- one that makes no sense at all, from a program of somebody else's ---

fresh wang zhang
save wang 一 && settle wang zhang
node "$matrix/poison.mjs" "$url" "$(syncd device invite --areas $area --name odd --person li \
    --role investigator)" $area >"$work/poisoned" 2>"$work/stderr" ||
    ok 1 "the other program: $(cat "$work/stderr")"
while read -r key id; do
    echo "$id" >"$work/id-$key"
    note "$key" head/name "$key"
done <"$work/poisoned"
whole insane 1 wang zhang
same '  staff see which it is' "$(syncd quarantine --json | field '[0].verdict')" malformed
syncd backup "$work/with.backup" >/dev/null 2>&1
save wang 二 && agent wang sync >/dev/null
restore "$work/with.backup" && settle wang zhang
whole insane-restored 1 wang zhang
YG_PASSPHRASE=secret-of-li syncd quarantine release "$(syncd quarantine --json | field '[0].dot')" \
    --as li --reason 'it is there' >/dev/null 2>&1
same '  nobody can make sense of it' "$?" 1

# --- a form that the county has forgotten ---

fresh wang zhang
save wang 一 && settle wang zhang
syncd backup "$work/old.backup" >/dev/null 2>&1
cp -r schema/forms/household "$work/newer"
sed -i '2s/,2,/,3,/; 2s/,2$/,3/' "$work/newer/settings.csv"
sed -i '/^text,hukou_no,/{p;s/^text,hukou_no,[^,]*,[^,]*/text,well_no,水井号,Number of the well/}' \
    "$work/newer/survey.csv"
syncd form publish "$work/newer" >/dev/null 2>"$work/stderr" || sed 's/^/# /' "$work/stderr"
agent wang sync >/dev/null
printf '{"head":{"name":"二"},"home":{"well_no":"井7"}}' |
    agent wang new household --area $area --draft --file - >"$work/id-二"
note 二 head/name 二 && note 二 home/well_no 井7
restore "$work/old.backup"
agent wang sync >/dev/null && settle wang zhang
same 'a record of an unknown form is taken' "$(syncd records --json | field .length) $(syncd \
    quarantine --json | field .length)" '2 0'
same '  and forwarded' "$(agent zhang list --json | field .length)" 2
status '  and verifies' 0 syncd verify
syncd form publish "$work/newer" >/dev/null 2>&1
whole unknown-form 0 wang zhang
# What had not been sent before the restore has another number since.
agent zhang list --json | field '.find(one => one.title.includes("二")).id' >"$work/id-二"
same '  it is understood later' "$(agent zhang show "$(cat "$work/id-二")" --json |
    field '.values["home/well_no"]')" 井7

# --- two edits of one field, equal ones, and two decisions ---

asked() { # the names of this matrix are too short for the form, which is a question of another kind
    syncd conflicts --json | field '.filter(c => c.kind !== "soft").length'
}

fresh wang zhang chen sun
save wang 一 && save wang 二 && settle wang zhang chen sun
edit wang 一 home/hukou_no 甲 && edit zhang 一 home/hukou_no 乙
edit wang 二 home/hukou_no 丙 && edit zhang 二 home/hukou_no 丙
settle wang zhang chen sun
whole both-sides 0 wang zhang chen sun
same '  one question, not two' "$(asked)" 1
for name in chen sun; do
    agent $name resolve "$(cat "$work/id-一")" home/hukou_no --value 丁 --reason seen >/dev/null
    note 一 home/hukou_no 丁
done
whole decided-twice 0 wang zhang chen sun
same '  no question is left' "$(asked)" 0

# --- clocks that are two years off, both ways ---

if [ ${#wrong_clock[@]} = 0 ]; then
    ok 0 'clocks # SKIP libfaketime is not installed'
else
    fresh wang zhang chen
    down wang zhang
    clock[wang]=+730d clock[zhang]=-730d
    up wang zhang
    save wang 一 && save zhang 二 && settle wang zhang chen
    edit wang 一 head/phone 13800000001 && agent wang sync >/dev/null
    edit zhang 一 head/phone 13800000002 && edit chen 二 home/hukou_no 甲 &&
        edit zhang 二 home/hukou_no 乙
    whole clocks 0 wang zhang chen
    same '  the later edit counts, whatever the clocks said' "$(syncd show "$(cat "$work/id-一")" \
        --reveal --reason counting --json | field '.values["head/phone"]')" 13800000002
    same '  people are told' "$(for name in wang zhang; do
        agent $name status --json | field .clock_wrong
    done)" truetrue
fi

# --- sticks that come twice, in the wrong order, and after the network ---

fresh wang zhang
for i in 1 2 3; do
    save wang 户$i && edit wang 户$i head/phone 1380000000$i
    agent wang bundle write "$work/up-$i.ygb" >/dev/null 2>&1
done
for i in 3 1 2 3; do syncd bundle read "$work/up-$i.ygb" >/dev/null 2>&1 || ok 1 "stick $i"; done
same 'the county has it from sticks' "$(syncd records --json | field .length)" 3
for i in 1 2; do
    syncd bundle write "$work/down-$i.ygb" --device tablet-zhang >/dev/null 2>&1
    save wang 后$i && agent wang bundle write "$work/late-$i.ygb" >/dev/null 2>&1
    [ $i = 2 ] || syncd bundle read "$work/late-$i.ygb" >/dev/null 2>&1
done
for i in 2 1 2; do agent zhang bundle read "$work/down-$i.ygb" >/dev/null 2>&1; done
same 'so has the other tablet' "$(agent zhang list --json | field .length)" 4
agent wang sync >/dev/null
syncd bundle read "$work/late-2.ygb" >/dev/null 2>&1
syncd bundle read "$work/up-1.ygb" >/dev/null 2>&1
agent zhang sync >/dev/null
agent zhang bundle read "$work/down-1.ygb" >/dev/null 2>&1
whole sticks 0 wang zhang
done_with_rows
