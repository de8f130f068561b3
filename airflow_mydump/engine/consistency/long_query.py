"""Long queries on the source, for which a global lock would wait, and every writer for the lock."""

from __future__ import annotations

import time

from airflow_mydump.engine.consistency.settings import Consistency
from airflow_mydump.engine.errors import ServerError, SnapshotError
from airflow_mydump.engine.server.process import Process, read_processes
from airflow_mydump.engine.server.session import Session

_POLL_SECONDS = 1.0
_NO_SUCH_CONNECTION = 1094


def long_queries(session: Session, seconds: int) -> list[Process]:
    """Queries that have run for so long, as far as the account may see them (PROCESS). Raises ServerError."""
    return [process for process in read_processes(session) if process.is_query and process.seconds >= seconds]


def guard(session: Session, settings: Consistency, deadline: float) -> None:
    """Return when no long query runs; ``deadline`` is on the monotonic clock.

    Raises SnapshotError naming the queries, at once or at the deadline; ServerError naming one that must not be killed.
    """
    while found := long_queries(session, settings.long_query_seconds):
        if settings.long_queries == "fail" or time.monotonic() > deadline:
            outlived = ", and were killed in vain" if settings.long_queries == "kill" else ""
            raise SnapshotError(
                f"long queries run on the source ({'; '.join(map(str, found[:5]))}){outlived}, and a snapshot would "
                "hold up everything behind them: wait for them, end them, or choose another hour; no lock was taken"
            )
        if settings.long_queries == "kill":
            for query in found:
                _kill(session, query)
        time.sleep(_POLL_SECONDS)


def _kill(session: Session, query: Process) -> None:
    try:
        session.execute(f"KILL QUERY {query.connection}")
    except ServerError as error:
        if error.number != _NO_SUCH_CONNECTION:  # it has ended by itself
            raise error.during(f"cannot kill the long query of {query} on the source") from error
