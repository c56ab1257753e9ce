#!/bin/sh
# man.sh: groff must have nothing to complain about in our man pages. Reports in TAP.
#
#   tests/man.sh PAGE...
set -eu

[ $# -gt 0 ] || { echo '1..1'; echo 'ok 1 - man pages # SKIP there are none'; exit 0; }
echo "1..$#"
number=0
status=0
for page in "$@"; do
    number=$((number + 1))
    if ! command -v man > /dev/null 2>&1; then
        echo "ok $number - $page # SKIP no man"
        continue
    fi
    # A terminal of 80 columns: a wider one would hide lines that do not fit.
    words=$(LC_ALL=C.UTF-8 MANROFFSEQ='' MANWIDTH=80 man --warnings -E UTF-8 -l -Tutf8 -Z "$page" 2>&1 > /dev/null)
    if [ -z "$words" ]; then
        echo "ok $number - $page"
    else
        printf '%s\n' "$words" | sed 's/^/# /'
        echo "not ok $number - $page"
        status=1
    fi
done
exit $status
