"""Identities that prove their tables' definitions: whoever alters a table gives it another."""

from __future__ import annotations

import math
from collections.abc import Mapping

from airflow_mydump.engine.error_number import ACCESS_DENIED
from airflow_mydump.engine.errors import ServerError
from airflow_mydump.engine.identifier import TableName, literal
from airflow_mydump.engine.metadata.table_identity import is_numbered, made_at
from airflow_mydump.engine.server.process import read_processes
from airflow_mydump.engine.server.session import Session

_MARGIN_SECONDS = 10
"""Times are whole seconds, and a file's may lie behind the server's clock."""


def lasting(identities: Mapping[TableName, str], clock: str) -> dict[TableName, str]:
    """Those of InnoDB's identities that a table loses when its definition is altered, if `read_clock` gave ``clock``
    before that: an ALTER gives its table a new time (MariaDB 10.11, MySQL 9.7). Of other engines not all do."""
    return {
        name: identity
        for name, identity in identities.items()
        if is_numbered(identity) and "" < made_at(identity) < clock
    }


def read_clock(session: Session) -> str:
    """A time that no table will be given any more whose definition is altered from now on; "" if none is known.

    Only a session that sets its own ``timestamp`` can give one, as when a binary log is replayed through a client.
    Raises ServerError.
    """
    now = session.texts("SELECT CAST(NOW() AS CHAR)")[0]  # first: what is not under way then is told later
    under_way = _seconds_under_way(session) if session.flavor.dates_tables_when_told else 0
    if under_way is None:
        return ""
    return session.texts(f"SELECT CAST({literal(now)} - INTERVAL {under_way + _MARGIN_SECONDS} SECOND AS CHAR)")[0]


def _seconds_under_way(session: Session) -> int | None:
    """For how long the oldest statement is; None where an applier's may be, which have the times of another server."""
    try:
        if session.rows(session.flavor.replica_status):
            return None
    except ServerError as error:
        if error.number == ACCESS_DENIED:
            return None
        raise
    # Who may not see the others' statements sees no numbers of tables either, and nothing is proved by a time alone.
    processes = read_processes(session)
    if any(process.is_applier for process in processes):
        return None
    return max((math.ceil(process.seconds) for process in processes if not process.is_idle), default=0)
