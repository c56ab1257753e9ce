#!/bin/sh
# install-deps.sh: install the Debian packages that this source tree needs and that are missing.
#
#   packaging/install-deps.sh [--check] SET...     SET is build, test, browser or bare
#
# Says and does nothing when all is there, and then needs neither root nor network. With --check
# it installs nothing: it names what is missing and fails. Works as root or through sudo.
set -eu

# To build and run both programs. The GnuTLS flavour of libcurl keeps one TLS library in the house.
build='gcc libc6-dev binutils make pkg-config libsqlite3-dev libcurl4-gnutls-dev libcjson-dev
    zlib1g-dev libsodium-dev libmicrohttpd-dev libgnutls28-dev
    libxml2-dev libzip-dev libxlsxwriter-dev libqrencode-dev nodejs icu-devtools'
# Debian's npm is a package of its own; others bring it with node, and then the two would quarrel.
command -v npm > /dev/null 2>&1 || build="$build npm"
# To test them: clang brings the sanitizers and a second opinion, faketime wrong clocks.
test='libcmocka-dev clang clang-format libclang-rt-14-dev man-db xz-utils procps libfaketime'
# To test the pages as a person would; without these the tests of pages are skipped.
browser='chromium fonts-noto-cjk'
# To try everything in a bare system.
bare='debootstrap'

check=no
wanted=
for argument in "$@"; do
    case $argument in
    --check) check=yes ;;
    build) wanted="$wanted $build" ;;
    test) wanted="$wanted $test" ;;
    browser) wanted="$wanted $browser" ;;
    bare) wanted="$wanted $bare" ;;
    *)
        echo "install-deps.sh: unknown set '$argument': use build, test, browser or bare" >&2
        exit 2
        ;;
    esac
done

command -v dpkg-query > /dev/null 2>&1 || {
    echo "install-deps.sh: this is no Debian system; please see to these yourself:" $wanted >&2
    exit 0
}

# dpkg-query fails when it knows nothing of a package; what it does print is all we need.
there=$(dpkg-query -W -f '${Package} ${db:Status-Status}\n' $wanted 2> /dev/null |
    sed -n 's/ installed$//p')
missing=
for package in $wanted; do
    printf '%s\n' "$there" | grep -qx "$package" || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

if [ $check = yes ]; then
    echo "missing packages:$missing" >&2
    echo "run 'make install-deps' to install them" >&2
    exit 1
fi

if [ "$(id -u)" -eq 0 ]; then
    as_root='env'
elif command -v sudo > /dev/null 2>&1; then
    as_root='sudo env'
else
    echo "install-deps.sh: packages are missing, and installing them takes root:$missing" >&2
    exit 1
fi

echo "installing:$missing"
# Another apt may be at work, as often on a machine that has just started: wait for it.
apt="$as_root DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=300 -o Acquire::Retries=3"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
if ! { $apt update && $apt install -y --no-install-recommends $missing; } > "$log" 2>&1; then
    tail -n 40 "$log" >&2
    echo "install-deps.sh: apt-get failed; its last words stand above" >&2
    exit 1
fi
