"""Where a MariaDB or MySQL server program lies on this machine, and how to run it.

A server is installed natively, or it lies in a root directory of its own (MySQL from another Debian release
than the machine's) and is run through `chroot`. The rest of the sandbox does not notice the difference: it
asks an `Installation` for a command and for a path as the server sees it.
"""

from __future__ import annotations

import functools
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Flavor = Literal["mariadb", "mysql"]

#: Debian has `mariadbd` and `chroot` there, and an ordinary user's PATH does not.
_SYSTEM_DIRECTORIES = ("/usr/local/sbin", "/usr/sbin", "/sbin")
_VERSION = re.compile(r"Ver (\d+\.\d+\.\d+)")


class ServerNotInstalledError(Exception):
    """The server program is not here, or cannot be run: the message says what to do."""


@dataclass(frozen=True)
class Installation:
    """A server program, its version, and the root directory it runs in ("/" when installed natively)."""

    flavor: Flavor
    version: str
    program: str
    root: Path = Path("/")
    #: what to put before `program` to run it
    prefix: tuple[str, ...] = ()

    def command(self, *arguments: str) -> list[str]:
        """Return the command line that runs the server program with these arguments."""
        return [*self.prefix, self.program, *arguments]

    def inside(self, path: Path) -> str:
        """Return how the server sees this path of the machine."""
        return str(Path("/") / path.relative_to(self.root))

    def scratch(self) -> Path:
        """Return the folder for data directories: on disk, and short enough for a unix socket's 107 bytes."""
        if self.root != Path("/"):
            return self.root / "var/tmp"
        # not /tmp, which is memory on Debian 13
        return Path(os.environ.get("TMPDIR") or "/var/tmp")


def cache_directory() -> Path:
    """Return where the sandbox keeps what is expensive to make; safe to delete at any time."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "airflow-mydump"


@functools.cache
def find_mariadbd() -> Installation:
    """Return the machine's MariaDB; raises ServerNotInstalledError."""
    program = _which("mariadbd")
    if program is None or _which("mariadb-install-db") is None:
        raise ServerNotInstalledError(
            "MariaDB's server is not installed: run scripts/test, or install the package mariadb-server-core."
        )
    return Installation("mariadb", _version([program]), program)


@functools.cache
def find_mysqld() -> Installation:
    """Return the machine's own MySQL, else the one in $MYDUMP_MYSQL_ROOT or in the cache.

    Raises ServerNotInstalledError.
    """
    program = _which("mysqld")
    # MariaDB's packages install a `mysqld` too
    if program is not None and "MariaDB" not in _version_line([program]):
        return Installation("mysql", _version([program]), program)
    root = Path(os.environ.get("MYDUMP_MYSQL_ROOT") or cache_directory() / "mysql-root").absolute()
    if not (root / "usr/sbin/mysqld").exists():
        raise ServerNotInstalledError(
            f"MySQL's server is not installed: run scripts/test, which builds {root}, or set MYDUMP_MYSQL_ROOT."
        )
    prefix = _chroot_prefix(root)
    program = "/usr/sbin/mysqld"
    return Installation("mysql", _version([*prefix, program]), program, root, prefix)


def find(flavor: Flavor) -> Installation:
    """Return the installation of this flavor; raises ServerNotInstalledError."""
    return find_mariadbd() if flavor == "mariadb" else find_mysqld()


def available_flavors() -> tuple[Flavor, ...]:
    """Return the flavors whose servers can be started here."""
    flavors: list[Flavor] = []
    candidates: tuple[Flavor, ...] = ("mariadb", "mysql")
    for flavor in candidates:
        try:
            find(flavor)
        except ServerNotInstalledError:
            continue
        flavors.append(flavor)
    return tuple(flavors)


def find_program(name: str) -> str:
    """Return the path of a program that the system's packages bring; raises ServerNotInstalledError."""
    program = _which(name)
    if program is None:
        raise ServerNotInstalledError(f"The program {name} is missing: run scripts/test, which installs it.")
    return program


def _which(name: str) -> str | None:
    path = os.pathsep.join((os.environ.get("PATH", os.defpath), *_SYSTEM_DIRECTORIES))
    return shutil.which(name, path=path)


def _chroot_prefix(root: Path) -> tuple[str, ...]:
    chroot = (find_program("chroot"), str(root))
    if os.geteuid() == 0:
        return chroot
    # an ordinary user is root in a user namespace of their own, where the system allows it
    prefix = (find_program("unshare"), "--user", "--map-root-user", *chroot)
    probe = subprocess.run([*prefix, "/bin/true"], capture_output=True, check=False)
    if probe.returncode != 0:
        raise ServerNotInstalledError(
            f"MySQL lies in {root} and needs chroot, which this system refuses to ordinary users: "
            "run as root, or install MySQL's server natively."
        )
    return prefix


def _version(command: list[str]) -> str:
    line = _version_line(command)
    match = _VERSION.search(line)
    if match is None:
        raise ServerNotInstalledError(f"{command[-1]} does not tell its version, it says: {line!r}. Reinstall it.")
    return match.group(1)


def _version_line(command: list[str]) -> str:
    done = subprocess.run([*command, "--version"], capture_output=True, text=True, check=False)
    return (done.stdout or done.stderr).strip()


def main() -> None:
    """Print the servers that the tests run with; a sentence and exit code 1 when one is missing."""
    try:
        found = (find_mariadbd(), find_mysqld())
    except ServerNotInstalledError as error:
        sys.exit(f"Error: {error}")
    print("== Servers:", ", ".join(f"{each.flavor} {each.version}" for each in found))


if __name__ == "__main__":
    main()
