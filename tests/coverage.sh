#!/usr/bin/env bash
# coverage.sh BUILD: of the code on which the promises stand, how much the unit, property and fault
# tests have run: lines, and branches that went both ways. Reads what the programs of flavour
# coverage have left beside their objects.
set -u -o pipefail
build=$1
files=(schema/merge*.c schema/reading*.c schema/wire/*.c agent/sync/*.c agent/store/*.c syncd/sync/*.c
    syncd/store/*.c)

# gcov's "File 'x.c'", "Lines executed:97.1% of 200" and "Taken at least once:..." as one line each.
for file in "${files[@]}"; do
    (cd "$build/obj/coverage/$(dirname "$file")" 2>/dev/null &&
        test -f "$(basename "$file" .c).gcda" &&
        gcov -b -n "$(basename "$file" .c).gcda" 2>/dev/null) |
        awk -v want="$file" '
            /^File / { here = index($0, want "\x27") > 0; next }
            here && /^Lines executed/ { split($0, part, /[:% ]+/); lines = part[3]; of = part[5] }
            here && /^Taken at least once/ { split($0, part, /[:% ]+/); taken = part[5]; from = part[7] }
            END { if (of > 0) print want, lines, of, taken + 0, from + 0; else print want, 0, 0, 0, 0 }'
done | awk '
    { room = $1; sub(/\/[^\/]*$/, "", room); if (room == "schema") room = $1 ~ /merge/ ? "schema/merge*" : "schema/reading*"
      printf "%-38s %6.1f%% of %5d lines  %6.1f%% of %5d branches\n", $1, $2, $3, $4, $5
      lines[room] += $2 * $3 / 100; of[room] += $3; taken[room] += $4 * $5 / 100; from[room] += $5 }
    END { print ""
      for (room in of) printf "%-38s %6.1f%% of %5d lines  %6.1f%% of %5d branches\n", room, 100 * lines[room] / (of[room] ? of[room] : 1), of[room], 100 * taken[room] / (from[room] ? from[room] : 1), from[room] | "sort" }'
