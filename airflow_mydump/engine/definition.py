"""Reads the text of table definitions, one by one, because servers show them in no other way, but several at a time."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from airflow_mydump.engine.endpoint import Endpoint
from airflow_mydump.engine.identifier import TableName
from airflow_mydump.engine.session import Session
from airflow_mydump.engine.session_state import metadata

_SESSIONS = 3
_WORTH_A_SESSION = 500
"""Tables for which another connection pays."""


def read_definitions(source: Endpoint, tables: Sequence[TableName]) -> list[str]:
    """SHOW CREATE TABLE of every table, in their order, through at most three sessions.

    Raises ConnectError, ServerError.
    """
    workers = max(1, min(_SESSIONS, len(tables) // _WORTH_A_SESSION))
    size = -(-len(tables) // workers)
    shares = [tables[start : start + size] for start in range(0, len(tables), max(size, 1))]
    with ThreadPoolExecutor(workers) as pool:
        return [text for share in pool.map(lambda share: _read(source, share), shares) for text in share]


def _read(source: Endpoint, tables: Sequence[TableName]) -> list[str]:
    with Session(source, metadata) as session:
        return [session.text_rows(f"SHOW CREATE TABLE {table.sql}")[0][1] for table in tables]
