#!/usr/bin/env bash
# test_cli.sh: the command line, which other tools are written against: every command and option
# that is promised, help in both languages, man pages that say the same, exit statuses, one JSON
# document for --json, and all of it with and without the service.
. "$(dirname "$0")/lib.sh"

# --- what is promised ---

cat >"$work/agent" <<'END'
enrol --server --code
person add
person list
lock
unlock
forms
new --area --file
set
add
remove
show --json
list --form --json
conflicts --json
resolve --keep --value --reason
import --area --repeat --key
sync --server
status --json
verify
END
cat >"$work/syncd" <<'END'
init --area
serve --listen --plain
form check --lenient --json
form publish --lenient
form list
form show --version --xform
form convert --to --force --lenient
user add --role --areas
device invite --areas --name --person
device list
device revoke
device scope
records --form --area --json
show --reveal --reason --json
history --reveal --reason
conflicts --reveal --reason --json
resolve --keep --value --as --reason
quarantine
export --form --csv --json --reveal --reason
verify
END
for program in agent.1 syncd.8; do
    node "$(dirname "$0")/help.mjs" "$build/yg-${program%.*}" "docs/yg-$program" \
        "$work/${program%.*}" >"$work/claims"
    same "what yg-${program%.*} --help and its man page say of each other" \
        "$? $(grep -vc '^ok ' "$work/claims")" '0 0'
    grep -v '^ok ' "$work/claims" | sed 's/^/# /'
    [ "$(wc -l <"$work/claims")" -gt 200 ]
    ok $? "  in all they say"
done

# --- usage ---

for program in yg-agent yg-syncd; do
    status "$program without a command" 2 "$build/$program"
    status "$program with an unknown command" 2 "$build/$program" nothing
    says 'nothing.*--help'
    status "$program verify with an unknown option" 2 "$build/$program" verify --nothing
    says '--nothing'
    status "$program verify with a word too many" 2 "$build/$program" verify word
    status "$program with an option without its value" 2 "$build/$program" verify --data
    status "$program where there is no data" 1 "$build/$program" verify --data "$work/none"
    says "$work/none"
done
for command in new set add remove show resolve import 'person add' seal amend move history; do
    status "$command without its words" 2 "$build/yg-agent" $command --data "$work/none"
    says "$command"
done
for command in show history resolve export init serve 'form publish' 'user add' 'device invite' \
    'device revoke' 'device scope'; do
    status "$command without its words" 2 "$build/yg-syncd" $command --data "$work/none"
done

# --- every command, with and without the service ---

make_county && start_county
json() { # WHAT COMMAND...: status 0, nothing but one JSON document on stdout
    local what=$1 got=0
    shift
    "$@" --json >"$work/json" 2>"$work/stderr" </dev/null || got=$?
    node -e 'JSON.parse(require("fs").readFileSync(process.argv[1], "utf8"))' "$work/json" \
        2>"$work/node" || got="$got, but no JSON"
    same "$what" "$got" 0
    [ "$got" = 0 ] || head -n 5 "$work/stderr" | cut -c1-300 | sed 's/^/# /'
}
plain() { # WHAT COMMAND...: status 0, and without --json the same is for people
    local what=$1
    shift
    status "$what" 0 "$@"
}
form_commands() { # SUFFIX
    json "form publish $1" syncd form publish schema/forms/household
    json "form publish $1" syncd form publish schema/forms/visit
    json "form list $1" syncd form list
    json "form show $1" syncd form show household
    plain "form show for people $1" syncd form show household
    status "form show of nothing $1" 1 syncd form show nothing
}
other=430626117206
form_commands 'while the county serves'
json 'form check' "$build/yg-syncd" form check schema/forms/household
status 'form check of what is no form' 1 "$build/yg-syncd" form check "$work/none"
json 'form convert to Excel' "$build/yg-syncd" form convert schema/forms/household --to xlsx \
    "$work/household.xlsx"
status 'form convert replaces nothing' 1 "$build/yg-syncd" form convert schema/forms/household \
    --to xlsx "$work/household.xlsx"
status 'form convert to what it does not know' 2 "$build/yg-syncd" form convert "$work" --to doc
plain 'form convert to CSV' "$build/yg-syncd" form convert "$work/household.xlsx" --to csv "$work/csv"
same 'the form of the workbook is that of the folder' \
    "$("$build/yg-syncd" form convert "$work/csv" --to xform | cksum)" \
    "$("$build/yg-syncd" form convert schema/forms/household --to xform | cksum)"
json 'device invite' syncd device invite --areas $area,$other --name one --person wang
code=$(field .code <"$work/json")
export YG_PASSPHRASE=secret-of-wang
json enrol "$build/yg-agent" enrol --server "$url" --code "$code" --data "$work/tablet-wang"
unset YG_PASSPHRASE
enrol zhang "$area,$other" && agent zhang sync >/dev/null
ok $? 'a second tablet'

