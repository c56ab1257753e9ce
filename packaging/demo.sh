#!/usr/bin/env bash
# demo.sh: the whole story on one machine: a county, two tablets without a network, a true conflict,
# a person's decision, and the decision arriving on both tablets. Run by `make demo`.
#
#   DEMO=once     end by itself when the story is told (else everything keeps running)
#   DEMO_LANG=en  language of the programs: zh or en (else that of the terminal); the story itself
#                 is told in both
#   FAMILIES=12   how many households
#   YG_BUILD      where the programs are (build); the demo lives in YG_BUILD/demo
#
# Commands are shown as one would type them in the demo's folder.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
build=$(cd "${YG_BUILD:-$root/build}" && pwd)
here=$build/demo
area=430626117205 # a village in Pingjiang
families=${FAMILIES:-12}

case ${DEMO_LANG:-${LC_ALL:-${LC_MESSAGES:-${LANG:-}}}} in
zh*) language=zh ;;
*) language=en ;;
esac
# The programs look at the name of the language only; a bare system need not have that locale.
unset LC_ALL LC_MESSAGES YG_DATA YG_PASSPHRASE YG_NEW_PASSPHRASE
export LC_CTYPE=C.UTF-8 LANG=$language
export PATH=$build:$PATH

# ---- telling ----

exec 2>&1 3>&1 # one stream, so that messages stand where they belong, also in a log
bold= dim= plain=
if [ -t 1 ]; then
    bold=$'\033[1m' dim=$'\033[2m' plain=$'\033[0m'
fi
chapter=0
say() { # CHINESE ENGLISH: a chapter begins
    chapter=$((chapter + 1))
    printf '\n%s%d. %s\n   %s%s\n' "$bold" "$chapter" "$1" "$2" "$plain"
}
note() { printf '   %s\n   %s\n' "$1" "$2"; }
fail() {
    printf '\ndemo: %s\n' "$*" >&2
    exit 1
}
quote() { # words as one would type them
    local word line=
    for word in "$@"; do
        case $word in
        *[!A-Za-z0-9_./:=,+@%-]* | '') word="'$word'" ;;
        esac
        line="$line $word"
    done
    printf '%s' "${line# }"
}
run() {
    printf '%s$ %s%s\n' "$dim" "$(quote "$@")" "$plain" >&3
    "$@"
}
# Every person has a secret. A real one is typed, never written into a script.
run_as() { # SECRET COMMAND...
    printf '%s$ YG_PASSPHRASE=%s %s%s\n' "$dim" "$1" "$(quote "${@:2}")" "$plain" >&3
    YG_PASSPHRASE=$1 "${@:2}"
}

# ---- what keeps running ----

# One demo at a time in this folder. What it starts inherits the lock, so it holds as long as any
# of it is left.
exec 9>"$build/demo.lock"
flock -n 9 || fail "a demo runs already in $here; end it with Ctrl-C there, or: kill $(
    tr '\n' ' ' <"$here/pids" 2>/dev/null || true)"
rm -rf "$here"
mkdir -p "$here"
cd "$here"

