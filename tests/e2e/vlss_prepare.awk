# vlss_prepare.awk: the Vietnam Living Standards Survey as Rdatasets publishes it, made ready to be
# imported with tests/forms/vlss.
#
#   awk -v part=household  -f vlss_prepare.awk VietNamH.csv VietNamI.csv > household.csv
#   awk -v part=individual -f vlss_prepare.awk VietNamH.csv VietNamI.csv > individual.csv
#
# The published tables name no household for an individual; all that they have in common is the
# commune. So the individuals of a commune, in the order of the file, are dealt to its households,
# in the order of the file, in proportion to hhsize: household j gets those from
# floor(n * (size of the households before it) / (size of all)) on. That is made up, but it is the
# same every time, keeps every published value, and gives households of a natural size.
#
# The row number becomes the column "household" or "person"; individuals get "household" in front.
# The files hold no quoted cells.

BEGIN {
    FS = OFS = ","
    if (part != "household" && part != "individual")
        fail("part must be household or individual")
}

function fail(text) {
    failed = 1
    print "vlss_prepare: " text > "/dev/stderr"
    exit 1
}

{ sub(/\r$/, "") }

FNR == 1 {
    file++
    if ($1 != "rownames" || $NF != "commune")
        fail(FILENAME ": the first column is not rownames, or the last not commune")
    for (i = 1; i <= NF; i++)
        if ($i == "hhsize")
            size_at = i
    $1 = file == 1 ? "household" : "person"
    if (file == 1 && part == "household")
        print
    if (file == 2 && part == "individual")
        print "household", $0
    next
}

file == 1 {
    households[$NF]++
    name[$NF, households[$NF]] = $1
    before[$NF, households[$NF]] = total[$NF]
    total[$NF] += $size_at
    if (part == "household")
        print
    next
}

part == "individual" {
    people[$NF]++
    commune[++rows] = $NF
    row[rows] = $0
}

END {
    if (failed)
        exit 1
    if (file != 2)
        fail("two files are needed: households, then individuals")
    for (i = 1; i <= rows; i++) {
        c = commune[i]
        if (total[c] == 0)
            fail("commune " c " has no household")
        if (!(c in at))
            at[c] = 1
        # The person's place among the n of the commune; the next household begins further down.
        place = dealt[c]++
        while (at[c] < households[c] && place >= int(people[c] * before[c, at[c] + 1] / total[c]))
            at[c]++
        print name[c, at[c]], row[i]
    }
}
