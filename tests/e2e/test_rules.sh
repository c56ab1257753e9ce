#!/usr/bin/env bash
# test_rules.sh: rules of a form that nobody breaks alone: two tablets together, in the county's
# list, on both tablets, accepted and mended; and what one person wrote is found after the commit,
# with the plug pulled between the two.
. "$(dirname "$0")/lib.sh"

mkdir -p "$work/form"
cat >"$work/form/survey.csv" <<'SHEET'
type,name,label,label::中文 (zh),required,constraint,constraint_message,constraint_message::中文 (zh),bind::yg:merge
text,name,Name,姓名,yes,,,,human
integer,amount,Amount,应付,,,,,human
integer,paid,Paid,已付,,. <= ${amount},More was paid than is due,已付金额超过应付金额,human
SHEET
printf 'form_id,form_title,version\npayment,Payment,1\n' >"$work/form/settings.csv"

make_county && start_county && syncd form publish "$work/form" >/dev/null 2>&1 &&
    enrol wang && enrol zhang && agent wang sync >/dev/null && agent zhang sync >/dev/null
ok $? 'a county, a form with a rule, two tablets'

payment() { # NAME AMOUNT PAID
    printf '{"name":"%s","amount":%d,"paid":%d}' "$1" "$2" "$3" >"$work/payment.json"
    agent wang new payment --area $area --file "$work/payment.json"
}

# open_in_county: how many questions the list has
open_in_county() { syncd conflicts --json 2>/dev/null | field .length; }

# --- two edits, each fine alone ---
record=$(payment Li 100 40)
agent wang sync >/dev/null && agent zhang sync >/dev/null
agent wang set "$record" paid=90 && agent zhang set "$record" amount=50
ok $? 'one pays more, the other lowers the amount, both offline'
same 'nobody has broken a rule' \
    "$(agent wang conflicts --json | field .length) $(agent zhang conflicts --json | field .length)" '0 0'
agent wang sync >/dev/null && agent zhang sync >/dev/null && agent wang sync >/dev/null
syncd conflicts --json >"$work/list"
same 'together they have' "$(field '.map(c => c.path + " " + c.kind).join()' <"$work/list")" 'paid soft'
same 'the rule says why' "$(field '[0].sides[0].rule' <"$work/list")" 'More was paid than is due'
syncd conflicts --lang zh | grep -q '已付金额超过应付金额'
ok $? 'in Chinese, too'
for name in wang zhang; do
    same "$name sees it in the list" "$(agent $name conflicts --json | field '[0].path')" paid
    agent $name show "$record" --lang zh | grep -q '已付金额超过应付金额'
    ok $? "$name sees it in the record"
done
same 'both values stand' \
    "$(agent zhang show "$record" --json | field '.values.paid') $(agent zhang show "$record" --json | field '.values.amount')" \
    '90 50'

# --- accepted on a tablet, mended, broken again, accepted in the county ---
status 'accepting takes a reason' 2 agent zhang resolve "$record" paid --accept
status 'accepted on a tablet' 0 agent zhang resolve "$record" paid --accept --reason 'paid in advance'
same 'it is gone there' "$(agent zhang conflicts --json | field .length)" 0
agent zhang sync >/dev/null && agent wang sync >/dev/null
same 'and in the county and on the other' "$(open_in_county) $(agent wang conflicts --json | field .length)" '0 0'
agent wang set "$record" paid=95 && agent wang sync >/dev/null
same 'another value is another question' "$(open_in_county)" 1
agent zhang sync >/dev/null && agent zhang set "$record" amount=200 && agent zhang sync >/dev/null
same 'an edit mends it' "$(open_in_county)" 0
agent zhang set "$record" amount=60 && agent zhang sync >/dev/null && agent wang sync >/dev/null
same 'and another breaks it again' "$(open_in_county)" 1
YG_PASSPHRASE=secret-of-li syncd resolve "$record" paid --accept --as li --reason 'seen the receipt' >/dev/null
ok $? 'the county accepts it'
agent wang sync >/dev/null
same 'everywhere' "$(open_in_county) $(agent wang conflicts --json | field .length)" '0 0'
status 'the county verifies' 0 syncd verify

# --- a question about one side goes first ---
agent zhang sync >/dev/null
agent wang set "$record" amount=10 && agent zhang set "$record" amount=20
agent wang sync >/dev/null && agent zhang sync >/dev/null
same 'two amounts are one question, not two' \
    "$(syncd conflicts --json | field '.map(c => c.path + " " + c.kind).join()')" 'amount field'

# --- what one person wrote alone, with the plug pulled between commit and examination ---
stop_county
for i in 1 2 3 4 5 6; do
    payment "Home $i" 1 2 >/dev/null
done
agent wang bundle write "$work/up.ygb" >/dev/null 2>&1 && syncd bundle read "$work/up.ygb" >/dev/null 2>&1
ok $? 'six records come on a stick, while nobody serves'
status 'what has yet to be examined is no difference' 0 syncd verify
start_county "$port"
kill_county
start_county "$port"
ok $? 'the county starts, is killed, and starts again'
same 'nothing is forgotten' "$(open_in_county)" 7
agent wang set "$(agent wang list --json | field '[0].id')" paid=1 && agent wang sync >/dev/null
kill_county
start_county "$port"
same 'nor what was mended' "$(open_in_county)" 6
status 'the county verifies after all of it' 0 syncd verify
finish
