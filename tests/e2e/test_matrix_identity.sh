#!/usr/bin/env bash
# test_matrix_identity.sh: rows of the fault matrix (docs/testing.md): who is who, and who knows what,
# after folders were copied, put back, and a county came back from a backup.
. "$(dirname "$0")/matrix.sh"

# --- a tablet's folder is copied, and both go on ---

fresh wang zhang
save wang 一 && settle wang zhang
keep wang copy
twin wang copy twin
save wang 二甲 && edit wang 一 head/phone 13800000001
save twin 二乙 && edit twin 一 home/live_addr 东街 && save twin 三乙
settle wang
whole clone 0 wang zhang twin
syncd log | grep -q fork
ok $? '  and the county was told of the copy'

# --- a copy of a copy, made before anybody had sent anything more ---

fresh wang zhang
save wang 一 && settle wang zhang
keep wang copy
twin wang copy twin
save wang 二甲 && save twin 二乙 && edit twin 一 head/phone 13800000007
keep twin again
twin wang again third
save twin 三乙 && save third 三丙 && edit third 一 home/live_addr 北街
settle third twin wang
save third 四丙 && edit twin 一 head/phone 13800000008
whole clone-of-clone 0 wang zhang twin third

# --- a tablet that is new, and one that was away for months with work of its own ---

fresh wang zhang
for i in 1 2 3 4 5; do save wang 户$i; done
settle wang zhang
edit zhang 户1 home/hukou_no 甲 && save zhang 远
for i in $(seq 40); do
    for k in 1 2 3 4 5; do edit wang 户$k home/live_addr "第$i条街"; done
done
settle wang
edit wang 户1 home/hukou_no 乙 && settle wang
join chen
whole far-behind 0 wang zhang chen

# --- a tablet comes back from its own backup, after it had sent more ---

fresh wang zhang
save wang 一 && settle wang zhang
keep wang copy
save wang 二 && edit wang 一 head/phone 13800000002 && settle wang zhang
put_back wang copy
save wang 三 && edit wang 一 head/phone 13800000003
whole put-back 0 wang zhang

# --- the same, and it sends before it hears, while the answers are lost ---

fresh wang zhang
save wang 一 && settle wang
keep wang copy
save wang 二 && settle wang
put_back wang copy
save wang 三
start_proxy down:700
agent wang sync --server "https://127.0.0.1:$proxy_port" >/dev/null 2>&1
stop_proxy
edit wang 一 home/live_addr 西街
agent wang sync --server "$url" >/dev/null 2>&1
whole put-back-cut 0 wang zhang

# --- the county comes back from an old backup ---

fresh wang zhang
save wang 一 && save zhang 二 && settle wang zhang
syncd backup "$work/old.backup" >/dev/null 2>&1
save wang 三 && edit zhang 一 head/phone 13800000004 && settle wang zhang
edit wang 二 home/live_addr 南街
restore "$work/old.backup"
ok $? 'the county comes back from an old backup'
whole restored 0 wang zhang

# --- the same, from one that is older than what it had promised to be safe ---

fresh wang zhang
save wang 一 && settle wang zhang
syncd backup "$work/first.backup" >/dev/null 2>&1
save wang 二 && edit wang 一 head/phone 13800000005 && settle wang zhang
syncd backup "$work/second.backup" >/dev/null 2>&1
syncd backup confirm "$work/second.backup" >/dev/null 2>&1
settle wang zhang
same 'the tablet was told that all is in a backup' "$(agent wang status --json | field .backed_up)" 3
restore "$work/first.backup"
ok $? 'the county comes back from an older one'
save wang 三
whole watermark 0 wang zhang

# --- county and tablet at once ---

fresh wang zhang
save wang 一 && settle wang zhang
keep wang copy
syncd backup "$work/old.backup" >/dev/null 2>&1
save zhang 二 && save wang 三 && settle wang zhang
restore "$work/old.backup"
put_back wang copy
save zhang 四
whole restored-both 0 wang zhang
done_with_rows
