"""A source and a target, each behind a proxy; commands between them; and what must be gone when they are over."""

from __future__ import annotations

import os
import secrets
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import pymysql
from sandbox.server import Server

from tests.faults import replication
from tests.faults.command import Command
from tests.faults.proxy import Proxy
from tests.integration.pair import Pair, rows_of, run_sql

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from sandbox.server import Flavor

Side = Literal["source", "target"]
SIDES: tuple[Side, Side] = ("source", "target")

USER = "mover"
"""The account of the commands, so that their sessions are told from those of the test."""

GONE_SECONDS = 10.0
"""How long after a command's end a process, session, transaction or lock of it may be there."""

_TRANSACTIONS_KEPT_SECONDS = 0.1
"""InnoDB shows its transactions as they were when somebody last looked, until nobody has looked for as long as this."""

_USUAL_CONNECTIONS = 151


class Scene:
    """Use as a context manager. ``folder`` is where commands keep what they write.

    With ``replicated`` the source is a replica of another server, the ``primary``.
    """

    def __init__(self, flavor: Flavor, folder: Path, replicated: bool = False) -> None:
        options = replication.OPTIONS[flavor] if replicated else {}
        self.primary = Server(flavor, options) if replicated else None
        read_only = replication.READ_ONLY if replicated else {}
        self.pair = Pair(Server(flavor, {**options, **read_only}), Server(flavor))
        self.folder = folder
        self._password = secrets.token_hex(8)
        self._deeds: list[threading.Thread] = []
        self._remedies: list[Callable[[], object]] = []
        self._failed: BaseException | None = None
        self._crash = threading.Lock()

    def __enter__(self) -> Scene:
        self._proxies: dict[Side, Proxy] = {}
        try:
            if self.primary:
                self.primary.start()
            for side in SIDES:
                server = self.server(side)
                server.start()
                account = f"'{USER}'@'{server.host}'"
                run_sql(server, f"CREATE USER {account} IDENTIFIED BY '{self._password}'")
                run_sql(server, f"GRANT ALL ON *.* TO {account} WITH GRANT OPTION")
                run_sql(server, f"REVOKE {self._exempting()} ON *.* FROM {account}")
                self._proxies[side] = Proxy(server.port)
                self._proxies[side].__enter__()
            if self.primary:
                replication.follow(self.primary, self.server("source"))
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        for proxy in self._proxies.values():
            proxy.__exit__(kind, error, traceback)
        for side in SIDES:
            self.server(side).remove()
        if self.primary:
            self.primary.remove()

    def server(self, side: Side) -> Server:
        return self.pair.source if side == "source" else self.pair.target

    def proxy(self, side: Side) -> Proxy:
        return self._proxies[side]

    @property
    def environment(self) -> dict[str, str]:
        """URIs and passwords of both servers, through their proxies."""
        servers = {}
        for side in SIDES:
            servers[f"MYDUMP_{side.upper()}_URI"] = f"mysql://{USER}@{Proxy.host}:{self.proxy(side).port}/"
            servers[f"MYDUMP_{side.upper()}_PASSWORD"] = self._password
        return servers

    def start(self, *arguments: object, gate: str = "") -> Command:
        """Start a command, whose steps pass the gate at this address."""
        folder = self.folder / f"command-{secrets.token_hex(4)}"
        folder.mkdir()
        return Command(arguments, self.environment, folder, gate)

    def crash(self, side: Side) -> None:
        """Kill a server and start it again."""
        with self._crash:
            self.server(side).kill()
            self.server(side).start()

    def meanwhile(self, deed: Callable[[], None]) -> None:
        """Do something in a thread; `heal` waits for it. That a server is away meanwhile is no error of the deed."""
        thread = threading.Thread(target=self._do, args=(deed,), daemon=True)
        thread.start()
        self._deeds.append(thread)

    def afterwards(self, remedy: Callable[[], object]) -> None:
        """Have `heal` do something when the servers answer again."""
        self._remedies.append(remedy)

    def hold(self, side: Side, seconds: float, *statements: str) -> None:
        """Run statements in a session of their own, which stays for so many seconds: its locks do too."""
        self.meanwhile(lambda: self._hold(side, seconds, statements))

    def sessions(self, side: Side) -> list[int]:
        """The ids of the sessions that commands have on a server."""
        rows = rows_of(self.server(side), f"SELECT id FROM information_schema.processlist WHERE user = '{USER}'")
        return [number for (number,) in rows]

    def kill_sessions(self, side: Side, what: Literal["CONNECTION", "QUERY"]) -> None:
        """KILL all that commands have on a server, or what they run."""
        for number in self.sessions(side):
            with suppress(pymysql.Error):  # gone by itself
                run_sql(self.server(side), f"KILL {what} {number}")

    def allow_writes(self, side: Side, allowed: bool) -> None:
        """Make a server read-only, or end that."""
        name = "super_read_only" if self.pair.is_mysql else "read_only"
        run_sql(self.server(side), f"SET GLOBAL {name} = {'OFF' if allowed else 'ON'}")
        if self.pair.is_mysql and allowed:
            run_sql(self.server(side), "SET GLOBAL read_only = OFF")

    def heal(self) -> None:
        """End all that was done to servers and connections; returns when both servers answer again.

        Raises what was raised meanwhile.
        """
        for deed in self._deeds:
            deed.join(120)
            assert not deed.is_alive(), "what the test does meanwhile hangs"
        self._deeds.clear()
        if self._failed:
            raise self._failed
        for side in SIDES:
            self.proxy(side).heal()
            self.server(side).start()
            run_sql(
                self.server(side),
                f"SET GLOBAL max_connections = {_USUAL_CONNECTIONS}",
            )
        self.allow_writes("target", True)
        while self._remedies:
            self._remedies.pop()()

    def assert_nothing_left(self, command: Command, *folders: Path) -> None:
        """No process, session and half-written file of an ended command is left for longer than GONE_SECONDS."""
        command.wait_for_processes(GONE_SECONDS)
        deadline = time.monotonic() + GONE_SECONDS
        for side in SIDES:
            # With its last session go its named locks and its metadata locks.
            while left := self.sessions(side) or self._transactions(side):
                if time.monotonic() > deadline:
                    shown = [
                        *rows_of(self.server(side), "SHOW FULL PROCESSLIST"),
                        *rows_of(self.server(side), "SELECT * FROM information_schema.innodb_trx"),
                    ]
                    raise AssertionError(f"sessions or transactions {left} on the {side} outlive a command: {shown}")
                time.sleep(0.02 if isinstance(left, list) else 2 * _TRANSACTIONS_KEPT_SECONDS)
        for folder in folders:
            halves = [
                path for path in folder.rglob("*") if path.is_file() and "partial" in str(path.relative_to(folder))
            ]
            assert not halves, f"half-written files are left: {halves}"

    def _do(self, deed: Callable[[], None]) -> None:
        try:
            deed()
        except (pymysql.Error, OSError):
            return
        except BaseException as error:
            self._failed = self._failed or error

    def _exempting(self) -> str:
        """What would exempt an account from the limits that faults set."""
        return "CONNECTION_ADMIN" if self.pair.is_mysql else "CONNECTION ADMIN, READ_ONLY ADMIN"

    def _transactions(self, side: Side) -> dict[str, str]:
        """The states of those of commands that are open, and after a crash of those that no session has any more."""
        query = (
            "SELECT t.trx_id, t.trx_state FROM information_schema.innodb_trx t "
            "LEFT JOIN information_schema.processlist p ON p.id = t.trx_mysql_thread_id "
            f"WHERE p.id IS NULL OR p.user = '{USER}'"
        )
        return dict(rows_of(self.server(side), query))

    def _hold(self, side: Side, seconds: float, statements: tuple[str, ...]) -> None:
        with self.server(side).connect(autocommit=False) as connection, connection.cursor() as cursor:
            # Who waits for a lock keeps all others waiting; a run in a snapshot may have it to its end.
            cursor.execute("SET lock_wait_timeout = 2, innodb_lock_wait_timeout = 2")
            for statement in statements:
                with suppress(pymysql.Error):  # a table that is not there yet or any more, a deadlock
                    cursor.execute(statement)
            time.sleep(seconds)
            connection.rollback()


def flavors() -> list[str]:
    """The vendors to test with; MYDUMP_TEST_FLAVORS narrows the choice."""
    return os.environ.get("MYDUMP_TEST_FLAVORS", "mariadb,mysql").split(",")
