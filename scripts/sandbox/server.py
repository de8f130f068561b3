"""Private MariaDB and MySQL servers: own data directory, own port on loopback, gone with their starter.

with Server("mariadb", options={"lower-case-table-names": "1"}) as server:
    with server.connect() as connection: ...
"""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pymysql

from sandbox import watchdog
from sandbox.installation import (
    Flavor,
    Installation,
    ServerNotInstalledError,
    available_flavors,
    find,
    find_mariadbd,
    find_mysqld,
)
from sandbox.port import HOST, free_port
from sandbox.template import copy_template

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType

    from pymysql.connections import Connection

__all__ = [
    "Account",
    "Flavor",
    "Server",
    "ServerNotInstalledError",
    "ServerStartError",
    "available_flavors",
    "find_mariadbd",
    "find_mysqld",
]

START_SECONDS = 60.0
STOP_SECONDS = 60.0

_LOG_TAIL_LINES = 25

_DEFAULT_OPTIONS: dict[str, str | None] = {
    "skip-name-resolve": None,
    "character-set-server": "utf8mb4",
    "default-storage-engine": "InnoDB",
    "event-scheduler": "ON",
    "innodb-buffer-pool-size": "256M",
    # a crash of the machine may cost the last second: nothing in a sandbox outlives that
    "innodb-flush-log-at-trx-commit": "2",
    "sync-binlog": "0",
    "local-infile": "ON",
    "log-bin": "binlog",
    "max-allowed-packet": "64M",
    # 200 MB of memory per server on MySQL
    "performance-schema": "OFF",
}
_FLAVOR_OPTIONS: dict[Flavor, dict[str, str | None]] = {
    # MySQL's only format since 8.4, and naming it there is a deprecation warning
    "mariadb": {"binlog-format": "ROW"},
    # Debian's compiled-in default is a folder that its packages make for the system's server
    "mysql": {"mysqlx": "OFF", "secure-file-priv": "NULL"},
}


class ServerStartError(Exception):
    """A server did not become ready; carries the tail of its error log."""


class _PortTakenError(ServerStartError):
    """Another process took the port between our choice and the server's start."""


@dataclass(frozen=True)
class Account:
    """A login; its password never appears in a representation."""

    user: str
    password: str = field(repr=False)


