# The system's packages: install what is missing, on Debian and Ubuntu.
# Only packages without a service are used (mariadb-server-core, not mariadb-server): nothing is left running.
# Uses cache.sh and say.sh.
# shellcheck shell=bash

#: What a Python environment with mysqlclient is built with, and the server of the demo and the tests.
#: mariadb-install-db, of the server's package, calls a program of the client's.
# shellcheck disable=SC2034  # for the scripts that use this file
BASE_PACKAGES=(
    python3-venv python3-dev gcc libc6-dev pkg-config libmariadb-dev
    mariadb-server-core mariadb-client-core
)

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

# need_root PURPOSE: to be called before as_root, whose output may go to a log.
need_root() {
    [ "$(id -u)" = 0 ] || command -v sudo >/dev/null || die "$1 needs root: run this as root, or install sudo."
}

package_installed() {
    [ "$(dpkg-query --show --showformat='${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

# install_packages NAME...: return with all of them installed; the lists are updated once, and only if one is missing.
install_packages() {
    command -v apt-get >/dev/null ||
        die "this needs Debian or Ubuntu (there is no apt-get): install the counterparts of $* and run again."
    local name missing=()
    for name in "$@"; do
        package_installed "$name" || missing+=("$name")
    done
    [ ${#missing[@]} -gt 0 ] || return 0
    need_root "installing the system packages ${missing[*]}"
    say "Installing the system packages ${missing[*]}"
    update_package_lists
    apt_get install --no-install-recommends "${missing[@]}" || {
        tail -n 15 "$CACHE/packages.log" >&2
        die "apt-get could not install ${missing[*]}: the end of $CACHE/packages.log is above; run again."
    }
}

update_package_lists() {
    [ -z "${PACKAGE_LISTS_UPDATED-}" ] || return 0
    # a repository that has nothing to do with us may be out of reach: the installation tells whether it matters
    apt_get update || say "Some package lists were not updated; going on"
    PACKAGE_LISTS_UPDATED=1
}

apt_get() {
    as_root env DEBIAN_FRONTEND=noninteractive apt-get --quiet --yes -o DPkg::Lock::Timeout=300 "$@" \
        >>"$CACHE/packages.log" 2>&1 </dev/null
}
