#!/usr/bin/env bash
# test_restore.sh: the county comes back from an old backup, and one of its tablets is destroyed
# with it. What that tablet had sent, and what the staff decided since, comes back from the others,
# once.
. "$(dirname "$0")/lib.sh"

put() { # NAME PERSON: a household of that name on that tablet; prints its id
    printf '{"head":{"name":"%s","phone":"13800000001"}}' "$2" >"$work/family.json"
    agent "$1" new household --area $area --file "$work/family.json" --draft
}
everybody() { for name in "$@"; do agent "$name" sync >/dev/null || return 1; done; }
make_county && start_county
ok $? 'a county serves'
syncd form publish schema/forms/household >/dev/null 2>"$work/publish"
enrol wang && enrol zhang && enrol chen
ok $? 'three tablets enrol'
everybody wang zhang chen
first=$(put wang 甲一)
everybody wang zhang chen
syncd backup "$work/old.backup" >/dev/null 2>&1 && syncd backup confirm "$work/old.backup" >/dev/null 2>&1
ok $? 'a backup is made and read back'

second=$(put zhang 乙一)
third=$(put wang 丙一)
everybody zhang wang chen zhang
agent zhang set "$first" head/phone=13900000009
agent chen set "$third" head/name=丁一
agent wang set "$third" head/name=戊一
everybody zhang wang chen wang
same 'a conflict is open' "$(syncd conflicts --json | field '.length')" 1
YG_PASSPHRASE=secret-of-li syncd resolve "$third" head/name --value 己一 --as li \
    --reason 'seen on the card' >/dev/null
ok $? 'the staff decide it'
everybody wang chen zhang
enrol zhao && everybody zhao # after the backup
fifth=$(put zhao 庚一)
everybody zhao wang
agent wang set "$second" head/phone=13700000007 # written offline, never sent

stop_county
rm -rf "$work/tablet-zhang" # run over by a lorry
mkdir -p "$work/again" && cp -r "$work/county/keys" "$work/again/"
"$build/yg-syncd" restore "$work/old.backup" --data "$work/again" >/dev/null 2>"$work/stderr"
ok $? 'the county comes back from the old backup'
mv "$work/county" "$work/lost" && mv "$work/again" "$work/county"
start_county "$port"
same 'it has one household' "$(syncd records --json | field '.length')" 1

status 'the first of the others syncs' 0 agent wang sync
status 'and the other' 0 agent chen sync
same 'all households are back' "$(syncd records --json | field '.length')" 4
same 'what the lost tablet wrote is back' \
    "$(syncd show "$second" --reveal --reason check --json | field '.values["head/name"]')" 乙一
same 'so is its edit' \
    "$(syncd show "$first" --reveal --reason check --json | field '.values["head/phone"]')" 13900000009
same 'the decision is back' \
    "$(syncd show "$third" --reveal --reason check --json | field '.values["head/name"]')" 己一
same 'no conflict is open' "$(syncd conflicts --json | field '.length')" 0
same 'what was never sent has come, too' \
    "$(syncd show "$second" --reveal --reason check --json | field '.values["head/phone"]')" 13700000007
syncd log --json | grep -q carried
ok $? 'the log says who carried it'
status 'the county verifies' 0 syncd verify

everybody wang chen wang chen
counts=$(syncd verify --json 2>/dev/null)
everybody wang chen
same 'and nothing comes twice' "$(syncd verify --json 2>/dev/null | field '.changes')" \
    "$(printf %s "$counts" | field '.changes')"
status 'the tablets verify' 0 agent wang verify
same 'nothing waits' "$(agent wang status --json | field '.unsent')" 0

status 'a tablet that was enrolled after the backup syncs' 0 agent zhao sync
same 'what it had sent was known from others' \
    "$(syncd show "$fifth" --reveal --reason check --json | field '.values["head/name"]')" 庚一
sixth=$(put zhao 辛一)
agent zhao sync >/dev/null
same 'what is new waits for staff' "$(syncd quarantine --json | field '.length')" 1
same 'who see the tablet' \
    "$(syncd device list --json | field '.filter(d => d.unconfirmed).map(d => d.name).join()')" tablet-zhao
syncd device scope tablet-zhao >/dev/null
ok $? 'and confirm it'
same 'then it counts' \
    "$(syncd show "$sixth" --reveal --reason check --json | field '.values["head/name"]')" 辛一
everybody zhao wang chen
status 'the county still verifies' 0 syncd verify
finish
