#!/usr/bin/env bash
# demo.sh: the whole story on one machine: a county, two tablets without network, a true conflict,
# a person's decision, and the decision arriving on both tablets. Run by `make demo`.
#
#   DEMO=once   end by itself when the story is told (else everything keeps running)
#   YG_BUILD    where the programs are (build)
set -euo pipefail

build=$(cd "${YG_BUILD:-build}" && pwd)
here=$build/demo
area=430626117205 # a village in Pingjiang
families=${FAMILIES:-12}
export LANG=${DEMO_LANG:-zh_CN.UTF-8}

say() { printf '\n\033[1m%s\033[0m\n' "$*"; }
run() { # shows the command as one would type it, then runs it
    printf '\033[2m$ %s\033[0m\n' "$(printf '%q ' "$@" | sed "s|$build/||g")"
    "$@"
}

rm -rf "$here"
mkdir -p "$here"
server_pid=
stop() { [ -z "$server_pid" ] || kill "$server_pid" 2>/dev/null || true; }
trap stop EXIT INT TERM

# Every person has a secret of his own. Real ones are never written into a script.
as_li() { YG_PASSPHRASE='李主任的口令' "$@"; }
as_wang() { YG_PASSPHRASE='王芳的口令' "$@"; }
as_zhang() { YG_PASSPHRASE='张强的口令' "$@"; }
A=(--data "$here/tablet-wang")
B=(--data "$here/tablet-zhang")

say '1. 县里开张：密钥、表格、人员  |  The county opens: keys, forms, people'
run "$build/yg-syncd" init --data "$here/county" --area 430626 >"$here/recovery-halves.txt"
echo "   (两份恢复密钥在 $here/recovery-halves.txt，由两人分别保管)"
run "$build/yg-syncd" form publish schema/forms/household --data "$here/county"
run "$build/yg-syncd" form publish schema/forms/visit --data "$here/county"
as_li run "$build/yg-syncd" user add 李主任 --role county --data "$here/county"
"$build/yg-syncd" serve --data "$here/county" --listen 127.0.0.1:0 --port-file "$here/address" \
    2>"$here/county.log" &
server_pid=$!
for _ in $(seq 100); do
    [ -s "$here/address" ] && break
    kill -0 "$server_pid" || { cat "$here/county.log"; exit 1; }
    read -rt 0.1 <> <(:) || true
done
url=$(cat "$here/address")
echo "   县级服务 the county: $url"

say '2. 两台平板领取一次性口令，登记入网  |  Two tablets enrol with one-time codes'
code_a=$("$build/yg-syncd" device invite --data "$here/county" --areas "$area" --name 平板甲 --person 王芳)
code_b=$("$build/yg-syncd" device invite --data "$here/county" --areas "$area" --name 平板乙 --person 张强)
as_wang run "$build/yg-agent" enrol "${A[@]}" --server "$url" --code "$code_a"
as_zhang run "$build/yg-agent" enrol "${B[@]}" --server "$url" --code "$code_b"
as_wang "$build/yg-agent" sync "${A[@]}" >/dev/null
as_zhang "$build/yg-agent" sync "${B[@]}" >/dev/null

say '3. 没有信号：两人各自入户登记  |  No signal: both record households'
"$build/generate" --seed 7 --count "$families" --json >"$here/families.jsonl"
first=
number=0
while read -r family; do
    number=$((number + 1))
    printf '%s\n' "$family" >"$here/family.json"
    if [ $((number % 2)) = 1 ]; then
        id=$(as_wang "$build/yg-agent" new household "${A[@]}" --area "$area" --file "$here/family.json")
        [ -n "$first" ] || first=$id
    else
        id=$(as_zhang "$build/yg-agent" new household "${B[@]}" --area "$area" --file "$here/family.json")
    fi
done <"$here/families.jsonl"
as_wang run "$build/yg-agent" list "${A[@]}"
as_wang run "$build/yg-agent" status "${A[@]}"

