#!/usr/bin/env bash
# test_meeting.sh: evaluation meetings by command line: 30 households and 11 members on two tablets
# with a power cut and a member who votes twice; the same meeting at the county; what it costs on the
# wire; and that nothing which anybody answered stands anywhere.
. "$(dirname "$0")/lib.sh"

make_county && start_county && for form in household panel meeting; do
    syncd form publish schema/forms/$form >/dev/null 2>&1 || exit 1
done && enrol wang && enrol zhang && agent wang sync >/dev/null && agent zhang sync >/dev/null
ok $? 'a county with the forms, and two tablets'

# --- the panel and its households ---
node -e '
const member = [...Array(11)].map((_, i) => ({name: "成员" + (i + 1), category: i % 3 == 2 ? "2" : "7", active: "1"}));
console.log(JSON.stringify({title: "石牌村评议小组", member}));' >"$work/panel.json"
panel=$(agent wang new panel --area $area --file "$work/panel.json")
ok $? 'a panel of eleven'
for i in $(seq 30); do
    printf '%s\n' "钟$i"
done | node -e '
require("fs").readFileSync(0, "utf8").trim().split("\n").forEach((n, i) =>
    require("fs").writeFileSync(process.argv[1] + "/h" + i, JSON.stringify({head: {name: n}})));' "$work"
households=()
for i in $(seq 0 29); do
    households+=("$(agent wang new household --area $area --draft --file "$work/h$i" 2>/dev/null)")
done
same '30 households' "${#households[@]}" 30
meeting=$(agent wang meeting new "${households[@]}" --area $area --panel "$panel" \
    --title 一季度评议 --chair 李主任 --recorder 周文书 --teller 赵 --teller 钱)
ok $? 'a meeting is called'
agent wang sync >/dev/null && agent zhang sync >/dev/null
ok $? 'and synced to both tablets'

# --- in the room ---
status 'nobody signs in before it is open' 1 agent wang meeting sign-in "$meeting" 1-11
status 'it is opened' 0 agent wang meeting open "$meeting"
status 'once' 1 agent wang meeting open "$meeting"
status 'all are there' 0 agent wang meeting sign-in "$meeting" 1-11
status 'one withdraws' 0 agent wang meeting recuse "$meeting" 4 2 1
for step in 1 2 3; do agent wang meeting step "$meeting" $step; done
ok $? 'three steps'
code=$(agent wang meeting pair "$meeting" 7-11)
ok $? 'a code for the second tablet'
same 'which finds the meeting' "$(agent zhang meeting join "$code")" "$meeting"

echo river-stone >"$work/chair"
echo white-crane >"$work/teller"
echo green-lamp >"$work/chair-b"
echo old-bridge >"$work/teller-b"
vote_a() { agent wang meeting vote "$meeting" --chair-file "$work/chair" --teller-file "$work/teller" "$@"; }
vote_b() { agent zhang meeting vote "$meeting" --chair-file "$work/chair-b" --teller-file "$work/teller-b" "$@"; }
status 'the first urn' 0 vote_a --seats 1-6 --begin
printf '1: *=yes\n2: *=yes 5=no:1,3\n3: *=yes 6=abstain\n' | vote_a --ballots - 2>/dev/null
ok $? 'three vote'
echo '1: *=yes' | vote_a --ballots - 2>"$work/stderr"
same 'none of them twice' $? 1
status 'a wrong secret opens nothing' 1 agent wang meeting vote "$meeting" \
    --chair-file "$work/teller" --teller-file "$work/chair" --ballots /dev/null
# The plug is pulled in the middle of a vote: a service is killed while it works.
start_tablet wang
printf '4: *=yes 5=no:1\n' | vote_a --ballots - >/dev/null 2>&1 &
voter=$!
pull_plug wang
wait $voter
printf '4: *=yes 5=no:1\n' | vote_a --ballots - 2>/dev/null # again, if it was lost
printf '5: *=yes 5=no:1 6=no:2\n6: *=yes 5=no:2 6=no:2\n' | vote_a --ballots - 2>/dev/null
ok $? 'after the plug was pulled voting goes on'
same 'everybody has voted' "$(vote_a --begin --json | field .households_left)" 0
# Seat 6 votes on the second tablet, too? It does not serve that seat.
status 'the second urn' 0 vote_b --code "$code" --begin
echo '6: *=yes' | vote_b --ballots - 2>"$work/stderr"
same 'serves its own seats' $? 1
printf '7: *=yes 5=no:1\n8: *=yes 5=no:1 6=no:4\n9: *=yes 6=no:1 7=no:1\n10: *=yes 7=no:2\n11: *=yes\n' |
    vote_b --ballots - 2>/dev/null
ok $? 'the others vote there'
began=$(date +%s%N)
status 'the first closes' 0 agent wang meeting close "$meeting" --chair-file "$work/chair" \
    --teller-file "$work/teller"
echo "# closing took $((($(date +%s%N) - began) / 1000000)) ms"
status 'the second closes' 0 agent zhang meeting close "$meeting" --chair-file "$work/chair-b" \
    --teller-file "$work/teller-b"
