"""Reads the text of table definitions, one by one, because servers show them in no other way, but several at a time."""

from __future__ import annotations

import re
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from airflow_mydump.engine.error_number import NO_SUCH_DATABASE, NO_SUCH_TABLE
from airflow_mydump.engine.errors import PreflightError, ServerError
from airflow_mydump.engine.identifier import TableName
from airflow_mydump.engine.server.endpoint import Endpoint
from airflow_mydump.engine.server.session import Session
from airflow_mydump.engine.server.session_state import metadata

_SESSIONS = 2
_WORTH_A_SESSION = 500
"""Tables for which another connection pays."""


class Definitions:
    """SHOW CREATE TABLE of many tables, read through at most two sessions while the caller does something else.

    Use as a context manager.
    """

    def __init__(self, server: Endpoint, tables: Sequence[TableName]) -> None:
        workers = max(1, min(_SESSIONS, len(tables) // _WORTH_A_SESSION))
        size = max(-(-len(tables) // workers), 1)
        self._pool = ThreadPoolExecutor(workers)
        self._shares = [
            self._pool.submit(_read, server, tables[start : start + size]) for start in range(0, len(tables), size)
        ]

    def texts(self) -> list[str | None]:
        """The definitions, in the tables' order; None for tables that are not there. Raises ConnectError, ServerError
        naming the table."""
        return [text for share in self._shares for text in share.result()]

    def __enter__(self) -> Definitions:
        return self

    def __exit__(self, *error: object) -> None:
        self._pool.shutdown(cancel_futures=True)


_NO_TEXT = re.compile("[\udc80-\udcff]")
"""Bytes that are not UTF-8, as `Session.text_rows` gives them."""


def readable(name: TableName, definition: str) -> str:
    """The definition itself. Raises PreflightError if it holds bytes that are no text."""
    # MariaDB prints the default of a binary column as the raw bytes, which are no text then.
    if _NO_TEXT.search(definition):
        raise PreflightError(
            f"the definition of {name} holds bytes that are not UTF-8, such as the default of a binary column; "
            "exclude it, or write the default as an expression (0x…)"
        )
    return definition


def _read(server: Endpoint, tables: Sequence[TableName]) -> list[str | None]:
    with Session(server, metadata) as session:
        return [_definition(session, table) for table in tables]


def _definition(session: Session, table: TableName) -> str | None:
    try:
        return session.text_rows(f"SHOW CREATE TABLE {table.sql}")[0][1]
    except ServerError as error:
        if error.number in (NO_SUCH_DATABASE, NO_SUCH_TABLE):
            return None
        raise error.during(f"cannot look at {table}") from error
