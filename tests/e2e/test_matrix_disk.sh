#!/usr/bin/env bash
# test_matrix_disk.sh: rows of the fault matrix (docs/testing.md): disks that are full.
. "$(dirname "$0")/matrix.sh"

# --- the disk of a tablet is full, then the county's ---

fresh wang zhang
big() { # NAME KEY: a household with a long note
    note "$2" head/name "$2" maybe
    local text
    text=$(head -c 45000 /dev/urandom | base64 -w 0) # what no compression makes small
    note "$2" situation/notes "$text" maybe
    printf '{"head":{"name":"%s"},"situation":{"notes":["%s"]}}' "$2" "$text" |
        agent "$1" new household --area "$area" --draft --file - >"$work/id-$2" 2>"$work/stderr" ||
        return 1
    note "$2" head/name "$2"
    note "$2" situation/notes "$text"
}
save wang 一 && settle wang zhang
down wang
limit[wang]=$(($(stat -c %s "$work/tablet-wang/tablet.db") / 1024 + 400))
up wang
full=no
for i in $(seq 40); do big wang "满$i" || { full=$?; break; }; done
[ "$full" != no ]
ok $? 'a disk fills up while people save'
says 'disk|space|full|write'
down wang && limit=() && up wang
whole full-tablet 0 wang zhang
stop_county
rm -f "$work/address"
(short_of_space $(($(stat -c %s "$work/county/county.db") / 1024 + 60)) "$build/yg-syncd" serve \
    --data "$work/county" --listen "127.0.0.1:$port" --port-file "$work/address") \
    2>>"$work/county.log" &
server_pid=$!
while [ ! -s "$work/address" ]; do read -rt 0.05 <> <(:) || true; done
for i in $(seq 14); do big wang "县$i"; done
agent wang sync >"$work/stdout" 2>"$work/stderr"
[ $? != 0 ]
ok $? 'a county whose disk is full takes no more'
stop_county
start_county "$port"
whole full-county 0 wang zhang
done_with_rows
