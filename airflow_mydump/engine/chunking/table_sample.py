"""Looks at some rows of a table where its statistics cannot be trusted."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from airflow_mydump.engine.identifier import TableName, quote
from airflow_mydump.engine.metadata.catalog import Table
from airflow_mydump.engine.server.session import Session

_SAMPLE_ROWS = 1000
_BATCH = 100
_ROW_OVERHEAD = 20
"""Bytes of InnoDB's header, transaction number and roll pointer."""


def row_bytes(session: Session, table: Table) -> float:
    """About how many bytes a row takes, from the table's first rows. Raises ServerError."""
    names = [quote(column.name) for column in table.stored_columns]
    length = " + ".join(f"IFNULL(LENGTH({name}), 0)" for name in names)
    found = session.value(
        f"SELECT AVG({length}) FROM (SELECT {', '.join(names)} FROM {table.name.sql} LIMIT {_SAMPLE_ROWS}) AS sample"
    )
    return float(found or 0) + _ROW_OVERHEAD


def not_empty(session: Session, tables: Sequence[TableName]) -> frozenset[TableName]:
    """Those of the tables that have a row, in one query for a hundred tables. Raises ServerError."""
    found: set[TableName] = set()
    for start in range(0, len(tables), _BATCH):
        batch = tables[start : start + _BATCH]
        found.update(batch[int(number)] for number in _numbers(session, batch))
    return frozenset(found)


def _numbers(session: Session, batch: Sequence[TableName]) -> Iterable[bytes]:
    rows = session.rows(
        " UNION ALL ".join(f"(SELECT {number} FROM {table.sql} LIMIT 1)" for number, table in enumerate(batch))
    )
    return [row[0] for row in rows if row[0] is not None]
