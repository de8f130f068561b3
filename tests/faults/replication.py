"""A server that follows another one, and knows after a crash how far it had come."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from airflow_mydump.engine.consistency.applier import read_applier
from airflow_mydump.engine.server.session import Session
from airflow_mydump.engine.server.session_state import metadata
from tests.integration.pair import endpoint, rows_of, run_sql

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sandbox.server import Flavor, Server

_SECONDS = 60.0

OPTIONS: Mapping[Flavor, Mapping[str, str | None]] = {
    "mariadb": {"log-slave-updates": "ON", "relay-log-recovery": "ON"},
    "mysql": {"gtid-mode": "ON", "enforce-gtid-consistency": "ON", "relay-log-recovery": "ON"},
}
"""What both servers are started with."""

READ_ONLY: Mapping[str, str | None] = {"read-only": "ON"}
"""What the replica is started with besides, so that it is so after a crash, too: only administrators may write."""


def follow(primary: Server, replica: Server) -> None:
    """Let a server be the replica of another from now on."""
    if primary.flavor == "mysql":
        change = "CHANGE REPLICATION SOURCE TO SOURCE_{}, SOURCE_AUTO_POSITION = 1, GET_SOURCE_PUBLIC_KEY = 1"
        start, separator = "START REPLICA", ", SOURCE_"
    else:
        change, start, separator = "CHANGE MASTER TO MASTER_{}, MASTER_USE_GTID = slave_pos", "START SLAVE", ", MASTER_"
    login = separator.join(
        (
            f"HOST = '{primary.host}'",
            f"PORT = {primary.port}",
            f"USER = '{primary.user}'",
            f"PASSWORD = '{primary.password}'",
        )
    )
    run_sql(replica, change.format(login), start)


def catch_up(primary: Server, replica: Server) -> None:
    """Return when the replica has done what the primary has done by now."""
    name = f"mark_{time.time_ns()}"
    run_sql(primary, f"CREATE DATABASE {name}")
    deadline = time.monotonic() + _SECONDS
    while not rows_of(replica, f"SHOW DATABASES LIKE '{name}'"):
        assert time.monotonic() < deadline, "the replica does not follow"
        time.sleep(0.02)
    run_sql(primary, f"DROP DATABASE {name}")


def applies(replica: Server) -> bool:
    """Whether a replica's applier runs."""
    with Session(endpoint(replica), metadata) as session:
        return read_applier(session).running
