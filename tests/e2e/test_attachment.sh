#!/usr/bin/env bash
# test_attachment.sh: a photo from the caseworker's file to the county's, over lines that are cut
# and with plugs pulled on both sides; nothing of it lies open on the tablet.
. "$(dirname "$0")/lib.sh"
here=$(dirname "$0")

serve_options=--plain
make_county && start_county && syncd form publish schema/forms/household >/dev/null 2>&1 &&
    syncd form publish schema/forms/visit >/dev/null 2>&1 && enrol wang && agent wang sync >/dev/null
ok $? 'a county and a tablet'
words=欧阳桂兰家的堂屋
node "$here/photo.mjs" "$work/one.jpg" 1500000 1 "$words"
node "$here/photo.mjs" "$work/two.jpg" 300000 2 "$words"
echo 'no photo at all' >"$work/three.jpg"
head -c 200000 "$work/one.jpg" >"$work/four.jpg"

# --- into a record ---
record=$(agent wang new visit --area $area --draft 2>/dev/null)
one=$(agent wang attach "$record" photos "$work/one.jpg" 2>/dev/null)
same 'its name is its SHA-256' "$one" "$(sha256sum "$work/one.jpg" | cut -c1-64)"
same 'the record names it' "$(agent wang show "$record" --json | field .values.photos[0])" "$one"
status 'what is disguised is refused' 1 agent wang attach "$record" photos "$work/three.jpg"
says 'no photo, whatever its name says'
status 'what is cut off is refused' 1 agent wang attach "$record" photos "$work/four.jpg"
says 'damaged or cut off'
status 'another question takes none' 1 agent wang attach "$record" statement "$work/one.jpg"
same 'one waits' "$(agent wang status --json | field .attachments.waiting)" 1

# --- into a draft ---
draft=$(agent wang draft begin visit --area $area)
start_tablet wang
status 'a draft takes one' 0 agent wang draft attach "$draft" photos "$work/two.jpg"
same 'it waits for the draft' "$(agent wang status --json | field .attachments.waiting)" 1
pull_plug wang
same 'the draft has it after kill -9' "$(agent wang draft show "$draft" --json |
    field '.questions.find(q => q.ref.endsWith("/photos")).value')" \
    "$(sha256sum "$work/two.jpg" | cut -c1-64)"
node "$here/search.mjs" <(echo "$words") "$work/tablet-wang" >"$work/found"
ok $? 'nothing of it can be read on the tablet'
grep -rqF "$(head -c 1400000 "$work/one.jpg" | tail -c 24 | base64)" "$work/tablet-wang"
same 'nor a piece of it' $? 1
status 'discarded' 0 agent wang draft discard "$draft"

# --- the way to the county, cut again and again ---
for cut in 100000 300000 300000; do # never two chunks at once
    start_proxy "up:$cut"
    status "cut after $cut bytes" 3 agent wang sync --server "http://127.0.0.1:$proxy_port"
    kill_county
    start_county
done
same 'the record has not waited' "$(syncd show "$record" --json | field .values.photos[0])" "$one"
same 'the staff see what is missing' "$(syncd attachments --missing --json | field '.length')" 1
same 'and where it is' "$(syncd attachments --missing --json | field '[0].device')" tablet-wang
status 'it cannot be seen yet' 1 syncd attachment save "$one" "$work/out.jpg" --reason 'a look'
says 'still on the tablet'
status 'the line holds' 0 agent wang sync --server "$url"
same 'nothing is missing' "$(syncd attachments --missing --json | field .length)" 0
same 'nothing waits' "$(agent wang status --json | field .attachments.waiting)" 0
status 'without a reason it is not shown' 2 syncd attachment save "$one" "$work/out.jpg"
status 'with one it is' 0 syncd attachment save "$one" "$work/out.jpg" --reason 'a look'
cmp -s "$work/one.jpg" "$work/out.jpg"
ok $? 'byte for byte'
syncd log --json | grep -q 'attachment save'
ok $? 'and it is in the log'
# --- copies, and what becomes of a damaged one ---
status 'copied' 0 syncd attachment backup "$work/copies"
node "$here/search.mjs" <(echo "$words") "$work/copies" >"$work/found"
ok $? 'the copies tell nothing'
same 'read back' "$(syncd attachment confirm "$work/copies" --json | field .done)" 1
same 'it is backed up' "$(syncd attachments --json | field '[0].state')" 'backed up'
same 'once' "$(syncd attachment backup "$work/copies" --json | field .before)" 1
file=$(find "$work/county/attachments" -name "$one")
printf x | dd of="$file" bs=1 seek=5000 conv=notrunc 2>/dev/null
status 'a bad disk is noticed' 1 syncd attachment verify
rm "$file"
same 'and mended from the copies' "$(syncd attachment restore "$work/copies" --json | field .done)" 1
status 'all is well' 0 syncd attachment verify
cmp -s "$work/one.jpg" "$file"
ok $? 'byte for byte'
copy=$(find "$work/copies" -type f)
printf x | dd of="$copy" bs=1 seek=5000 conv=notrunc 2>/dev/null
rm "$file"
status 'a damaged copy is not put back' 1 syncd attachment restore "$work/copies"
same 'what was discarded never came' "$(syncd attachments --json | field .length)" 1
stop_proxy
finish
