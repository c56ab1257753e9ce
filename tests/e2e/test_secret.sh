#!/usr/bin/env bash
# test_secret.sh: nothing that people said or typed can be read in what a tablet writes, whatever
# happens to it; nor in what it sends, even without TLS; and the county's command line masks what is sensitive,
# and logs who looked behind the mask.
. "$(dirname "$0")/lib.sh"
here=$(dirname "$0")

mkdir "$work/tmp"
export TMPDIR=$work/tmp # where libraries might put temporary files
serve_options=--plain
make_county && start_county && syncd form publish schema/forms/household >/dev/null 2>&1 &&
    enrol wang && enrol zhang
ok $? 'a county without TLS, and two tablets'
start_proxy tap
wire="http://127.0.0.1:$proxy_port"
agent wang sync --server "$wire" >/dev/null && agent zhang sync --server "$wire" >/dev/null
ok $? 'both sync over a wire that is tapped'

cat >"$work/answers" <<'END'
{"head":{"name":"欧阳桂兰","phone":"13812345678"},
 "home":{"group_name":"芦洞三组","hukou_no":"43069912340001","live_addr":"阳光村芦洞三组17号"},
 "situation":{"notes":["丈夫去年冬天去世","女儿在长沙读书"]},
 "bank":{"bank_name":"平江农商银行","account_name":"欧阳桂兰","account_no":"6217001234567890123"},
 "member":[{"name":"欧阳桂兰","relation":"02","id_type":"1","id_no":"430699195503070022",
   "illness_major":"慢性肾功能衰竭","birth":"1955-03-07"},
  {"name":"𬍛小明","relation":"20","id_type":"1","id_no":"430699198809123456"}],
 "income":[{"owner":"欧阳桂兰","item_code":"B201","qty":31,"unit":"head"}]}
END
cat >"$work/words" <<'END'
欧阳桂兰
13812345678
芦洞三组
43069912340001
17号
去年冬天去世
长沙读书
平江农商银行
6217001234567890123
430699195503070022
慢性肾功能衰竭
𬍛小明
430699198809123456
郑重更正
13987654321
信用社
后来听说
13700000077
只是草稿
secret-of-wang
secret-of-zhang
END
node "$here/search.mjs" "$work/words" "$work/answers" >/dev/null
same 'the search finds what is there' $? 1
clean() { # WHEN
    node "$here/search.mjs" "$work/words" "$work/tablet-wang" "$work/tmp" >"$work/found"
    ok $? "nothing can be read $1"
    grep -v 'words in' "$work/found" | head -n 10
}
record=$(agent wang new household --area $area --draft --file "$work/answers")
ok $? 'a household is recorded'
agent wang show "$record" | grep -q 欧阳桂兰
ok $? 'with the secret it can be read'
clean 'after new'
agent wang set "$record" head/name=郑重更正 head/phone=13987654321 'situation/notes+=后来听说'
clean 'after an edit'
printf '{"head":{"name":"只是草稿"}}' |
    agent wang new household --area $area --draft --file - >/dev/null
agent wang seal "$record" nothing >/dev/null 2>&1
agent wang set "$record" head/phone=不是电话 nothing=只是草稿 >/dev/null 2>&1
clean 'after a draft, and after what was refused'
agent wang lock
clean 'after lock'
status 'locked, nothing is shown without the secret' 1 "$build/yg-agent" show "$record" \
    --data "$work/tablet-wang"
status 'nor with a wrong one' 1 env YG_PASSPHRASE=secret-of-zhang "$build/yg-agent" show "$record" \
    --data "$work/tablet-wang"
status 'nor listed' 1 "$build/yg-agent" list --search 欧阳 --data "$work/tablet-wang"
grep -q 欧阳 "$work/stdout" "$work/stderr"
[ $? -ne 0 ]
ok $? 'nor said in a message'
status 'a locked tablet syncs' 0 "$build/yg-agent" sync --data "$work/tablet-wang"
clean 'after a sync while locked'
same 'all of it was sent' "$("$build/yg-agent" status --json --data "$work/tablet-wang" |
    field .unsent)" 0
agent zhang sync >/dev/null && agent zhang set "$record" bank/bank_name=信用社 \
    head/phone=13700000077 && agent zhang sync >/dev/null
