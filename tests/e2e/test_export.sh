#!/usr/bin/env bash
# test_export.sh: what leaves the county opens in other programs: tables of an archive that join up,
# a workbook with numbers as numbers and no formula, places on a map, and a log of it all.
. "$(dirname "$0")/lib.sh"

make_county && start_county && syncd form publish schema/forms/household >/dev/null 2>&1 &&
    enrol wang && agent wang sync >/dev/null
ok $? 'a county and a tablet'
syncd area rename $area '=石牌村' --reason 'a name like a formula' 2>/dev/null
mkdir "$work/made"
"$build/generate" --seed 5 --count 30 --csv "$work/made"
agent wang import household "$work/made/household.csv" --area $area --key key \
    --repeat member="$work/made/member.csv" >"$work/imported" 2>&1
ok $? 'thirty households'
cat >"$work/nasty.json" <<'JSON'
{"head": {"name": "=cmd|' /C calc'!A0"}, "home": {"geo": "28.9512 113.4321 88.5 4"},
 "member": [{"name": "+王芳", "relation": "01", "id_type": "1", "id_no": "11010519491231002X",
             "sex": "2", "birth": "1949-12-31"}]}
JSON
agent wang new household --area $area --file "$work/nasty.json" >"$work/imported" 2>&1
ok $? 'and a nasty one'
agent wang sync >/dev/null
ok $? 'reach the county'

get() { # FORMAT [OPTIONS]
    local format=$1
    shift
    syncd export --form household --format "$format" "$@" >"$work/out.$format" 2>"$work/stderr"
}

get jsonl
same 'a line a record' "$(wc -l <"$work/out.jsonl" | tr -d ' ')" 31
same 'each a document' "$(head -n 1 "$work/out.jsonl" | field .form)" household
get csv
grep -q "'=cmd|" "$work/out.csv"
ok $? 'a formula is disarmed in CSV'
! grep -q 11010519491231002X "$work/out.csv"
ok $? 'and nothing sensitive is in it'

if ! command -v python3 >/dev/null; then
    echo '# without python3 the archive and the workbook are not opened'
    finish
fi

get zip
python3 - "$work/out.zip" <<'PYTHON'
import csv, io, sys, zipfile
archive = zipfile.ZipFile(sys.argv[1])
assert archive.testzip() is None
tables = {name: list(csv.DictReader(io.TextIOWrapper(archive.open(name), "utf-8-sig")))
          for name in archive.namelist()}
homes, members, fields = tables["household.csv"], tables["member.csv"], tables["fields.csv"]
assert len(homes) == 31, len(homes)
ids = {row["id"] for row in homes}
assert members and all(row["id"] in ids and row["instance"] for row in members)
assert len({row["instance"] for row in members}) == len(members)
assert {row["id"] for row in members} == ids
assert any(row["member/relation"] == "01" and row["member/relation.label"] for row in members)
for name, rows in tables.items():
    if name != "fields.csv" and rows:
        known = {row["column"] for row in fields if row["table"] == name[:-4]}
        assert all(column in known or column.endswith(".label") or "/" not in column
                   for column in rows[0]), name
    for row in rows:
        for value in row.values():
            assert not value or value[0] not in "=+@\t\r", (name, value)
assert all(row["area.name"] == "'=石牌村" for row in homes), homes[0]
PYTHON
ok $? 'the tables of the archive join up, codes have words, formulas are disarmed'

get xlsx --reveal --reason audit
python3 - "$work/out.xlsx" <<'PYTHON'
import re, sys, zipfile
import xml.etree.ElementTree as tree
space = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
archive = zipfile.ZipFile(sys.argv[1])
assert archive.testzip() is None
book = tree.parse(archive.open("xl/workbook.xml"))
names = [sheet.get("name") for sheet in book.iter(space + "sheet")]
assert names[0] == "household" and "member" in names and names[-1] == "fields", names
def rows(number):
    root = tree.parse(archive.open("xl/worksheets/sheet%d.xml" % number))
    assert not list(root.iter(space + "f")), "a formula"
    for row in root.iter(space + "row"):
        yield {re.match("[A-Z]+", cell.get("r")).group(): (cell.get("t"), "".join(cell.itertext()))
               for cell in row.iter(space + "c")}
def table(name):
    lines = list(rows(names.index(name) + 1))
    heads = {column: text for column, (_, text) in lines[0].items()}
    return [{heads[column]: cell for column, cell in line.items()} for line in lines[1:]]
homes, members = table("household"), table("member")
assert len(homes) == 31, len(homes)
ids = {row["id"][1] for row in homes}
assert members and all(row["id"][1] in ids for row in members)
assert all(row["area"][0] == "inlineStr" for row in homes), "an area code is a text"
assert any(row["head/name"] == ("inlineStr", "=cmd|' /C calc'!A0") for row in homes)
births = [row["member/birth"] for row in members if "member/birth" in row]
assert births and all(kind is None and float(text) > 10000 for kind, text in births), births[:3]
PYTHON
ok $? 'the workbook has the same, dates as dates, and no formula'

get geojson
same 'a sensitive place is left out' "$(grep -c Feature\" "$work/out.geojson")" 0
get geojson --reveal --reason audit
python3 - "$work/out.geojson" <<'PYTHON'
import json, sys
features = json.load(open(sys.argv[1], encoding="utf-8"))["features"]
points = [f for f in features if f["geometry"]["coordinates"] == [113.4321, 28.9512, 88.5]]
assert len(points) <= 1 and all(f["geometry"]["type"] == "Point" for f in features)
assert points, features[:1]
assert points[0]["properties"]["area"] == "430626117205"
PYTHON
ok $? 'places are features, longitude first'

status 'what is sensitive needs a reason' 2 syncd export --form household --format csv \
    --repeat member --reveal
syncd export --form household --csv --repeat member --reveal --reason audit >"$work/revealed"
grep -q 11010519491231002X "$work/revealed"
ok $? 'with it, it is there'
status 'another format is wrong usage' 2 syncd export --form household --format pdf
status 'two formats as well' 2 syncd export --form household --csv --format zip
same 'nothing is left of the files' "$(ls "$work/county/exports")" ''
syncd log >"$work/log"
grep -q 'household: 31, xlsx' "$work/log"
ok $? 'the log says how many left the county'
same 'also before it knew' "$(grep -c ' export ' "$work/log")" 7
finish
