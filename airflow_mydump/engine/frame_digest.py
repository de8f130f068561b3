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
from collections.abc import Iterable, Iterator

from airflow_mydump.engine.catalog import Column, Table
from airflow_mydump.engine.checksum import Checksum, Digestible
from airflow_mydump.engine.chunk import Chunk
from airflow_mydump.engine.datatype import largest_bytes, read_expression
from airflow_mydump.engine.errors import FramingCollision
from airflow_mydump.engine.framing import Delimiters, FrameStream, fetch_size
from airflow_mydump.engine.identifier import TableName, quote
from airflow_mydump.engine.session import Session

_ORDERED = frozenset(
    {
        "tinyint", "smallint", "mediumint", "int", "bigint", "decimal", "date", "datetime", "timestamp", "time", "year",
        "char", "varchar", "binary", "varbinary", "uuid",
    }
)  # fmt: skip
_LONGEST_KEY_BYTES = 255
"""Beyond max_sort_length (1024 on both vendors), or with a key on a prefix, ORDER BY may leave rows tied."""

_DIGEST = re.compile("f:([0-9a-f]{8})([0-9a-f]{8})([0-9a-f]{8}):([0-9a-f]{32})")


def tells_everything(table: Table) -> bool:
    """Whether the frames of a table, in its key's order, show every difference that rows can have."""
    key = [table.column(name) for name in table.primary_key]
    ordered = all(column.data_type in _ORDERED and column.octet_length <= _LONGEST_KEY_BYTES for column in key)
    return (
        table.transactional
        and bool(key)
        and ordered
        and not any(_looks_alike(column) for column in table.stored_columns)
    )


def _looks_alike(column: Column) -> bool:
    """Whether different values of the column may be the same text, or one value two texts."""
    if column.data_type == "json":
        return True  # MySQL prints a DECIMAL in JSON as it will not print it again; see `datatype`
    # The error value of an ENUM looks like a member ''.
    return column.data_type == "enum" and "''" in column.column_type


def select_rows(stored_as: TableName, table: Table, chunk: Chunk) -> str:
    """The query for a chunk's rows, in the primary key's order where there is one."""
    columns = ", ".join(read_expression(column) for column in table.stored_columns)
    where = f" WHERE {chunk.where}" if chunk.where else ""
    # Only where rows lie in the key's order; the hint keeps an optimizer that likes another index from sorting them.
    key = table.primary_key if table.transactional else ()
    order = f" ORDER BY {', '.join(map(quote, key))}" if key else ""
    index = " FORCE INDEX (PRIMARY)" if key else ""
    return f"SELECT {columns} FROM {stored_as.sql}{index}{where}{order}"


def read_frames(
    session: Session, stored_as: TableName, table: Table, chunk: Chunk, delimiters: Delimiters
) -> FrameStream:
    """The frames of a chunk, read as they are asked for. Raises ServerError, FramingCollision while they are."""
    batch = fetch_size(sum(largest_bytes(column) for column in table.stored_columns))
    batches = session.stream(select_rows(stored_as, table, chunk), batch)
    return FrameStream(batches, len(table.stored_columns), delimiters)


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
    stream = read_frames(session, stored.stored_as, stored.table, stored.chunk, delimiters)
    hashed = FrameDigest(delimiters)
    try:
        for _ in hashed.listen(stream):
            pass
    except FramingCollision:
        return Checksum(stream.rows, "")
    return Checksum(stream.rows, hashed.text)
