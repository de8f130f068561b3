"""A checksum of a chunk that costs its source nothing: of the framed bytes that pass anyway, in the primary key's
order.

The other side is read back in the same order and framing, and must give the same bytes. The text of the digest holds
the delimiters, so that it can be computed again from it alone.

Only for tables where equal bytes in the frame mean equal values, and where the primary key puts the rows in the same
order everywhere; `compute_checksums` serves the others.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator

from airflow_mydump.engine.chunking.chunk import Chunk
from airflow_mydump.engine.errors import FramingCollision
from airflow_mydump.engine.framing.frame import Delimiters
from airflow_mydump.engine.framing.frame_reader import in_key_order, read_frames
from airflow_mydump.engine.framing.printed_json import PrintedJson
from airflow_mydump.engine.metadata.catalog import Column, Table
from airflow_mydump.engine.server.session import Session
from airflow_mydump.engine.verification.checksum import Checksum, Digestible, compute_checksums

_ORDERED = frozenset(
    {
        "tinyint", "smallint", "mediumint", "int", "bigint", "decimal", "date", "datetime", "timestamp", "time", "year",
        "char", "varchar", "binary", "varbinary", "uuid",
    }
)  # fmt: skip
_LONGEST_KEY_BYTES = 255
"""Beyond max_sort_length (1024 on both vendors), or with a key on a prefix, ORDER BY may leave rows tied."""

_DIGEST = re.compile("f:((?:[@-_]{3})+):([0-9a-f]{32})")


def tells_everything(table: Table, chunk: Chunk) -> bool:
    """Whether the frames of a chunk, in its table's key's order, show every difference that rows can have."""
    if not in_key_order(table, chunk):
        return False
    key = [table.column(name) for name in table.primary_key]
    ordered = all(column.data_type in _ORDERED and column.octet_length <= _LONGEST_KEY_BYTES for column in key)
    moved = table.stored_columns
    return ordered and moved == table.digested_columns and not any(map(_looks_alike, moved))


def _looks_alike(column: Column) -> bool:
    """Whether different values of the column may be the same text: an ENUM's error value looks like a member ''."""
    return column.data_type == "enum" and "''" in column.column_type


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
        """The digest of what has passed, with the delimiters: up to 53 characters."""
        return f"f:{self._delimiters}:{self._hash.hexdigest()[:32]}"


class HeardFrames:
    """The frames of a chunk, which give its checksum when all have passed. Only where they tell everything."""

    def __init__(self, session: Session, stored: Digestible, delimiters: Delimiters) -> None:
        self._session, self._stored = session, stored
        self._printed, self._digest = PrintedJson(stored.table), FrameDigest(delimiters)
        self.stream = read_frames(session, stored, delimiters, self._printed)

    def __iter__(self) -> Iterator[bytes]:
        return self._digest.listen(self.stream)

    def checksum(self) -> Checksum:
        """What has passed; or what the server computes, if JSON in it may come back as another text. Raises as
        `compute_checksums` does."""
        if self._printed.comes_back:
            return Checksum(self.stream.rows, self._digest.text)
        (computed,) = compute_checksums(self._session, [self._stored])
        return computed


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
    delimiters = Delimiters.parse(found[1])
    stream = read_frames(session, stored, delimiters)
    hashed = FrameDigest(delimiters)
    try:
        for _ in hashed.listen(stream):
            pass
    except FramingCollision:
        return Checksum(stream.rows, "")
    return Checksum(stream.rows, hashed.text)
