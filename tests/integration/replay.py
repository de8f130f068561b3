"""What a binary log says that a server held at a position of it: another server does it all again, up to there."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from sandbox.server import Server

from tests.integration.pair import rows_of, run_sql

if TYPE_CHECKING:
    from collections.abc import Mapping

Position = tuple[str, int]

_SECONDS = 60.0


def position_of(server: Server) -> Position:
    """Where a server's binary log ends now."""
    status = "SHOW BINARY LOG STATUS" if server.flavor == "mysql" else "SHOW MASTER STATUS"
    file, offset = rows_of(server, status)[0][:2]
    return str(file), int(offset)


def recorded(position: Mapping[str, str], whose: str = "SOURCE") -> Position:
    """The source's own position in a moment of the engine's, or its ``PRIMARY``'s."""
    return position[f"{whose}_LOG_FILE"], int(position[f"{whose}_LOG_POS"])


def replay(witness: Server, server: Server, database: str, begin: Position, end: Position) -> None:
    """Let a server do what another did between two positions in a database, which was empty at the first."""
    mysql = server.flavor == "mysql"
    word, change, replica = ("SOURCE", "REPLICATION SOURCE", "REPLICA") if mysql else ("MASTER", "MASTER", "SLAVE")
    run_sql(
        witness,
        f"CREATE DATABASE IF NOT EXISTS `{database}`",
        f"CHANGE REPLICATION FILTER REPLICATE_DO_DB = (`{database}`)" if mysql
        else f"SET GLOBAL replicate_do_db = '{database}'",
        f"CHANGE {change} TO {word}_HOST = '{server.host}', {word}_PORT = {server.port}, "
        f"{word}_USER = '{server.user}', {word}_PASSWORD = '{server.password}', "
        f"{word}_LOG_FILE = '{begin[0]}', {word}_LOG_POS = {begin[1]}"
        + (", GET_SOURCE_PUBLIC_KEY = 1" if mysql else ""),
        f"START {replica} UNTIL {word}_LOG_FILE = '{end[0]}', {word}_LOG_POS = {end[1]}",
    )  # fmt: skip
    deadline = time.monotonic() + _SECONDS
    while _applies(witness, replica):
        assert time.monotonic() < deadline, "the replay does not end"
        time.sleep(0.05)
    run_sql(witness, f"STOP {replica}", f"RESET {replica} ALL")


def _applies(witness: Server, replica: str) -> bool:
    with witness.connect() as connection, connection.cursor() as cursor:
        cursor.execute(f"SHOW {replica} STATUS")
        names = [column[0].replace("Replica_", "Slave_") for column in cursor.description]
        status = dict(zip(names, cursor.fetchone() or (), strict=True))
    assert not status["Last_SQL_Error"], status["Last_SQL_Error"]
    return bool(status["Slave_SQL_Running"] == "Yes")