tablet() { # SUFFIX: every command of yg-agent
    json "sync $1" agent wang sync
    plain "sync for people $1" agent wang sync
    json "forms $1" agent wang forms
    plain "forms for people $1" agent wang forms
    printf '{"head":{"name":"王桂兰"},"member":[{"name":"王桂兰","relation":"02"}]}' >"$work/answers"
    json "new $1" agent wang new household --area $area --draft --file "$work/answers"
    record=$(field .id <"$work/json")
    [[ $record =~ ^[0-9a-f]{16}-[0-9]+$ ]]
    ok $? "  with an id $1"
    same "new prints the id alone $1" "$(agent wang new household --area $area --draft \
        --file - <"$work/answers" | grep -cxE '[0-9a-f]{16}-[0-9]+')" 1
    json "set $1" agent wang set "$record" head/phone=13800000001
    plain "set for people $1" agent wang set "$record" home/group_name=一组
    json "add $1" agent wang add "$record" income item_code=B201
    income=$(agent wang add "$record" income item_code=B205 qty=3 unit=head)
    [[ $income =~ ^[0-9a-f]{16}-[0-9]+\.[0-9]+$ ]]
    ok $? "add prints the id alone $1"
    json "remove $1" agent wang remove "$record" "$(agent wang add "$record" income item_code=B102)"
    json "show $1" agent wang show "$record"
    same "  its words $1" "$(node -e 'const d = JSON.parse(require("fs").readFileSync(0));
        console.log(d.id === process.argv[1], d.form, d.area, d.values["head/phone"],
            JSON.stringify(d.conflicts), "version" in d, "sealed" in d, "position" in d);' \
        "$record" <"$work/json")" "true household $area 13800000001 {} true true true"
    plain "show for people $1" agent wang show "$record"
    json "list $1" agent wang list --form household
    same "  its words $1" "$(field '.find((r) => r.id === "'"$record"'").form' <"$work/json")" \
        household
    json "list with all its options $1" agent wang list --form household --area $area \
        --search 王桂兰 --pending --withdrawn --limit 5
    plain "list for people $1" agent wang list
    json "history $1" agent wang history "$record"
    json "history of a field $1" agent wang history "$record" head/phone
    plain "history for people $1" agent wang history "$record"
    printf 'head/name,head/phone\r\n李四,13800000002\r\n"李, 五",\r\n' >"$work/rows.csv"
    json "import $1" agent wang import household "$work/rows.csv" --area $area
    same "import prints how many, alone $1" \
        "$(agent wang import household "$work/rows.csv" --area $area 2>/dev/null)" 2
    json "move $1" agent wang move "$record" --area $other --reason test
    plain "move for people $1" agent wang move "$record" --area $area --reason test
    agent wang set "$record" head/name=王桂花
    same "a record that has moved and come back is listed as it is $1" "$(agent wang list --json |
        field '.find((r) => r.id === "'"$record"'").title')" 王桂花
    visit=$(printf '{"household":"%s","kind":"1"}' "$record" |
        agent wang new visit --area $area --draft --file -)
    json "seal $1" agent wang seal "$visit" visit
    json "amend $1" agent wang amend "$visit" living/living_note=later --reason test
    agent wang sync >/dev/null && agent zhang sync >/dev/null &&
        agent zhang set "$record" head/name=李桂兰 "income[$income]/qty=4" &&
        agent wang set "$record" head/name=张桂兰 "income[$income]/qty=5" && agent zhang sync >/dev/null &&
        agent wang sync >/dev/null
    ok $? "a conflict is made $1"
    json "conflicts $1" agent wang conflicts
    plain "conflicts for people $1" agent wang conflicts
    json "conflicts of a record $1" agent wang conflicts "$record"
    dot=$(agent wang show "$record" --json | field '.conflicts["head/name"][0].dot')
    same "  its sides have value, dot, author and time $1" "$(agent wang show "$record" --json |
        field '.conflicts["head/name"].every((s) => s.value && s.dot && s.author && s.at)')" true
    status "resolve refuses who wrote a side $1" 1 agent wang resolve "$record" head/name \
        --keep "$dot" --reason test
    json "resolve $1" env YG_PASSPHRASE=secret-of-fang "$build/yg-agent" resolve "$record" head/name \
        --value 赵桂兰 --reason test --person fang --data "$work/tablet-wang"
    json "resolve of a field that belongs to others $1" env YG_PASSPHRASE=secret-of-fang \
        "$build/yg-agent" resolve "$record" "income[$income]/qty" --value 6 --reason test \
        --person fang --data "$work/tablet-wang"
    same "  leaves the others as they were $1" "$(agent wang show "$record" --json |
        field ".values[\"income[$income]/qty\"] + d.values[\"income[$income]/unit\"]")" 6head
    json "status $1" agent wang status
    plain "status for people $1" agent wang status
    json "quarantine $1" agent wang quarantine
    json "verify $1" agent wang verify
    plain "verify for people $1" agent wang verify
    json "person list $1" agent wang person list
    status "a wrong secret $1" 1 env YG_PASSPHRASE=wrong-secret "$build/yg-agent" set "$record" \
        head/phone=1 --person fang --data "$work/tablet-wang"
    says secret
    status "not found $1" 1 agent wang show 0123456789abcdef-9
    status "wrong usage $1" 2 agent wang show
    status "no network $1" 3 agent wang sync --server https://127.0.0.1:1
    says '127.0.0.1|server'
    json "lock $1" agent wang lock
    json "unlock $1" agent wang unlock
}

