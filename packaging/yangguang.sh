#!/bin/sh
# yangguang: what the icon on the desktop starts: the tablet's service where none runs yet, then its
# pages. The service stays when the window is closed, so that sending goes on.
set -eu
YG_DATA=${YG_DATA:-${XDG_DATA_HOME:-$HOME/.local/share}/yangguang}
export YG_DATA
case $(yg-agent status --json 2>/dev/null || :) in
*'"serving":true'* | *'"serving": true'*) ;;
*)
    # It says where the pages are once it listens; what goes wrong is said by `open`, below.
    said=$(mktemp -u "${TMPDIR:-/tmp}/yangguang-XXXXXX")
    mkfifo -m 600 "$said"
    yg-agent serve >"$said" &
    while read -r line; do case $line in http:*) break ;; esac done <"$said"
    rm -f "$said"
    ;;
esac
exec yg-agent open "$@"
