#!/usr/bin/env bash
# test_matrix_scope.sh: rows of the fault matrix (docs/testing.md): areas, grants and records that
# change while people are away.
. "$(dirname "$0")/matrix.sh"

other=430626117206
township=430626117

release() { # all that waits
    local dots
    dots=$(syncd quarantine --json | field '.map((row) => row.dot).join(" ")')
    YG_PASSPHRASE=secret-of-li syncd quarantine release $dots --as li --reason seen >/dev/null
    sed -i 's/held$//' "$ledger"
}

# --- a worker is sent to another township while he is away ---

fresh wang zhang
save wang 一 && settle wang zhang
save wang 二 && edit wang 一 head/phone 13800000001
syncd device scope tablet-wang --areas $other >/dev/null 2>&1
whole sent-elsewhere 0 wang=$other zhang

# --- a copy of his tablet goes on where he may not work any more ---

fresh wang zhang
save wang 一 && settle wang zhang
keep wang copy
syncd device scope tablet-wang --areas $other >/dev/null 2>&1
settle wang && settle wang
twin wang copy twin
save twin 二 $area held && agent twin sync >/dev/null 2>&1
whole withdrawn 1 wang=$other zhang
same '  its author sees that it waits' "$(agent twin quarantine --json | field .length)" 1
release
whole withdrawn-released 0 wang=$other zhang

# --- a tablet is revoked, and still has work that nobody saw ---

fresh wang zhang
save wang 一 && settle wang zhang
save wang 二 $area held && edit wang 一 head/phone 13800000002 held
syncd device revoke tablet-wang --reason lost >/dev/null 2>&1
agent wang sync >/dev/null 2>&1
agent wang sync >/dev/null 2>&1
whole revoked 2 zhang
release
whole revoked-released 0 zhang

# --- a record is moved to another village, while its author goes on without knowing ---

role[chief]=clerk
fresh wang zhang=$other chief=$township
save wang 一 && save wang 二 && settle wang chief zhang
edit wang 一 head/phone 13800000003
move chief 一 $other && edit chief 一 home/live_addr 东街
whole moved 0 wang=$area zhang=$other chief=$township

# --- two people move it to different villages ---

role[deputy]=clerk
fresh wang zhang=$other chief=$township deputy=$township
save wang 一 && settle wang chief deputy
move chief 一 $other && move deputy 一 430626117204
whole moved-twice 0 chief=$township deputy=$township

# --- a village is merged into another, while its worker is away for months ---

fresh wang zhang=$other chief=$township
save wang 一 && save zhang 二 $other && settle wang zhang chief
save wang 三 && edit wang 一 head/phone 13800000004
syncd area merge $area --into $other --reason decree >/dev/null 2>&1
settle zhang chief && edit zhang 一 home/live_addr 西街
whole merged 0 wang=$other zhang=$other chief=$township
syncd area recode $other 430626117231 --reason decree >/dev/null 2>&1
save wang 四 && save zhang 五 $other
whole merged-again 0 wang=430626117231 zhang=430626117231 chief=$township
join late=$area # somebody invites by the code that he knows
syncd backup "$work/merged.backup" >/dev/null 2>&1
syncd backup confirm "$work/merged.backup" >/dev/null 2>&1
edit wang 四 head/phone 13800000006 && settle wang zhang
restore "$work/merged.backup"
ok $? 'the county comes back from a backup'
whole merged-restored 0 wang=430626117231 zhang=430626117231 late=430626117231 chief=$township
done_with_rows
