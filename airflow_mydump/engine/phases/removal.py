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


def truncate_table(session: Session, table: TableName, counter: int | None) -> None:
    """Empty a table, and let it count from ``counter`` on, if that is not None. Raises ServerError."""
    with _alone(session):
        session.execute(f"TRUNCATE TABLE {table.sql}")
        if counter is not None:
            session.execute(f"ALTER TABLE {table.sql} AUTO_INCREMENT = {counter}")


def _alone(session: Session) -> AbstractContextManager[None]:
    """Where foreign keys of tables form a circle, a session of MariaDB (10.11) that drops or empties one of them and
    another that drops, empties or alters the next may wait for each other for minutes, whatever timeouts say. One after
    the other, they are also faster.

    Nobody waits for another turn meanwhile.
    """
    return turn(session, _ONE_AT_A_TIME) if session.flavor.vendor == "mariadb" else nullcontext()
