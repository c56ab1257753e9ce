#!/bin/sh
# format.sh: keep the C files in the shape that .clang-format describes.
#
#   tests/format.sh check|rewrite CLANG_FORMAT FILE...
#
# check reports in TAP: one test, and one comment line for every file that would change.
set -eu

mode=$1
clang_format=$2
shift 2

if [ "$mode" = rewrite ]; then
    printf '%s\n' "$@" | xargs -P 2 -n 40 "$clang_format" -i
    exit 0
fi

log=$(mktemp)
trap 'rm -f "$log"' EXIT
echo '1..1'
if "$clang_format" --dry-run -Werror "$@" > "$log" 2>&1; then
    echo "ok 1 - $# files are formatted"
else
    sed -n 's/^\([^ :]*\):[0-9]*:[0-9]*: error: code should be clang-formatted.*/# not formatted: \1/p' \
        "$log" | sort | uniq -c | sed 's/ *\([0-9]*\) \(.*\)/\2 (\1)/'
    grep -E '^[^ ]*(error|warning):|rror reading' "$log" | grep -v 'clang-formatted' |
        sed 's/^/# /' || true
    echo "# run 'make format'"
    echo 'not ok 1 - files are formatted'
    exit 1
fi
