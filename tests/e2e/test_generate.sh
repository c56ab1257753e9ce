#!/usr/bin/env bash
# test_generate.sh: the made-up households: the same for the same seed, with ID numbers that are
# valid and belong to nobody.
. "$(dirname "$0")/lib.sh"

generate=$build/generate
"$generate" --seed 3 --count 400 >"$work/a"
"$generate" --seed 3 --count 400 --json >"$work/b"
cmp -s "$work/a" "$work/b"
ok $? 'the same seed gives the same bytes'
"$generate" --seed 3 --count 40 | cmp -s - <(head -n 40 "$work/a")
ok $? 'a household does not depend on how many there are'
! "$generate" --seed 4 --count 400 | cmp -s - "$work/a"
ok $? 'another seed gives others'
mkdir "$work/csv"
"$generate" --seed 3 --count 400 --csv "$work/csv"
same 'a row for each household' "$(wc -l <"$work/csv/household.csv" | tr -d ' ')" 401
same 'members as in the JSON' "$(($(wc -l <"$work/csv/member.csv") - 1))" \
    "$(grep -o '"id_no"' "$work/a" | wc -l | tr -d ' ')"

# GB 11643: area, birth date, order with the sex, check character
wrong=$(awk -F, 'NR > 1 {
    split("7 9 10 5 8 4 2 1 6 3 7 9 10 5 8 4 2", weight, " ")
    id = $5; born = $7; sum = 0
    gsub(/-/, "", born)
    for (i = 1; i <= 17; i++)
        sum += substr(id, i, 1) * weight[i]
    if (length(id) != 18 || substr(id, 1, 6) != "430699" || substr(id, 7, 8) != born ||
        substr("10X98765432", sum % 11 + 1, 1) != substr(id, 18) ||
        substr(id, 17, 1) % 2 != $6 % 2)
        print "row " NR ": " id
}' "$work/csv/member.csv")
same 'ID numbers are valid, of the area that was never assigned' "$wrong" ''
same 'each once' "$(cut -d, -f5 "$work/csv/member.csv" | sort | uniq -d)" ''

status 'an unknown option is wrong usage' 2 "$generate" --nonsense
status 'so is a count that is none' 2 "$generate" --count x
status 'a folder that is not there is trouble' 3 "$generate" --csv "$work/nowhere"
finish