export YG_NEW_PASSPHRASE=secret-of-fang
json 'person add without the service' agent wang person add fang
tablet 'without the service'
agent wang sync >/dev/null
start_tablet wang
ok $? 'the service runs on the tablet'
export YG_NEW_PASSPHRASE=secret-of-liu
json 'person add in the service' agent wang person add liu
unset YG_NEW_PASSPHRASE
tablet 'in the service'
same 'three people' "$(agent wang person list --json | field .length)" 3
stop_tablet wang
agent wang sync >/dev/null
ok $? 'it syncs after the service has ended'

county() { # SUFFIX: every command of yg-syncd
    form_commands "$1"
    export YG_PASSPHRASE=secret-of-somebody
    json "user add $1" syncd user add "$2" --role clerk --areas $area
    unset YG_PASSPHRASE
    json "user list $1" syncd user list
    json "device invite $1" syncd device invite --areas $area --name "tablet $2" --person "$2"
    json "device list $1" syncd device list
    json "device scope $1" syncd device scope tablet-zhang --areas $area --reason test
    json "records $1" syncd records --form household --area $area
    plain "records for people $1" syncd records
    json "show $1" syncd show "$record"
    plain "show for people $1" syncd show "$record" --reveal --reason test
    json "history $1" syncd history "$record"
    json "history of a field $1" syncd history "$record" head/name --reveal --reason test
    json "conflicts $1" syncd conflicts
    plain "conflicts for people $1" syncd conflicts --reveal --reason test
    json "quarantine $1" syncd quarantine
    json "export $1" syncd export --form household
    plain "export as CSV $1" syncd export --form household --csv --reveal --reason test
    json "log $1" syncd log
    plain "log for people $1" syncd log
    json "verify $1" syncd verify
    plain "verify for people $1" syncd verify
    status "not found $1" 1 syncd show 0123456789abcdef-9
    status "wrong usage $1" 2 syncd show
    export YG_PASSPHRASE=secret-of-li
    same "a question is open $1" "$(agent zhang set "$record" head/phone=1380000000"$3" head/name=乙"$3" &&
        agent wang set "$record" head/name=甲"$3" && agent wang sync >/dev/null &&
        agent zhang sync >/dev/null && syncd conflicts --json | field .length)" 1
    dot=$(syncd show "$record" --json | field '.conflicts["head/name"][0].dot')
    json "resolve $1" syncd resolve "$record" head/name --keep "$dot" --as li --reason test
    unset YG_PASSPHRASE
    json "device revoke $1" syncd device revoke "$4" --reason test
}
agent zhang sync >/dev/null && agent wang sync >/dev/null
enrol one && enrol two
ok $? 'two more tablets'
county 'while the county serves' anna 1 tablet-one
stop_county
start_county "$port"
agent zhang sync >/dev/null && agent wang sync >/dev/null &&
    agent zhang set "$record" head/name=丙一 && agent wang set "$record" head/name=丁一 &&
    agent wang sync >/dev/null && agent zhang sync >/dev/null
ok $? 'a question before the county closes'
stop_county
form_commands 'without the service'
export YG_PASSPHRASE=secret-of-li
json 'resolve without the service' syncd resolve "$record" head/name --value 戊一 --as li --reason test
json 'user add without the service' syncd user add berta --role auditor
unset YG_PASSPHRASE
for command in 'user list' 'device list' records "show $record" "history $record" conflicts \
    quarantine 'export --form household' log verify; do
    json "$command without the service" syncd $command
done
json 'device invite without the service' syncd device invite --areas $area
json 'device scope without the service' syncd device scope tablet-zhang --areas $area
json 'device revoke without the service' syncd device revoke tablet-two --reason test
json 'init' "$build/yg-syncd" init --area 430681 --data "$work/county2"
status 'init prints the halves' 0 "$build/yg-syncd" init --area 430681 --data "$work/county3"
status 'init on a county is refused' 1 "$build/yg-syncd" init --area 430681 --data "$work/county3"
finish
