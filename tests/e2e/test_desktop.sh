#!/usr/bin/env bash
# test_desktop.sh: the icon on the desktop: it starts the tablet's service where none runs, opens the
# pages, and leaves the service at work when the window is closed.
. "$(dirname "$0")/lib.sh"

make_county >/dev/null && start_county && enrol wang || exit 1
mkdir "$work/bin"
# A browser that keeps what it was given, as a window that is closed at once.
printf '#!/bin/sh\nfor word; do :; done\ncat "${word#file://}" >"%s/page"\n' "$work" >"$work/bin/browser"
chmod +x "$work/bin/browser"
icon() {
    PATH=$build:$PATH YG_DATA=$work/tablet-wang sh packaging/yangguang.sh --browser "$work/bin/browser" \
        >>"$work/icon.log" 2>&1 9<&-
}
served() { pgrep -g 0 -f 'yg-agent serve' | tr '\n' ' '; }

cd "$(dirname "$0")/../.." || exit 1
same 'nothing is served before' "$(served)" ''
icon
ok $? 'the icon opens the pages'
grep -q 'api/launch' "$work/page"
ok $? 'the browser got the page that lets it in'
first=$(served)
same 'one service is at work after the window is closed' "$(echo $first | wc -w)" 1
rm "$work/page"
icon
ok $? 'and again'
same 'with the same service' "$(served)" "$first"
test -s "$work/page"
ok $? 'and the page'
kill $first

printf '#!/bin/sh\n' >"$work/bin/browser"
mkdir "$work/empty"
! PATH=$build:$PATH YG_DATA=$work/empty sh packaging/yangguang.sh --browser "$work/bin/browser" \
    >"$work/none.log" 2>&1
ok $? 'a tablet that is not enrolled says so'
grep -q 'enrol' "$work/none.log"
ok $? 'and what to do'
finish