ok $? 'somebody else edits it'
status 'the locked tablet receives it' 0 "$build/yg-agent" sync --data "$work/tablet-wang"
clean 'after it was received while locked'
agent wang unlock >/dev/null 2>&1
clean 'after unlock'
same 'what came while locked is there' \
    "$(agent wang show "$record" --json | field '.values["bank/bank_name"]')" 信用社
start_tablet wang
agent wang set "$record" home/live_addr=阳光村芦洞三组17号之二 bank/bank_name=平江农商银行 \
    bank/account_no=6217001234567890123
clean 'while the service runs, unlocked'
agent wang list --search 郑重更正 | grep -q "$record"
ok $? 'while it can be searched for'
kill -9 "$(cat "$work/pid-wang")"
wait "$(cat "$work/pid-wang")" 2>/dev/null
clean 'after kill -9 of the service'
"$build/generate" --seed 9 --count 50 --csv "$work" >/dev/null
agent wang import household "$work/household.csv" --area $area --key key \
    --repeat "member=$work/member.csv" --repeat "income=$work/income.csv" >/dev/null
ok $? 'fifty households are imported'
cut -d, -f2,3,6 "$work/household.csv" | tail -n +2 | tr ',' '\n' | grep .. >"$work/more"
cut -d, -f5 "$work/member.csv" | tail -n +2 | grep .. >>"$work/more"
mv "$work/words" "$work/few" && sort -u "$work/few" "$work/more" | tr -d '\r' >"$work/words"
clean 'after an import'
agent wang sync >/dev/null && agent zhang sync >/dev/null
clean 'after the next sync'
node "$here/search.mjs" "$work/words" "$work/tablet-zhang" >"$work/found"
ok $? 'nor on the tablet that received it all'
grep -v 'words in' "$work/found" | head -n 10
node "$here/search.mjs" "$work/words" "$work/proxy-port.tap" >"$work/found"
ok $? 'nor in what they sent, even where the line is clear'
tail -n 5 "$work/found"
same 'others may not enter the folder' "$(stat -c %a "$work/tablet-wang")" 700
node "$here/search.mjs" "$work/words" "$work/county.log" >"$work/found"
[ $? != 1 ]
ok $? "nor in the county's log"
node "$here/search.mjs" "$work/few" "$work/county/keys" "$work/halves" >/dev/null
ok $? 'nor beside its keys'

# --- the county's command line ---

sensitive='13700000077 43069912340001 平江农商银行 6217001234567890123 430699195503070022
    慢性肾功能衰竭 430699198809123456 1955-03-07 芦洞三组17号'
shown() { # OUTPUT FILE: how many sensitive values stand in it
    local word count=0
    for word in $sensitive; do
        grep -qF -- "$word" "$1" && count=$((count + 1))
    done
    echo $count
}
agent wang sync >/dev/null
for command in "show $record" "show $record --json" "history $record" "history $record --json" \
    conflicts 'conflicts --json' records 'records --json' 'export --form household --json' \
    'export --form household --csv' 'export --form household --csv --repeat member' \
    'export --form household --csv --repeat income' log 'log --json' quarantine 'device list'; do
    syncd $command >"$work/out" 2>&1
    ok $? "$command"
    same '  masks' "$(shown "$work/out")" 0
done
looks() { # how many acts in the log give this reason
    syncd log --json | field '.filter((e) => JSON.stringify(e).includes("回访核实")).length'
}
same 'nobody has looked yet' "$(looks)" 0
for command in "show $record" "history $record" 'export --form household --json' \
    'export --form household --csv'; do
    status "$command --reveal without a reason is refused" 2 syncd $command --reveal
    same '  and shows nothing' "$(cat "$work/stdout" "$work/stderr" >"$work/out" &&
        shown "$work/out")" 0
done
same 'which is no look' "$(looks)" 0
syncd show "$record" --reveal --reason 回访核实 >"$work/out"
same 'with a reason it shows them' "$(shown "$work/out")" 9
same 'and that is logged' "$(looks)" 1
syncd history "$record" --reveal --reason 回访核实 >"$work/out"
same 'also in the history' "$(shown "$work/out")" 9
same 'which is logged' "$(looks)" 2
syncd export --form household --json --reveal --reason 回访核实 >"$work/out"
same 'also in an export' "$(shown "$work/out")" 9
[ "$(looks)" -ge 3 ]
ok $? 'which is logged'
syncd log --json | grep -q "$record"
ok $? 'with the record'
status 'the county verifies' 0 syncd verify
status 'the tablet verifies' 0 agent wang verify
stop_proxy
finish
