#!/usr/bin/env bash
# test_redact.sh: the law's erasure with the real programs: gone in the county, on two tablets and in
# what they print, and still gone after a restore of an older backup.
. "$(dirname "$0")/lib.sh"

holds() { # FILE...: whether one of them holds what must be gone
    grep -qaE '要删除的人|13911112222|Gone-Forever' "$@" 2>/dev/null
}
gone() { # WHAT FILE...
    local what=$1
    shift
    ! holds "$@"
    ok $? "$what"
}

make_county && start_county && syncd form publish schema/forms/household >/dev/null 2>&1 &&
    enrol wang && enrol zhang && agent wang sync >/dev/null && agent zhang sync >/dev/null
ok $? 'a county with two tablets'

printf '%s' '{"head":{"name":"要删除的人","phone":"13911112222"},"member":[{"name":"Gone-Forever",
"relation":"02"},{"name":"小明","relation":"20"}]}' >"$work/family.json"
record=$(agent wang new household --area $area --file "$work/family.json" --draft)
agent wang sync >/dev/null && agent zhang sync >/dev/null
agent zhang set "$record" head/phone=13911112222 home/group_name=三组 && agent zhang sync >/dev/null
syncd backup "$work/old.backup" >/dev/null 2>&1 && syncd backup confirm "$work/old.backup" >/dev/null 2>&1
ok $? 'a household is everywhere, and in a backup'
agent wang sync >/dev/null
holds "$work"/county/county.db*
ok $? 'its answers stand in the database file'

status 'an erasure says why' 2 syncd redact "$record" head/name
status 'who orders it proves who he is' 1 env YG_PASSPHRASE=wrong "$build/yg-syncd" redact "$record" \
    head/name --as li --reason r --data "$work/county"
YG_PASSPHRASE=secret-of-li syncd redact "$record" head/name --as li --reason '本人申请' 2>"$work/said"
ok $? 'the name is erased while the county serves'
syncd redact "$record" head/phone --reason '本人申请' 2>/dev/null && member=$(syncd show "$record" --json \
    --reveal --reason e2e | grep -o 'member\[[^]]*\]/name' | head -1) &&
    syncd redact "$record" member/name --reason '本人申请' 2>/dev/null
ok $? 'and the telephone, and the name of every member'
gone 'no byte of it is left in the database' "$work"/county/county.db*
syncd show "$record" --reveal --reason e2e >"$work/shown"
syncd history "$record" --reveal --reason e2e >>"$work/shown"
syncd export --form household --csv --reveal --reason e2e >>"$work/shown"
syncd export --form household --csv --repeat member --reveal --reason e2e >>"$work/shown"
syncd export --form household --json --reveal --reason e2e >>"$work/shown"
syncd records >>"$work/shown"
gone 'nor in anything that it prints or exports' "$work/shown"
grep -q 'erased by law on .* by li: 本人申请' "$work/shown"
ok $? 'which says who, when and why'
grep -q 三组 "$work/shown"
ok $? 'and everything else is there'
syncd show "$record" --lang zh | grep -q '依法删除'
ok $? 'in Chinese, too'
status 'the county verifies' 0 syncd verify
syncd backup "$work/new.backup" >/dev/null 2>&1
ok $? 'a new backup can be made'

agent wang sync >/dev/null && agent zhang sync >/dev/null
for name in wang zhang; do
    { agent $name show "$record" && agent $name show "$record" --json && agent $name list &&
        agent $name history "$record" head/name; } >"$work/shown-$name"
    gone "tablet $name shows it no more" "$work/shown-$name"
    grep -q 'erased by law' "$work/shown-$name"
    ok $? "tablet $name says why"
    status "tablet $name verifies" 0 agent $name verify
    gone "nothing lies open on tablet $name" "$work/tablet-$name"/*
done
agent zhang set "$record" head/phone=13700000000 && agent zhang sync >/dev/null && agent wang sync >/dev/null
same 'a later answer is an answer' "$(agent wang show "$record" --json | field '.values["head/phone"]')" \
    13700000000

# --- the county comes back from a backup that still held it ---
stop_county
mkdir -p "$work/again" && cp -r "$work/county/keys" "$work/county/redactions" "$work/again/" &&
    syncd() { "$build/yg-syncd" "$@" --data "$work/again"; } &&
    syncd restore "$work/old.backup" 2>"$work/said"
ok $? 'an older backup is restored, with the list of what was erased'
grep -q 'erased again by law: 3' "$work/said"
ok $? 'and erased again, as it says'
gone 'before anybody can look' "$work"/again/county.db*
mv "$work/county" "$work/lost" && mv "$work/again" "$work/county"
syncd() { "$build/yg-syncd" "$@" --data "$work/county"; }
start_county "$port"
for round in 1 2 3; do
    agent wang sync >/dev/null 2>&1
    agent zhang sync >/dev/null 2>&1
done
gone 'the tablets do not bring it back' "$work"/county/county.db*
syncd show "$record" --reveal --reason e2e >"$work/shown"
gone 'it is shown nowhere' "$work/shown"
grep -q 13700000000 "$work/shown"
ok $? 'what was written after it is there'
status 'the restored county verifies' 0 syncd verify
status 'a tablet verifies' 0 agent wang verify

stop_county
mkdir -p "$work/bare" && cp -r "$work/county/keys" "$work/bare/" &&
    "$build/yg-syncd" restore "$work/old.backup" --data "$work/bare" 2>"$work/said"
grep -q 'there was no file redactions' "$work/said"
ok $? 'a restore without the list says so'
finish
