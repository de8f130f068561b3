"""A checksum of a chunk that costs its source nothing: of the framed bytes that pass anyway, in the primary key's
order.

The other side is read back in the same order and framing, and must give the same bytes. The text of the digest holds
the delimiters, so that it can be computed again from it alone.

Only for tables where equal bytes in the frame mean equal values, and where the primary key puts the rows in the same
order everywhere; `compute_checksum` serves the others.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from airflow_mydump.engine.catalog import Column, Table
from airflow_mydump.engine.checksum import Checksum, Digestible
from airflow_mydump.engine.chunk import Chunk
from airflow_mydump.engine.chunk_key import PRIMARY
from airflow_mydump.engine.datatype import largest_bytes, read_expression
from airflow_mydump.engine.errors import FramingCollision
from airflow_mydump.engine.framing import FRAME_BYTES, Delimiters, FrameStream, fetch_size
from airflow_mydump.engine.identifier import quote
from airflow_mydump.engine.session import Row, Session

_ORDERED = frozenset(
    {
        "tinyint", "smallint", "mediumint", "int", "bigint", "decimal", "date", "datetime", "timestamp", "time", "year",
        "char", "varchar", "binary", "varbinary", "uuid",
    }
)  # fmt: skip
_LONGEST_KEY_BYTES = 255
"""Beyond max_sort_length (1024 on both vendors), or with a key on a prefix, ORDER BY may leave rows tied."""

_FEWEST_AT_ONCE = 100
"""Fetching fewer rows at once costs more than measuring each of them."""

_DIGEST = re.compile("f:([0-9a-f]{8})([0-9a-f]{8})([0-9a-f]{8}):([0-9a-f]{32})")


def tells_everything(table: Table, chunk: Chunk) -> bool:
    """Whether the frames of a chunk, in its table's key's order, show every difference that rows can have."""
    if not _in_key_order(table, chunk):
        return False
    key = [table.column(name) for name in table.primary_key]
    ordered = all(column.data_type in _ORDERED and column.octet_length <= _LONGEST_KEY_BYTES for column in key)
    return ordered and not any(_looks_alike(column) for column in table.stored_columns)


def _in_key_order(table: Table, chunk: Chunk) -> bool:
    """Whether rows lie in the order of a primary key that orders them wholly, and the chunk is a range of that key."""
    whole = any(key.name == PRIMARY and key.columns == table.primary_key for key in table.keys)
    return table.transactional and bool(table.primary_key) and whole and chunk.index in ("", PRIMARY)


def _looks_alike(column: Column) -> bool:
    """Whether different values of the column may be the same text, or one value two texts."""
    if column.data_type == "json":
        return True  # MySQL prints a DECIMAL in JSON as it will not print it again; see `datatype`
    # The error value of an ENUM looks like a member ''.
    return column.data_type == "enum" and "''" in column.column_type


def select_rows(stored: Digestible) -> str:
    """The query for a chunk's rows, in the primary key's order where they lie in it, else in the chunk's key's."""
    table, chunk = stored.table, stored.chunk
    columns = ", ".join(read_expression(column) for column in table.stored_columns)
    order = chunk.order
    if _in_key_order(table, chunk):
        # The index is named: an optimizer that likes another one would sort the rows.
        chunk = replace(chunk, index=PRIMARY)
        order = f" ORDER BY {', '.join(map(quote, table.primary_key))}"
    return f"SELECT {columns} {chunk.rows_of(stored.stored_as, stored.where, pinned=stored.pinned)}{order}"


def read_frames(session: Session, stored: Digestible, delimiters: Delimiters) -> FrameStream:
    """The frames of a chunk, read as they are asked for. Raises ServerError, FramingCollision while they are."""
    columns = stored.table.stored_columns
    query, rows = select_rows(stored), fetch_size(sum(map(largest_bytes, columns)))
    batches: Iterable[Sequence[Row]]
    if rows < _FEWEST_AT_ONCE:
        # Long values are allowed, and rarely there: rows are measured instead of feared.
        batches = session.stream_by_size(query, fetch_size(1), FRAME_BYTES)
    else:
        batches = session.stream(query, rows)
    return FrameStream(batches, len(columns), delimiters)


class FrameDigest:
    """Hashes frames while they pass."""

    def __init__(self, delimiters: Delimiters) -> None:
        self._delimiters = delimiters
        self._hash = hashlib.sha256()

    def listen(self, frames: Iterable[bytes]) -> Iterator[bytes]:
        """The frames unchanged."""
        for framed in frames:
            self._hash.update(framed)
            yield framed

    @property
    def text(self) -> str:
        """The digest of what has passed, with the delimiters: 60 characters."""
        delimiters = (self._delimiters.field, self._delimiters.line, self._delimiters.null)
        return f"f:{''.join(part.hex() for part in delimiters)}:{self._hash.hexdigest()[:32]}"


def is_frame_digest(digest: str) -> bool:
    """Whether a checksum's digest was made here."""
    return _DIGEST.fullmatch(digest) is not None


def compute_again(session: Session, stored: Digestible, digest: str) -> Checksum:
    """The checksum of the same kind, with the same delimiters, of what a server holds of a chunk.

    Data in which a delimiter occurs gives an empty digest: it cannot be the data that was framed. The session must be
    in the `session_state.reading` state. Raises ServerError.
    """
    found = _DIGEST.fullmatch(digest)
    assert found, "only called for what is_frame_digest took"
    delimiters = Delimiters(*(bytes.fromhex(part) for part in found.groups()[:3]))
    stream = read_frames(session, stored, delimiters)
    hashed = FrameDigest(delimiters)
    try:
        for _ in hashed.listen(stream):
            pass
    except FramingCollision:
        return Checksum(stream.rows, "")
    return Checksum(stream.rows, hashed.text)