status 'it is not signed while votes are missing' 1 agent wang meeting sign "$meeting" \
    --signer chair=李主任
agent zhang meeting part "$meeting" | agent wang meeting take "$meeting" -
ok $? 'the result of the second is carried over'
agent wang meeting step "$meeting" 5
status 'signed' 0 agent wang meeting sign "$meeting" --signer chair=李主任 --signer recorder=周文书 \
    --signer teller=赵 --signer teller=钱
agent wang meeting show "$meeting" --json >"$work/here"
same 'all passed but the fifth' "$(field '.items.filter(i => i.result.state === "passed").length' <"$work/here")" 29
same 'which is investigated again' "$(field '.items[4].result.next' <"$work/here")" investigate
same 'with its numbers' "$(field '.items[4].result.yes + "," + d.items[4].result.no' <"$work/here")" 5,6
same 'a unanimous one without' "$(field '.items[0].result.yes' <"$work/here")" null
same 'nothing but signatures is wrong' "$(field '.problems.map(p => p.name).join()' <"$work/here")" \
    unsigned_seats

# --- the county ---
agent wang sync >/dev/null && agent zhang sync >/dev/null && agent wang sync >/dev/null
ok $? 'synced'
syncd meeting show "$meeting" --json >"$work/there"
cp "$work/here" "$work/before"
agent wang meeting show "$meeting" --json >"$work/here"
same 'which the second copy of a result has not changed' "$(field .result_hash <"$work/here")" \
    "$(field .result_hash <"$work/before")"
same 'the county sees the same results' \
    "$(field '.items.map(i => JSON.stringify(i.result)).join()' <"$work/there" | sha256sum)" \
    "$(field '.items.map(i => JSON.stringify(i.result)).join()' <"$work/here" | sha256sum)"
same 'with the same hash' "$(field .result_hash <"$work/there")" "$(field .result_hash <"$work/here")"
syncd meetings | grep -q 一季度评议
ok $? 'it stands in the list of meetings'
agent zhang meeting show "$meeting" --json >"$work/other"
same 'and so does the second tablet' "$(field .result_hash <"$work/other")" \
    "$(field .result_hash <"$work/here")"
status 'the tablet is whole' 0 agent wang verify
status 'the county is whole' 0 syncd verify

if grep -rqE 'river-stone|white-crane|green-lamp|old-bridge' "$work"/tablet-* "$work/county" "$work"/*.log; then
    ok 1 'no secret of a vote stands in any file'
else
    ok 0 'no secret of a vote stands in any file'
fi
same 'nor does the urn' "$(node -e '
const bytes = require("fs").readFileSync(process.argv[1]);
const [actor, number] = process.argv[2].split("-");
const id = Buffer.alloc(16);
id.writeBigUInt64LE(BigInt("0x" + actor)); id.writeBigUInt64LE(BigInt(number), 8);
process.stdout.write(String(bytes.includes(id)));' "$work/tablet-wang/tablet.db" "$meeting")" false

# --- a meeting by paper, and one by hands ---
paper=$(agent wang meeting new "${households[0]}" --area $area --panel "$panel" --title 复评 \
    --chair 李 --recorder 周 --teller 赵 --teller 钱)
agent wang meeting open "$paper" && agent wang meeting sign-in "$paper" 1-9
status 'one teller' 0 agent wang meeting paper "$paper" 1 --teller 1 --yes 6 --no 3 --reason 1=3
status 'the other differs' 1 agent wang meeting paper "$paper" 1 --teller 2 --yes 7 --no 2
status 'both count again' 0 agent wang meeting paper "$paper" 1 --teller 1 --yes 6 --no 3
status 'and agree' 0 agent wang meeting paper "$paper" 1 --teller 2 --yes 6 --no 3
status 'closed without secrets' 0 agent wang meeting close "$paper"
same 'passed' "$(agent wang meeting show "$paper" --json | field '.items[0].result.state')" passed
hands=$(agent wang meeting new "${households[1]}" --area $area --panel "$panel" --title 举手 \
    --chair 李 --recorder 周 --teller 赵 --teller 钱)
agent wang meeting open "$hands" && agent wang meeting sign-in "$hands" 1-9
for teller in 1 2; do agent wang meeting hands "$hands" 1 --teller $teller --yes 9; done 2>/dev/null
agent wang meeting close "$hands"
same 'hands have no secret' "$(agent wang meeting show "$hands" --json | field '.items[0].result.yes')" 9
agent wang meeting show "$hands" --lang zh | grep -q '须超过1/2（基数为到会可投票的9人）：同意须达5票'
ok $? 'the result is told in words'

agent wang sync >/dev/null
same 'the county sees that two meetings have decided on a household' \
    "$(syncd meeting show "$paper" --json | field '.doubles.map(d => d.meeting).join()')" "$meeting"
echo "# a result has $(($(agent zhang meeting part "$meeting" | wc -c) / 2)) bytes"
finish
