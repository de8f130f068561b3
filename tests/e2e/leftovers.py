"""What must be gone when a run has ended, however it did."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from tests.integration.pair import rows_of

if TYPE_CHECKING:
    from sandbox.airflow import Airflow
    from sandbox.server import Server

GONE_SECONDS = 20.0
"""How long after a run's end a process or session of it may be there; a task ends some seconds after it is done."""


def assert_nothing_left(airflow: Airflow, *servers: Server) -> None:
    """No process of a task, and on the servers no session; with its last session go a run's locks of every kind."""
    deadline = time.monotonic() + GONE_SECONDS
    while left := (airflow.tasks(), [sessions(server) for server in servers]):
        if not any((left[0], *left[1])):
            return
        assert time.monotonic() < deadline, f"processes {left[0]} and sessions {left[1]} outlive their run"
        time.sleep(0.1)


def sessions(server: Server) -> list[tuple[object, ...]]:
    """The sessions that others than replicas and this call have."""
    return rows_of(
        server,
        "SELECT id, command, info FROM information_schema.processlist "
        f"WHERE user = '{server.user}' AND id <> CONNECTION_ID() AND command NOT LIKE 'Binlog Dump%'",
    )
