"""Cuts tables into chunks."""

from __future__ import annotations

from collections.abc import Iterator

from airflow_mydump.engine.chunk import Chunk
from airflow_mydump.engine.datatype import INTEGERS
from airflow_mydump.engine.identifier import quote
from airflow_mydump.engine.plan import PlannedTable
from airflow_mydump.engine.session import Session

DEFAULT_CHUNK_BYTES = 64 << 20


def cut(session: Session, planned: PlannedTable, chunk_bytes: int) -> list[Chunk]:
    """The chunks of a table, in key order: disjoint, complete, each of about ``chunk_bytes``.

    Tables whose primary key begins with an integer are cut by even ranges of that column; others, and tables that
    are not transactional and so can only be loaded whole, are one chunk. Reads only the key's smallest and
    largest value, and that only for tables larger than a chunk. Raises ServerError.
    """
    table = planned.table
    key = table.primary_key[0] if table.primary_key else None
    parts = -(-table.data_bytes // chunk_bytes)
    if parts < 2 or key is None or not table.transactional or table.column(key).data_type not in INTEGERS:
        return [Chunk(planned.number, 0, table.data_bytes)]
    column = quote(key)
    ((low, high),) = session.rows(f"SELECT MIN({column}), MAX({column}) FROM {table.name.sql}")
    if low is None or high is None:
        return [Chunk(planned.number, 0, table.data_bytes)]
    return list(_ranges(planned.number, key, int(low), int(high), parts, table.data_bytes))


def _ranges(number: int, key: str, low: int, high: int, parts: int, size: int) -> Iterator[Chunk]:
    span = high - low + 1
    parts = min(parts, span)
    # The first chunk has no lower and the last no upper bound: rows that come while planning have a place.
    bounds = [None, *(low + span * part // parts for part in range(1, parts)), None]
    for part in range(parts):
        yield Chunk(number, part, size // parts, key, bounds[part], bounds[part + 1])
