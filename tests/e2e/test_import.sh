#!/usr/bin/env bash
# test_import.sh: rows of CSV files become records; synced, every value is the same at the county and
# on another tablet. First with generated households, then with two real surveys, which are found
# below YG_TEST_DATA; without it those cases count as skipped.
. "$(dirname "$0")/lib.sh"
here=$(dirname "$0")

skip() { # WHAT
    tap_count=$((tap_count + 1))
    echo "ok $tap_count - $1 # SKIP YG_TEST_DATA names no folder with data/microdata"
}

# compared WHAT FORM RECORDS KEY NAME=REPEAT...: imports on wang, syncs, looks at the county and at
# zhang.
compared() {
    local what=$1 form=$2 records=$3 key=$4 repeat rows count
    local -a repeats=() exports=() places=()
    shift 4
    for repeat in "$@"; do
        repeats+=(--repeat "$repeat")
        exports+=("${repeat%%=*}")
    done
    rows=$(($(wc -l <"$records") - 1))
    count=$(agent wang import "$form" "$records" --area $area --key "$key" "${repeats[@]}" \
        2>"$work/stderr")
    same "$what: every row becomes a record" "$count" "$rows"
    [ "$count" = "$rows" ] || sed 's/^/# /' "$work/stderr"
    status "$what: the tablet sends them" 0 agent wang sync
    status "$what: the other tablet receives them" 0 agent zhang sync
    syncd export --form "$form" --json --reveal --reason test >"$work/export.json" &&
        syncd export --form "$form" --csv --reveal --reason test >"$work/export.csv"
    ok $? "$what: the county exports them"
    for repeat in "${exports[@]}"; do
        syncd export --form "$form" --csv --repeat "$repeat" --reveal --reason test \
            >"$work/export-$repeat.csv"
        places+=(--csv-repeat "$repeat=$work/export-$repeat.csv")
    done
    start_tablet zhang
    node "$here/compare.mjs" --form "$form" --records "$records" --key "$key" "${repeats[@]}" \
        --json "$work/export.json" --csv "$work/export.csv" "${places[@]}" \
        --tablet "$work/tablet-zhang"
    ok $? "$what: every value is the same at the county and on the other tablet"
    stop_tablet zhang
}

make_county && start_county
for form in "$here"/../forms/vlss "$here"/../forms/epfl schema/forms/household; do
    syncd form publish "$form" >/dev/null 2>"$work/publish" || sed 's/^/# /' "$work/publish"
done
enrol wang && enrol zhang && agent wang sync >/dev/null && agent zhang sync >/dev/null
ok $? 'a county with three forms and two tablets'

mkdir -p "$work/made"
"$build/generate" --seed 11 --count 300 --csv "$work/made"
compared 'generated households' household "$work/made/household.csv" key \
    "member=$work/made/member.csv" "income=$work/made/income.csv"

