#!/usr/bin/env bash
# bare.sh: both commands of the README, in a Debian 12 that has nothing but git, make and the
# machine's own way to its package mirror. Run as root: tests/bare.sh [COMMAND...]
#
# Makes the system with debootstrap in a temporary folder, clones the commit at HEAD into it, runs
# `make demo DEMO=once` and `make check` (or the given commands) in a process and mount space of
# its own, so that nothing stays behind, and removes the folder. Mirror, keys, proxy and resolver
# are those of this machine. BARE_KEEP=1 keeps the folder; BARE_FOLDER=DIR uses an existing one
# that an earlier run kept.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

[ "$(id -u)" -eq 0 ] || { echo 'bare.sh: debootstrap and chroot need root' >&2; exit 1; }
packaging/install-deps.sh bare

suite=bookworm
root=${BARE_FOLDER:-$(mktemp -d /var/tmp/yg-bare-XXXXXX)}
clean() {
    if [ -n "${BARE_KEEP:-}" ]; then
        echo "kept: $root"
    else
        rm -rf --one-file-system "$root"
    fi
}
trap clean EXIT

if [ ! -e "$root/etc/debian_version" ]; then
    mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' "Codename: $suite" |
        head -n 1)
    [ -n "$mirror" ] || { echo "bare.sh: apt knows no mirror of $suite here" >&2; exit 1; }
    chmod 755 "$root" # apt reads its lists as a user of its own
    echo "making a bare $suite in $root"
    if ! debootstrap --variant=minbase --include=git,make,ca-certificates "$suite" "$root" \
        "$mirror" > "$root.log" 2>&1; then
        tail -n 20 "$root.log" >&2
        exit 1
    fi
    rm -f "$root.log"
    # The way to the packages, as this machine has it.
    rm -rf "$root/etc/apt"
    cp -a /etc/apt "$root/etc/apt"
    [ ! -d /usr/share/keyrings ] || cp -an /usr/share/keyrings/. "$root/usr/share/keyrings/"
    cp -L /etc/resolv.conf /etc/hosts "$root/etc/"
    [ ! -d /usr/local/share/ca-certificates ] || {
        mkdir -p "$root/usr/local/share/ca-certificates"
        cp -a /usr/local/share/ca-certificates/. "$root/usr/local/share/ca-certificates/"
    }
    chroot "$root" update-ca-certificates > /dev/null 2>&1 || true
fi

rm -rf "$root/src"
git clone -q --no-hardlinks "file://$PWD" "$root/src"
mkdir -p "$root/proc" "$root/dev/shm"

[ $# -gt 0 ] || set -- 'make demo DEMO=once' 'make check'
environment=(PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root
    TERM="${TERM:-dumb}" LC_ALL=C.UTF-8)
for name in http_proxy https_proxy no_proxy HTTP_PROXY HTTPS_PROXY NO_PROXY; do
    [ -z "${!name:-}" ] || environment+=("$name=${!name}")
done
for command in "$@"; do
    echo "== $command"
    started=$SECONDS
    # --kill-child and the process space end whatever the command leaves running.
    env -i "${environment[@]}" unshare --mount --pid --fork --kill-child \
        --mount-proc="$root/proc" chroot "$root" /bin/sh -c "cd /src && $command" < /dev/null
    echo "== $command: $((SECONDS - started)) s"
done
echo 'all of it works in a bare system'