pids=()
stop() {
    trap - EXIT
    trap '' INT TERM
    if [ ${#pids[@]} -gt 0 ]; then
        kill "${pids[@]}" 2>/dev/null || true
        wait "${pids[@]}" 2>/dev/null || true
    fi
}
trap stop EXIT
trap 'stop; exit 0' INT TERM

keep() { # PID
    pids+=("$1")
    echo "$1" >>pids
}
await() { # FILE PID LOG: until there is something in the file, which the process writes when it is up
    local turns=0
    until [ -s "$1" ]; do
        turns=$((turns + 1))
        if [ $turns -gt 600 ] || ! kill -0 "$2" 2>/dev/null; then
            cat "$3" >&2
            return 1
        fi
        read -rt 0.05 <> <(:) || true
    done
}
start_county() { # PORT
    rm -f address console-address
    yg-syncd serve --data county --listen "127.0.0.1:$1" --port-file address --console 127.0.0.1:0 \
        --console-port-file console-address 2>>county.log 3>&- &
    county=$!
    keep "$county"
    await address "$county" county.log || return 1
    url=$(cat address)
}
# Nobody must lose anything by it: not a request to stop, but the plug pulled.
kill_county() {
    kill -9 "$county"
    wait "$county" 2>/dev/null || true
}
start_tablet() { # FOLDER
    yg-agent serve --data "$1" --every 0 >"$1.up" 2>"$1.log" 3>&- &
    keep "$!"
    await "$1.up" "$!" "$1.log" || fail "the tablet did not start"
}
connect() { # the county is there again, at the same place if that is free
    start_county "${url##*:}" 2>/dev/null || start_county 0 || fail 'the county did not start'
}
sync() { yg-agent sync --server "$url" --data "$1" >/dev/null || fail "$1 could not sync"; }

# ---- the story ----

say '县里开张：密钥、表格、人员' 'The county opens: keys, forms, people'
run yg-syncd init --data county --area 430626 >recovery-halves.txt
note "两半恢复密钥应抄在纸上，由两人分管，服务器不留；演示中写在 $here/recovery-halves.txt" \
    'Its two recovery halves belong on paper, with two people; the server keeps neither.'
run yg-syncd form publish "$root/schema/forms/household" --data county
run yg-syncd form publish "$root/schema/forms/visit" --data county
run yg-syncd form publish "$root/schema/forms/task" --data county
run yg-syncd form publish "$root/schema/forms/note" --data county
run_as secret-of-li yg-syncd user add 李主任 --role county --data county
# At the console people of the county prove themselves twice; here the secret is enough.
yg-syncd user second-factor none --data county >/dev/null
start_county 0 || fail 'the county did not start'
note "县级服务已在 $url 运行" "the county serves at $url"

say '两台平板凭一次性口令入网，王芳和张强各用一台' \
    'Two tablets enrol with one-time codes, one for Wang Fang (王芳), one for Zhang Qiang (张强)'
code_a=$(run yg-syncd device invite --areas $area --name 平板甲 --person 王芳 --data county)
code_b=$(run yg-syncd device invite --areas $area --name 平板乙 --person 张强 --data county)
run_as secret-of-wang yg-agent enrol --server "$url" --code "$code_a" --data tablet-wang
run_as secret-of-zhang yg-agent enrol --server "$url" --code "$code_b" --data tablet-zhang
note '两台平板各自运行本机服务；本人用口令解锁一次，之后的命令即以本人名义' \
    'Each tablet runs its own service; its person unlocks it once and then acts in his or her name.'
start_tablet tablet-wang
start_tablet tablet-zhang
run_as secret-of-wang yg-agent unlock --data tablet-wang
run_as secret-of-zhang yg-agent unlock --data tablet-zhang
run yg-agent sync --data tablet-wang
yg-agent sync --data tablet-zhang >/dev/null
run yg-agent forms --data tablet-wang

say '没有信号（县级服务被 kill -9）：两人照样入户登记' \
    'No network (the county is killed with -9): both record households all the same'
kill_county
generate --seed 7 --count "$families" --json >families.jsonl
first= number=0
while read -r family; do
    number=$((number + 1))
    printf '%s\n' "$family" >"family-$number.json"
    tablet=tablet-wang
    [ $((number % 2)) = 1 ] || tablet=tablet-zhang
    case $number in
    1) first=$(run yg-agent new household --area $area --file family-1.json --data $tablet) ;;
    2) run yg-agent new household --area $area --file family-2.json --data $tablet ;;
    *) yg-agent new household --area $area --file family-$number.json --data $tablet >/dev/null ;;
    esac
done <families.jsonl
note "这样登记了 $number 户；第一户 $first 还养了4头猪：" \
    "$number households were recorded in this way; the first, $first, also keeps 4 pigs:"
income=$(run yg-agent add "$first" income item_code=B201 qty=4 unit=head --data tablet-wang)
pigs="income[$income]/qty_observed"
run yg-agent list --data tablet-wang
note '此时同步会说明原因，并且什么也不会丢：' 'To sync now says why it cannot, and loses nothing:'
if run yg-agent sync --data tablet-wang; then
    fail 'a tablet synced with a county that was not there'
fi
run yg-agent status --data tablet-wang

say '信号恢复：同步后两台平板都有全部家庭' 'The network is back: after a sync both hold every household'
connect
run yg-agent sync --server "$url" --data tablet-wang
run yg-agent sync --server "$url" --data tablet-zhang
sync tablet-wang
run yg-syncd records --data county

say '次日又没有信号：两人先后到同一户，数的猪不一样' \
    'Next day, no network again: both visit the same family and count different numbers of pigs'
kill_county
run yg-agent set "$first" "$pigs=5" "income[$income]/unit_observed=head" head/phone=13800000001 \
    --data tablet-wang
