# MySQL's server, which the stable releases of Debian do not have: a root directory with Debian's unstable release.
# shellcheck shell=bash

# make_mysql_root: return with a MySQL server that sandbox/installation.py finds.
make_mysql_root() {
    local root="${MYDUMP_MYSQL_ROOT:-$CACHE/mysql-root}"
    if [ -x "$root/usr/sbin/mysqld" ] || native_mysqld; then return 0; fi
    [ -z "${MYDUMP_MYSQL_ROOT-}" ] || die "there is no mysqld in $root: correct or unset MYDUMP_MYSQL_ROOT."
    # gpgv and the keyring: debootstrap only recommends them, and Ubuntu has no keyring of Debian's
    need_root "building a root directory with MySQL's server"
    install_packages debootstrap gpgv debian-archive-keyring
    say "Building a root directory with MySQL's server (once, about a minute)"
    local building="$root.building" log="$CACHE/mysql-root.log"
    as_root rm -rf "$building"
    as_root debootstrap --variant=minbase --include=mysql-server-core sid "$building" >"$log" 2>&1 ||
        { tail -n 15 "$log" >&2; die "debootstrap could not install MySQL: the end of $log is above; run again."; }
    # shellcheck disable=SC2016  # for the inner shell to expand, as root
    as_root sh -c 'rm -rf "$1"/var/cache/apt/archives/*.deb "$1"/var/lib/apt/lists/*' sh "$building"
    as_root mv "$building" "$root"
}

# A `mysqld` may also be MariaDB's.
native_mysqld() {
    local program
    program="$(PATH="$PATH:/usr/sbin" command -v mysqld)" || return 1
    ! "$program" --version | grep --quiet MariaDB
}
