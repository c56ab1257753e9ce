# epfl_prepare.awk: the EPFL household or individual table, made ready to be imported with
# tests/forms/epfl: only the unnamed first column, which counts the rows, is left out. Individuals
# name their household in the column KEY, so nothing is made up here.
#
#   awk -f epfl_prepare.awk ceat_epfl_household_data.csv > household.csv
#
# The files hold no quoted cells.

FNR == 1 && substr($0, 1, 1) != "," {
    print "epfl_prepare: " FILENAME ": the first column has a name" > "/dev/stderr"
    exit 1
}

{
    sub(/\r$/, "")
    sub(/^[^,]*,/, "")
    print
}