# What is wrong is named with file, row and column, and then nothing is saved.
records() { agent wang list --json --limit 1000000 | field .length; }
before=$(records)
cut -d, -f2- "$work/made/household.csv" | tr -d '\r' >"$work/rows.csv"
refused() { # WHAT STATUS PATTERN OF THE MESSAGE [OPTIONS]: of $work/bad.csv
    status "$1 is refused" "$2" agent wang import household "$work/bad.csv" --area $area "${@:4}"
    grep -qE "$3" "$work/stderr"
    ok $? "  and the message names it"
    grep -qE "$3" "$work/stderr" || sed 's/^/# /' "$work/stderr"
}
sed '3s/[^,]*$/77/;5s/,2,/,7,/' "$work/rows.csv" >"$work/bad.csv"
refused 'an unknown choice' 1 'bad.csv, row 3, column situation/cause_main.*77'
grep -q 'row 5, column home/hukou_nature' "$work/stderr"
ok $? 'all of them are listed at once'
cut -d, -f2- "$work/rows.csv" >"$work/bad.csv"
refused 'a missing column' 1 'head/name'
sed '1s/cause_main/cause_mein/' "$work/rows.csv" >"$work/bad.csv"
refused 'a column that is no question' 1 'cause_mein'
sed '2s/$/,more/' "$work/rows.csv" >"$work/bad.csv"
refused 'a row that is too long' 1 'bad.csv, row 2'
sed '2s/^[^,]*,/,/' "$work/rows.csv" >"$work/bad.csv"
refused 'a required answer that is missing' 1 'bad.csv, row 2.*head/name'
printf 'head/name\n\xff\xfe\n' >"$work/bad.csv"
refused 'broken UTF-8' 1 'bad.csv.*2'
printf 'head/name\n李\0四\n' >"$work/bad.csv"
refused 'a NUL' 1 'bad.csv.*2'
printf 'head/name\n"李四\n' >"$work/bad.csv"
refused 'a quote without an end' 1 'bad.csv.*2'
: >"$work/bad.csv"
refused 'an empty file' 1 'bad.csv'
{ printf 'head/name\n' && head -c 10000000 /dev/zero | tr '\0' a && echo; } >"$work/bad.csv"
refused 'a cell of 10 MB' 1 'bad.csv.*2'
cp "$work/made/household.csv" "$work/bad.csv"
sed 's/,1\(9..-\)/,31\1/' "$work/made/member.csv" >"$work/wrong.csv"
refused 'a date that is none' 1 'wrong.csv, row [0-9]*, column birth|member/birth' --key key \
    --repeat "member=$work/wrong.csv"
sed '2s/,[0-9]*\r*$/,3.5/' "$work/made/income.csv" >"$work/wrong.csv"
refused 'a fraction where a whole number belongs' 1 'wrong.csv, row 2, column .*declared_fen' \
    --key key --repeat "income=$work/wrong.csv"
{ cat "$work/made/member.csv" && echo 'nobody,张三,02,1,,1,,,,,,,'; } >"$work/orphan.csv"
refused 'an instance without a record' 1 'orphan.csv.*nobody' --key key \
    --repeat "member=$work/orphan.csv"
refused 'a repeat that the form does not have' 1 'cows' --key key --repeat "cows=$work/orphan.csv"
refused 'a repeat without a key' 2 'key' --repeat "member=$work/orphan.csv"
cp "$work/rows.csv" "$work/bad.csv"
status 'an unknown form is refused' 1 agent wang import nothing "$work/bad.csv" --area $area
status 'an area of others is refused' 1 agent wang import household "$work/bad.csv" \
    --area 430626117206
rm "$work/bad.csv"
refused 'a file that is not there' 1 'bad.csv'
same 'nothing of all that was saved' "$(records)" "$before"

data=${YG_TEST_DATA:-}/data/microdata
if [ -n "${YG_TEST_DATA:-}" ] && [ -d "$data" ]; then
    households=$data/rdatasets_Ecdat_VietNamH.csv
    individuals=$data/rdatasets_Ecdat_VietNamI.csv
    for part in household individual; do
        awk -v part=$part -f "$here/vlss_prepare.awk" "$households" "$individuals" >"$work/$part.csv"
    done
    tail -n +2 "$work/household.csv" | cmp - <(tail -n +2 "$households" | tr -d '\r') &&
        tail -n +2 "$work/individual.csv" | cut -d, -f2- | sort -n |
        cmp - <(tail -n +2 "$individuals" | tr -d '\r')
    ok $? 'VLSS: what is imported is what was published'
    compared VLSS vlss "$work/household.csv" household "individual=$work/individual.csv"
    for part in household individual; do
        awk -f "$here/epfl_prepare.awk" "$data/ceat_epfl_${part}_data.csv" >"$work/$part.csv"
        tr -d '\r' <"$data/ceat_epfl_${part}_data.csv" | cut -d, -f2- | cmp - "$work/$part.csv"
        ok $? "EPFL: what is imported of ${part}s is what was published"
    done
    compared EPFL epfl "$work/household.csv" KEY "individual=$work/individual.csv"
else
    skip 'VLSS: 5,999 households and 27,765 individuals'
    skip 'EPFL: 1,714 households and 6,284 individuals'
fi
status 'the county verifies' 0 syncd verify
status 'the first tablet verifies' 0 agent wang verify
status 'the other tablet verifies' 0 agent zhang verify
finish
