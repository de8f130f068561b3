"""Reads the rows of a chunk as frames, in the order of a key where there is one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from airflow_mydump.engine.chunking.chunk import Chunk
from airflow_mydump.engine.chunking.chunk_key import PRIMARY
from airflow_mydump.engine.framing.frame import FRAME_BYTES, Delimiters, FrameStream, fetch_size
from airflow_mydump.engine.framing.printed_json import PrintedJson
from airflow_mydump.engine.identifier import quote
from airflow_mydump.engine.metadata.catalog import Table
from airflow_mydump.engine.metadata.datatype import largest_bytes, read_expression
from airflow_mydump.engine.server.session import Row, Session
from airflow_mydump.engine.verification.checksum import Digestible

_FEWEST_AT_ONCE = 100
"""Fetching fewer rows at once costs more than measuring each of them."""


def select_rows(stored: Digestible) -> str:
    """The query for a chunk's rows, in the primary key's order where they lie in it, else in the chunk's key's."""
    table, chunk = stored.table, stored.chunk
    columns = ", ".join(read_expression(column) for column in table.stored_columns)
    order = chunk.order
    if in_key_order(table, chunk):
        # The index is named: an optimizer that likes another one would sort the rows.
        chunk = replace(chunk, index=PRIMARY)
        order = f" ORDER BY {', '.join(map(quote, table.primary_key))}"
    return f"SELECT {columns} {replace(stored, chunk=chunk).rows}{order}"


def read_frames(
    session: Session, stored: Digestible, delimiters: Delimiters, printed: PrintedJson | None = None
) -> FrameStream:
    """The frames of a chunk, read as they are asked for; ``printed`` looks at the rows.

    Raises ServerError, FramingCollision while they are read.
    """
    columns = stored.table.stored_columns
    query, rows = select_rows(stored), fetch_size(sum(map(largest_bytes, columns)))
    batches: Iterable[Sequence[Row]]
    if rows < _FEWEST_AT_ONCE:
        # Long values are allowed, and rarely there: rows are measured instead of feared.
        batches = session.stream_by_size(query, fetch_size(1), FRAME_BYTES)
    else:
        batches = session.stream(query, rows)
    return FrameStream(printed.watch(batches) if printed else batches, len(columns), delimiters)


def in_key_order(table: Table, chunk: Chunk) -> bool:
    """Whether rows lie in the order of a primary key that orders them wholly, and the chunk is a range of that key."""
    whole = any(key.name == PRIMARY and key.columns == table.primary_key for key in table.keys)
    return table.transactional and bool(table.primary_key) and whole and chunk.index in ("", PRIMARY)
