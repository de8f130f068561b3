"""The servers that scenarios share, and a scenario's own where it names server options."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

from sandbox.server import Server

from tests.integration.pair import Pair
from tests.scenarios.oracle import accounts_of, databases_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from sandbox.server import Flavor

    from tests.scenarios.scenario import Direction


class Servers:
    """Servers by vendor, role and options, started when first asked for. Use as a context manager."""

    def __init__(self) -> None:
        self._started: dict[tuple[str, str, tuple[tuple[str, str], ...]], Server] = {}
        self._stack = ExitStack()

    def pair(self, direction: Direction, source: Mapping[str, str], target: Mapping[str, str]) -> Pair:
        """A source and a target that have nothing of an earlier scenario. Raises ServerNotInstalledError."""
        left, right = direction.split(" to ")
        pair = Pair(self._server(left, "source", source), self._server(right, "target", target))
        for server in (pair.source, pair.target):
            clear(server)
        return pair

    def _server(self, vendor: str, role: str, options: Mapping[str, str]) -> Server:
        key = vendor, role, tuple(sorted(options.items()))
        if key not in self._started:
            flavor: Flavor = "mysql" if vendor == "mysql" else "mariadb"
            self._started[key] = self._stack.enter_context(Server(flavor, options=dict(options)))
        return self._started[key]

    def __enter__(self) -> Servers:
        return self

    def __exit__(self, *error: object) -> None:
        self._stack.close()


def clear(server: Server) -> None:
    """Remove every database, the ledger's too, and every account of a scenario's."""
    own = {(server.user, server.host)}
    with server.connect() as connection, connection.cursor() as cursor:
        cursor.execute("SET foreign_key_checks = 0")
        for name in [*databases_of(server), "airflow_mydump"]:
            cursor.execute(f"DROP DATABASE IF EXISTS `{name.replace('`', '``')}`")
        for user, host in accounts_of(server) - own:
            if user.startswith("scenario"):
                cursor.execute("DROP USER %s@%s", (user, host))


def run_statements(server: Server, database: str, statements: Iterable[bytes]) -> None:
    """Run statements in one session, in a database made for them, with every value taken as it is given."""
    with server.connect() as connection, connection.cursor() as cursor:
        cursor.execute(f"CREATE DATABASE IF NOT EXISTS `{database}` DEFAULT CHARACTER SET utf8mb4")
        cursor.execute(f"USE `{database}`")
        cursor.execute(
            "SET sql_mode = 'NO_AUTO_VALUE_ON_ZERO,ALLOW_INVALID_DATES', foreign_key_checks = 0, time_zone = '+00:00'"
        )
        for statement in statements:
            connection.query(statement)