class Server:
    """A private server, started by `with` or `start`.

    `options` are the server's own, without the leading dashes (a value of None is an option without a value);
    they override the sandbox's defaults. Leaving the `with` block kills the server and removes its directory.
    `stop` and `kill` keep it: `start` continues with the same data, port and account.
    """

    host = HOST

    def __init__(self, flavor: Flavor = "mariadb", options: Mapping[str, str | None] | None = None) -> None:
        self.flavor: Flavor = flavor
        self.installation: Installation = find(flavor)
        self.options = _merged(flavor, options or {})
        self.account = Account("mydump", secrets.token_hex(16))
        self.port = free_port()
        self._directory: Path | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._watchdog: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Server:
        try:
            self.start()
        except BaseException:
            self.remove()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.remove()

    def __repr__(self) -> str:
        return f"<Server {self.flavor} {self.version} on port {self.port}>"

    @property
    def version(self) -> str:
        """The server's version, three numbers."""
        return self.installation.version

    @property
    def user(self) -> str:
        """An administrator with all privileges and the grant option."""
        return self.account.user

    @property
    def password(self) -> str:
        """The administrator's password."""
        return self.account.password

    @property
    def uri(self) -> str:
        """The administrator's connection, with the password."""
        return f"mysql://{self.user}:{self.password}@{self.host}:{self.port}/"

    @property
    def directory(self) -> Path:
        """The server's folder: data directory, socket, pid file, error log. Raises before the first start."""
        if self._directory is None:
            raise RuntimeError("The server has no directory: start it first.")
        return self._directory

    @property
    def log(self) -> Path:
        """The server's error log."""
        return self.directory / "error.log"

    @property
    def pid(self) -> int:
        """The server's process id; raises when it is not running."""
        if self._process is None or self._process.poll() is not None:
            raise RuntimeError(f"{self!r} is not running: start it first.")
        return self._process.pid

    @property
    def running(self) -> bool:
        """Whether the server's process lives."""
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Start the server unless it runs, and return when it answers; raises ServerStartError."""
        if self.running:
            return
        self._reap()
        if self._directory is None:
            self._prepare()
        for attempt in range(5):
            try:
                self._launch()
                self._await_ready()
                break
            except _PortTakenError:
                self.kill()
                if attempt == 4:
                    raise
                self.port = free_port()
            except BaseException:
                self.kill()
                raise
        self._account_file.unlink(missing_ok=True)

    def stop(self) -> None:
        """Shut the server down in order; its data stays."""
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self._process.kill()
            self._reap()

    def kill(self) -> None:
        """End the server with SIGKILL, as a crash would; its data stays."""
        if self._process is not None:
            self._process.kill()
            self._reap()

    def restart(self) -> None:
        """Stop and start the server."""
        self.stop()
        self.start()

    def remove(self) -> None:
        """Kill the server and delete its directory."""
        self.kill()
        if self._directory is not None:
            shutil.rmtree(self._directory, ignore_errors=True)
            self._directory = None

    def connect(self, **arguments: Any) -> Connection[Any]:
        """Return a connection of the administrator, in autocommit; the arguments are PyMySQL's."""
        settings: dict[str, Any] = {"autocommit": True, "charset": "utf8mb4", **arguments}
        return pymysql.connect(host=self.host, port=self.port, user=self.user, password=self.password, **settings)

    @property
    def _account_file(self) -> Path:
        return self.directory / "account.sql"

    def _prepare(self) -> None:
        directory = Path(tempfile.mkdtemp(prefix="mydump-", dir=self.installation.scratch()))
        self._directory = directory
        copy_template(self.installation, self.options, directory / "data")
        (directory / "tmp").mkdir()
        account = f"'{self.user}'@'{self.host}'"
        self._account_file.write_text(
            "SET SESSION sql_log_bin = 0;\n"
            f"CREATE USER {account} IDENTIFIED BY '{self.password}';\n"
            f"GRANT ALL PRIVILEGES ON *.* TO {account} WITH GRANT OPTION;\n"
        )
        self._account_file.chmod(0o600)

    def _launch(self) -> None:
        command = self.installation.command("--no-defaults", *self._arguments())
        with self.log.open("ab") as log:
            # a session of its own: Ctrl-C in a terminal is for the tests, which then stop the server
            self._process = subprocess.Popen(
                command,
                cwd=self.directory,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self._watchdog = _watch(self._process.pid, self.directory)

    def _arguments(self) -> list[str]:
        inside = self.installation.inside
        options: dict[str, str | None] = {
            "datadir": inside(self.directory / "data"),
            "tmpdir": inside(self.directory / "tmp"),
            "socket": inside(self.directory / "server.sock"),
            "pid-file": inside(self.directory / "server.pid"),
            "bind-address": self.host,
            "port": str(self.port),
            # distinct on one machine, as replication wants it
            "server-id": str(self.port),
        }
        if os.geteuid() == 0 or self.installation.prefix:
            options["user"] = "root"
        if self._account_file.exists():
            options["init-file"] = inside(self._account_file)
        options.update(self.options)
        return [f"--{name}" if value is None else f"--{name}={value}" for name, value in options.items()]

    def _await_ready(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while True:
            if not self.running:
                raise self._start_error("ended while starting")
            try:
                self.connect(connect_timeout=5).close()
                return
            except pymysql.err.OperationalError as error:
                if time.monotonic() > deadline:
                    raise self._start_error(f"is not ready after {START_SECONDS:.0f} s ({error.args[0]})") from error
            time.sleep(0.02)

    def _reap(self) -> None:
        # the watchdog ends by itself when the server has
        for process in (self._process, self._watchdog):
            if process is not None:
                process.wait()
        self._process = self._watchdog = None

    def _start_error(self, what: str) -> ServerStartError:
        lines = self.log.read_text(errors="replace").splitlines()
        text = "\n".join(lines[-_LOG_TAIL_LINES:])
        kind = _PortTakenError if "Address already in use" in text else ServerStartError
        return kind(f"{self!r} {what}. Its error log ends with:\n{text}")


def _merged(flavor: Flavor, options: Mapping[str, str | None]) -> dict[str, str | None]:
    """Return the options and those defaults that none of them contradicts (as skip-log-bin does log-bin)."""
    wanted = {name.replace("_", "-"): value for name, value in options.items()}
    overridden = {_subject(name) for name in wanted}
    defaults = {**_DEFAULT_OPTIONS, **_FLAVOR_OPTIONS[flavor]}
    return {name: value for name, value in defaults.items() if _subject(name) not in overridden} | wanted


def _subject(name: str) -> str:
    for prefix in ("skip-", "disable-", "enable-"):
        name = name.removeprefix(prefix)
    return name


def _watch(server: int, directory: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-I", "-S", watchdog.__file__, str(os.getpid()), str(server), str(directory)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd="/",
        start_new_session=True,
    )