say '4. 傍晚同步：两台平板都有了全部家庭  |  Evening: both tablets sync and hold every household'
as_wang run "$build/yg-agent" sync "${A[@]}"
as_zhang run "$build/yg-agent" sync "${B[@]}"
as_wang run "$build/yg-agent" sync "${A[@]}"
run "$build/yg-syncd" records --data "$here/county"

say '5. 第二天又没有信号：两人都去了同一户，看到的不一样  |  Next day: both visit one family and disagree'
income=$(as_wang "$build/yg-agent" add "$first" income "${A[@]}" item_code=B201 qty_observed=4 unit_observed=head)
as_wang "$build/yg-agent" sync "${A[@]}" >/dev/null
as_zhang "$build/yg-agent" sync "${B[@]}" >/dev/null
as_wang run "$build/yg-agent" set "$first" "income[$income]/qty_observed=5" "${A[@]}"
as_zhang run "$build/yg-agent" set "$first" "income[$income]/qty_observed=2" "home/group_name=芦洞3组" "${B[@]}"
as_wang run "$build/yg-agent" set "$first" head/phone=13800000001 "${A[@]}"
as_wang "$build/yg-agent" sync "${A[@]}" >/dev/null
as_zhang "$build/yg-agent" sync "${B[@]}" >/dev/null
as_wang "$build/yg-agent" sync "${A[@]}" >/dev/null
echo '   小组和电话自动合并；养猪头数两个值都保留，等人来定：'
echo '   Group and telephone merged by themselves; both counts of pigs are kept and wait for a person:'
run "$build/yg-syncd" conflicts --data "$here/county"
as_wang run "$build/yg-agent" conflicts "${A[@]}"
as_zhang run "$build/yg-agent" conflicts "${B[@]}"

say '6. 四眼原则：当事人不能自己裁决；县里的人决定  |  Four eyes: neither side may decide; the county does'
if as_wang "$build/yg-agent" resolve "$first" "income[$income]/qty_observed" --value 5 \
    --reason '我数过' "${A[@]}"; then
    echo 'a person decided his own conflict' >&2
    exit 1
fi
as_li run "$build/yg-syncd" resolve "$first" "income[$income]/qty_observed" --value 4 --as 李主任 \
    --reason '电话核实：上月卖出一头' --data "$here/county"

say '7. 决定回到两台平板  |  The decision arrives on both tablets'
as_wang run "$build/yg-agent" sync "${A[@]}"
as_zhang run "$build/yg-agent" sync "${B[@]}"
pigs_a=$(as_wang "$build/yg-agent" show "$first" --json "${A[@]}" | grep -F "income[$income]/qty_observed")
pigs_b=$(as_zhang "$build/yg-agent" show "$first" --json "${B[@]}" | grep -F "income[$income]/qty_observed")
echo "   王芳: $pigs_a"
echo "   张强: $pigs_b"
case "$pigs_a$pigs_b" in
*': 4,'*': 4,'*) ;;
*)
    echo 'the decision did not arrive on both tablets' >&2
    exit 1
    ;;
esac
run "$build/yg-syncd" history "$first" "income[$income]/qty_observed" --data "$here/county"
run "$build/yg-syncd" verify --data "$here/county"
as_wang run "$build/yg-agent" verify "${A[@]}"

if [ "${DEMO:-}" = once ]; then
    say '演示完毕。 The story is told.'
    exit 0
fi
say '一切仍在运行，可以接着试：  |  Everything keeps running. What to try next, in another terminal:'
cat <<END
   cd $(pwd)
   $build/yg-syncd show $first --data $here/county
   YG_PASSPHRASE=王芳的口令 $build/yg-agent set $first head/phone=13900000002 --data $here/tablet-wang
   YG_PASSPHRASE=王芳的口令 $build/yg-agent sync --data $here/tablet-wang
   $build/yg-syncd records --data $here/county
   kill -9 $server_pid      # pull the plug, then: $build/yg-syncd serve --data $here/county --listen ${url#https://}
   $build/yg-syncd --help; $build/yg-agent --help
   按 Ctrl-C 结束。 Ctrl-C ends it.
END
wait "$server_pid"
