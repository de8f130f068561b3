"""Drops and empties tables of the target, which the servers do not always let several sessions do at once."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext

from airflow_mydump.engine.identifier import TableName
from airflow_mydump.engine.server.session import Session
from airflow_mydump.engine.server.turn import turn

_ONE_AT_A_TIME = ("drop or truncate",)


def drop_table(session: Session, table: TableName) -> None:
    """Drop a table if it is there. Raises ServerError."""
    with _alone(session):
        session.execute(f"DROP TABLE IF EXISTS {table.sql}")


def truncate_table(session: Session, table: TableName) -> None:
    """Empty a table. Raises ServerError."""
    with _alone(session):
        session.execute(f"TRUNCATE TABLE {table.sql}")


def _alone(session: Session) -> AbstractContextManager[None]:
    """Where foreign keys of tables form a circle, two sessions of MariaDB (10.11) that drop or empty some of them may
    wait for each other until a timeout, or without end. One after the other, they are also faster.

    Nobody waits for another turn meanwhile.
    """
    return turn(session, _ONE_AT_A_TIME) if session.flavor.vendor == "mariadb" else nullcontext()