run yg-agent set "$first" "$pigs=2" "income[$income]/unit_observed=head" home/group_name=芦洞3组 \
    --data tablet-zhang
connect
sync tablet-wang
sync tablet-zhang
sync tablet-wang
note '电话和小组各改各的，自动合并；猪的头数（和它的单位一起）两个值都保留，等人来定：' \
    'Telephone and village group merge by themselves; both counts of pigs (each with its unit) are
   kept, for a person to decide. The county and both tablets ask the same question:'
run yg-syncd conflicts --data county
run yg-agent conflicts --data tablet-wang
run yg-agent conflicts --data tablet-zhang

say '当事人不能裁决自己的分歧；由县里的人决定，写明理由' \
    'Whoever wrote one side may not decide; somebody at the county does, and gives a reason'
if run yg-agent resolve "$first" "$pigs" --value 5 --reason 我数过 --data tablet-wang; then
    fail 'a person decided his own conflict'
fi
run_as secret-of-li yg-syncd resolve "$first" "$pigs" --value 4 --as 李主任 \
    --reason 电话核实：上月卖出一头 --data county

say '决定回到两台平板' 'The decision arrives on both tablets'
run yg-agent sync --server "$url" --data tablet-wang
run yg-agent sync --server "$url" --data tablet-zhang
for tablet in tablet-wang tablet-zhang; do
    run yg-agent show "$first" --data $tablet >"$tablet.show"
    sed -n "/^income\[$income\]/,/^[^ ]/p" "$tablet.show" | sed '1b; /^[^ ]/d; /^$/d'
    yg-agent show "$first" --json --data $tablet >"$tablet.json"
    grep -qE "/qty_observed\": 4,?$" "$tablet.json" || fail "the decision did not arrive on $tablet"
    grep -qF 13800000001 "$tablet.json" || fail "the telephone number did not arrive on $tablet"
    grep -qF 芦洞3组 "$tablet.json" || fail "the village group did not arrive on $tablet"
done
note '谁在何时写了什么、为何这样定，全都留着；从日志重算也一致：' \
    'Who wrote what, when, and why it was decided so, is kept; recomputing it all from the log agrees:'
run yg-syncd history "$first" "$pigs" --data county
run yg-syncd verify --data county
run yg-agent verify --data tablet-wang
run yg-agent verify --data tablet-zhang

if [ "${DEMO:-}" = once ]; then
    printf '\n%s演示结束。 The story is told.%s\n' "$bold" "$plain"
    exit 0
fi

say '一切仍在运行。可在另一个终端里接着试：' \
    'Everything keeps running. What to try next, in another terminal:'
cat <<END

# 平板的网页（口令 secret-of-wang、secret-of-zhang）和县里的工作台（李主任，口令 secret-of-li；
# 证书是演示自己签的，浏览器会提醒）
# A tablet's pages, and the county's console (name 李主任, secret secret-of-li; the demo has signed its
# certificate itself, so a browser warns)
  $build/yg-agent open --data $here/tablet-wang
  $build/yg-agent open --data $here/tablet-zhang
  $(cat console-address)

cd $here
export PATH=$build:\$PATH

# 县里：敏感信息默认遮盖；写明理由才显示，并且记入日志
# The county masks what is sensitive; with a reason it shows it, and logs that it did
yg-syncd show $first --data county
yg-syncd show $first --reveal --reason 回访 --data county
yg-syncd log --data county

# 在一台平板上改，在另一台上看
# Change something on one tablet, look at it on the other
yg-agent set $first head/phone=13800000002 --data tablet-wang
yg-agent sync --data tablet-wang
yg-agent sync --data tablet-zhang
yg-agent show $first --data tablet-zhang
yg-agent list --search 芦洞 --data tablet-zhang

# 锁上平板：没有口令就什么也看不到，同步照常
# Lock a tablet: without the secret it shows nothing, and it syncs all the same
yg-agent lock --data tablet-wang
yg-agent list --data tablet-wang
yg-agent sync --data tablet-wang
YG_PASSPHRASE=secret-of-wang yg-agent unlock --data tablet-wang

# 拔掉县里的电源，再接上
# Pull the county's plug, and put it in again
kill -9 $county
yg-syncd serve --data county --listen ${url#https://}

yg-agent --help
yg-syncd --help

按 Ctrl-C 结束。  Ctrl-C ends it.
END
# Not for the county: whoever tries to pull its plug should not end the demo.
while :; do
    read -rt 3600 <> <(:) || true
done
