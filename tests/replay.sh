#!/bin/sh
# replay.sh: shows a fuzz target its corpus and a fixed set of random inputs. Reports in TAP.
#
#   tests/replay.sh PROGRAM
set -eu

name=$(basename "$1")
corpus=tests/fuzz/corpus/$name
[ -d "$corpus" ] || corpus=
echo '1..1'
# New inputs go into the first folder, which is thrown away.
if "$1" -runs=5000 -seed=1 -timeout=10 -rss_limit_mb=2048 -artifact_prefix="$TMPDIR/" "$TMPDIR" \
    $corpus 2>&1; then
    echo "ok 1 - $name"
else
    echo "not ok 1 - $name"
    exit 1
fi
