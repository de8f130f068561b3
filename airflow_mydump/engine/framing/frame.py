"""Rows as bytes for LOAD DATA: values joined by delimiters that are proven not to occur in them.

No value is escaped, looked at or changed. Delimiters are drawn at random for each chunk and the proof is
counting: if as many delimiters are found in the frame as were written, none of them came from the data.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from airflow_mydump.engine.errors import FramingCollision
from airflow_mydump.engine.metadata.catalog import Table
from airflow_mydump.engine.metadata.datatype import holds_any_bytes
from airflow_mydump.engine.server.session import Row

# Delimiters with bytes from 0x80 on are corrupted by the servers (warning 1638); printable ASCII and white
# space are what data is made of; 0x1A ends a file for some tools.
_ALPHABET = bytes(byte for byte in range(1, 0x20) if byte not in b"\t\n\r\x1a")
_LETTERS = ord("@")
_LENGTH = 4
_LENGTH_AMONG_ANY_BYTES = 6
"""Where a column holds any bytes: four given ones occur by chance once in 4 GB, and a chunk may be as large. Two more
cost the target 3 % (measured with fields of 50 bytes)."""

_ANY = random.Random()  # noqa: S311
"""Seeded by the system. Who foresees delimiters can make a chunk draw others, and no more."""

FRAME_BYTES = 1 << 20
"""Rows are joined until a frame has about this many bytes."""

LONG_ROW_BYTES = 4 << 20
"""A row from this size on is passed on value by value: joined, it would be in memory twice more."""

_ROWS_AT_ONCE = 1000


@dataclass(frozen=True)
class Delimiters:
    """What ends a field, what ends a line, and what stands for NULL.

    The first byte of each occurs nowhere else in any of them. So an occurrence cannot begin in the data and
    end in a delimiter, or begin in one delimiter and end in the next: counting is exact.
    """

    field: bytes
    line: bytes
    null: bytes

    @classmethod
    def draw(cls, source: random.Random, length: int = _LENGTH) -> Delimiters:
        """Draw new delimiters of so many bytes each."""
        first = source.sample(_ALPHABET, 3)
        rest = [byte for byte in _ALPHABET if byte not in first]
        field, line, null = (bytes([lead, *source.choices(rest, k=length - 1)]) for lead in first)
        return cls(field, line, null)

    @classmethod
    def for_rows_of(cls, table: Table) -> Delimiters:
        """Draw new delimiters that will hardly ever occur in a table's values."""
        binary = any(map(holds_any_bytes, table.stored_columns))
        return cls.draw(_ANY, _LENGTH_AMONG_ANY_BYTES if binary else _LENGTH)

    @classmethod
    def parse(cls, text: str) -> Delimiters:
        """What `str` printed."""
        size = len(text) // 3
        field, line, null = (
            bytes(ord(letter) - _LETTERS for letter in text[at : at + size]) for at in range(0, len(text), size)
        )
        return cls(field, line, null)

    def __str__(self) -> str:
        """All three, a letter a byte."""
        return "".join(chr(byte + _LETTERS) for byte in self.field + self.line + self.null)


def fetch_size(row_bytes: int) -> int:
    """How many rows to fetch at once when one has at most ``row_bytes``, so that they fit in a few frames."""
    return max(1, min(_ROWS_AT_ONCE, 4 * FRAME_BYTES // max(1, row_bytes)))


class FrameStream:
    """The frames of a chunk, made while they are read; counts what passed.

    ``rows`` and ``bytes`` are exact once the stream is exhausted. Reading raises FramingCollision when a
    delimiter occurs in the data, and whatever the source of the rows raises.
    """

    def __init__(self, batches: Iterable[Sequence[Row]], columns: int, delimiters: Delimiters) -> None:
        self.rows = 0
        self.bytes = 0
        self._batches = batches
        self._columns = columns
        self._delimiters = delimiters

    def __iter__(self) -> Iterator[bytes]:
        parts: list[bytes] = []
        size = 0
        for framed in self._frames():
            self.bytes += len(framed)
            if len(framed) >= FRAME_BYTES and parts:
                yield b"".join(parts)
                parts, size = [], 0
            parts.append(framed)
            size += len(framed)
            if size >= FRAME_BYTES:
                yield b"".join(parts) if len(parts) > 1 else parts[0]
                parts, size = [], 0
        if parts:
            yield b"".join(parts)

    def _frames(self) -> Iterator[bytes]:
        """The batches as frames of any size; a long row, which ends its batch, value by value."""
        for batch in self._batches:
            self.rows += len(batch)
            long_row = bool(batch) and sum(map(len, filter(None, batch[-1]))) >= LONG_ROW_BYTES
            if rows := batch[:-1] if long_row else batch:
                yield frame(rows, self._columns, self._delimiters)
            if long_row:
                yield from frame_values(batch[-1], self._delimiters)


def frame(rows: Sequence[Row], columns: int, delimiters: Delimiters) -> bytes:
    """The rows as one frame, each value's bytes unchanged. Raises FramingCollision."""
    join, line, null = delimiters.field.join, delimiters.line, delimiters.null
    nulls = 0
    try:
        lines = [*map(join, rows)]  # type: ignore[arg-type]  # NULLs take the other path
    except TypeError:
        lines = [join([null if value is None else value for value in row]) for row in rows]
        nulls = sum(row.count(None) for row in rows)
    # An empty last one ends the one before: adding the delimiter to the frame would copy all of it.
    lines.append(b"")
    framed = line.join(lines)
    _prove(framed, len(rows), columns, nulls, delimiters)
    return framed


def frame_values(row: Row, delimiters: Delimiters) -> Iterator[bytes]:
    """A row's frame in pieces, none of which is a copy of a value. Raises FramingCollision."""
    for number, value in enumerate(row):
        if value is not None and any(
            delimiter in value for delimiter in (delimiters.field, delimiters.line, delimiters.null)
        ):
            raise _collision()
        if value is None:
            yield delimiters.null
        elif value:  # an empty piece would end a LOAD DATA
            yield value
        yield delimiters.field if number < len(row) - 1 else delimiters.line


def _collision() -> FramingCollision:
    return FramingCollision("a delimiter occurs in the data; the chunk needs other delimiters")


def _prove(framed: bytes, rows: int, columns: int, nulls: int, delimiters: Delimiters) -> None:
    written = (
        (delimiters.field, rows * (columns - 1)),
        (delimiters.line, rows),
        (delimiters.null, nulls),
    )
    if any(_occurrences(framed, delimiter, expected) != expected for delimiter, expected in written):
        raise _collision()


def _occurrences(framed: bytes, delimiter: bytes, expected: int) -> int:
    # One byte is found, or not, in a twentieth of the time that counting takes.
    return framed.count(delimiter) if expected or delimiter[:1] in framed else 0
