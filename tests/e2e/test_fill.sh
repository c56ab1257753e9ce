#!/usr/bin/env bash
# test_fill.sh: a form question by question: in a terminal, step by step, with the plug pulled, with
# and without the service; what was answered is on disk, and becomes one record.
. "$(dirname "$0")/lib.sh"

make_county && start_county && syncd form publish schema/forms/household >/dev/null 2>&1 &&
    enrol wang && agent wang sync >/dev/null
ok $? 'a county and a tablet'

# --- steps ---
draft=$(agent wang draft begin household --area $area)
same 'a draft has a number' "$draft" 1
status 'an answer' 0 agent wang draft answer "$draft" privacy/told=OK head/name=钟秀英 head/phone=13800000001
status 'an answer of the wrong kind is refused' 1 agent wang draft answer "$draft" member/birth=soon
status 'an answer to no question is refused' 1 agent wang draft answer "$draft" head/nobody=x
status 'another draft does not exist' 1 agent wang draft show 99
same 'the answer is there' "$(agent wang draft show "$draft" --json |
    field '.questions.find(q => q.ref.endsWith("/head/name")).value')" 钟秀英
status 'a broken rule is kept and told' 0 agent wang draft answer "$draft" head/phone=12
agent wang draft show "$draft" --lang zh | grep -q '请填11位手机号'
ok $? 'in the language of the reader'
status 'with it the draft does not become a record' 1 agent wang draft finish "$draft"
grep -q 'head/phone' "$work/stderr"
ok $? 'and the place is named'
status 'mended' 0 agent wang draft answer "$draft" head/phone=13800000001
status 'a member' 0 agent wang draft add "$draft" member
member=$(agent wang draft show "$draft" --json |
    field '.questions.filter(q => q.kind === "instance" && /member\[/.test(q.ref)).length')
same 'is there' "$member" 1
status 'with a name' 0 agent wang draft answer "$draft" 'member[1]/name=李平' \
    'member[1]/relation=20' 'member[1]/birth=1990-02-01'

status 'a sex that the identity number contradicts' 0 agent wang draft answer "$draft" \
    'member[1]/id_type=1' 'member[1]/id_no=430699199002010014' 'member[1]/sex=2'
same 'is asked again' "$(agent wang draft show "$draft" --json |
    field '.questions.find(q => q.ref.endsWith("/member[1]/sex")).warning')" \
    'The identity number (digit 17) says otherwise; look at both again.'
same 'and is no error' "$(agent wang draft show "$draft" --json |
    field '.questions.find(q => q.ref.endsWith("/member[1]/sex")).error')" undefined
status 'an identity number with a wrong check digit' 0 agent wang draft answer "$draft" \
    'member[1]/id_no=430699199002010015'
agent wang draft show "$draft" --json |
    field '.questions.find(q => q.ref.endsWith("/member[1]/id_no")).error' | grep -q 'check digit'
ok $? 'is refused'
status 'the right one' 0 agent wang draft answer "$draft" 'member[1]/id_no=430699199002010014'

# --- the plug ---
start_tablet wang
agent wang draft answer "$draft" 'member[1]/sex=1' >/dev/null
ok $? 'an answer through the service'
pull_plug wang
same 'is there after kill -9' "$(agent wang draft show "$draft" --json |
    field '.questions.find(q => q.ref.endsWith("/member[1]/sex")).value')" 1
same 'the draft stands in the list' "$(agent wang draft list --json | field .drafts.length)" 1
same 'and is no record yet' "$(agent wang list --json | field .length)" 0
record=$(agent wang draft finish "$draft")
ok $? 'finished'
same 'one record' "$(agent wang list --json | field .length)" 1
same 'no draft' "$(agent wang draft list --json | field .drafts.length)" 0
agent wang show "$record" --json >"$work/record"
same 'with the name' "$(field '.values["head/name"]' <"$work/record")" 钟秀英
grep -q '李平' "$work/record"
ok $? 'and the member'
status 'finished twice is refused' 1 agent wang draft finish "$draft"

# --- an edit, while somebody else writes the same ---
draft=$(agent wang draft edit "$record")
agent wang draft answer "$draft" head/phone=13900000002 head/name=钟秀兰 >/dev/null
agent wang set "$record" head/phone=13700000003 >/dev/null
status 'what both have changed is told' 1 agent wang draft finish "$draft"
status 'then it is saved' 0 agent wang draft finish "$draft"
agent wang show "$record" --json >"$work/record"
same 'with what the record said' "$(field '.values["head/phone"]' <"$work/record")" 13700000003
same 'and what was answered' "$(field '.values["head/name"]' <"$work/record")" 钟秀兰

# --- the dialogue ---
dialogue() { # ARGUMENTS: answers on standard input
    agent wang fill "$@" >"$work/talk" 2>"$work/stderr"
}
printf '%s\n' OK 赵六 :quit | dialogue household --area $area --lang zh
ok $? 'a dialogue that is left'
grep -q '户主姓名' "$work/talk"
ok $? 'asks in Chinese'
draft=$(agent wang draft list --json | field '.drafts[0].draft')
same 'leaves its answer' "$(agent wang draft show "$draft" --json |
    field '.questions.find(q => q.ref.endsWith("/head/name")).value')" 赵六
printf '%s\n' '' '' 12 '' :back 13800000009 :missing :finish | dialogue "$draft"
ok $? 'and is taken up again'
grep -q 'mobile number' "$work/talk"
ok $? 'says what is wrong'
record=$(tail -n 1 "$work/talk" | sed "s/^[> ]*//")
same 'and saves the record' "$(agent wang show "$record" --json | field '.values["head/phone"]')" \
    13800000009
start_tablet wang
printf '%s\n' OK 孙七 :finish | dialogue household --area $area
ok $? 'through the service, too'
same 'three records' "$(agent wang list --json | field .length)" 3
stop_tablet wang
agent wang sync >/dev/null
same 'all reach the county' "$(syncd records --json | field .length)" 3
status 'verify finds nothing' 0 agent wang verify

# --- what the household lives on, by the county's table ---
couple='{"head":{"name":"钟秀英"},"home":{"hukou_nature":"2"},"member":[
{"name":"钟秀英","relation":"02","birth":"1952-03-14","health":"10","counting":{"counted":"1"}},
{"name":"李桂兰","relation":"10","birth":"1954-02-10","counting":{"counted":"1"}}],
"income":[{"item_code":"B102","owner":"钟秀英","qty":1.5},
{"item_code":"B205","owner":"李桂兰","qty":20}]}'
record=$(printf '%s' "$couple" | agent wang new household --area $area --draft --file - 2>/dev/null)
agent wang sync >/dev/null
syncd income "$record" --on 2024-06-01 >"$work/income"
ok $? 'the county computes the income'
grep -q 'below the standard' "$work/income" && ! grep -q '1200' "$work/income"
ok $? 'the verdict without amounts'
same 'and with them, to the fen' "$(syncd income "$record" --on 2024-06-01 --json --reveal \
    --reason 'checking' | field .net)" 1200
status 'amounts need a reason' 2 syncd income "$record" --reveal
status 'a record without members is told' 1 syncd income "$(syncd records --json |
    field '.find(r => r.title === "孙七").id')"
finish
