"""Reads rows out of INSERT statements, as bytes, without executing them.

A file may hold the session settings that every file of a dump begins with, and INSERT statements into its own table
with literals for values. Anything else is refused: a value that is computed, another table, another statement.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from airflow_mydump.engine.dump_directory.file_settings import FileSettings
from airflow_mydump.engine.errors import DumpError
from airflow_mydump.engine.metadata.catalog import Table
from airflow_mydump.engine.server.session import Row

_LARGEST_VALUE = 1 << 30
_LOOK_AHEAD = 1 << 16
_BATCH_ROWS = 1000
_BATCH_BYTES = 1 << 20

_SETTING = re.compile(rb"(?:/\*!\d{5} )?SET [^;'\"]*(?:'[A-Za-z0-9_,+:\- ]*'[^;'\"]*)*;?\s*?(?:\*/;?)?[ \t]*\n")
_REMARK = re.compile(rb"(?:--[^\n]*|#[^\n]*|[ \t]*)\n")
_INSERT = re.compile(
    rb"(?:INSERT(?: IGNORE)?|REPLACE) INTO `(?P<table>(?:[^`]|``)+)`\s*"
    rb"(?:\((?P<columns>\s*`(?:[^`]|``)+`(?:\s*,\s*`(?:[^`]|``)+`)*\s*)\)\s*)?VALUES\s*(?=\()"
)
_COLUMN = re.compile(rb"`((?:[^`]|``)+)`")
# Unrolled, so that the pattern repeats once for an escape and not for every byte.
_STRING = rb'"[^"\\]*(?:(?:\\.|"")[^"\\]*)*"' + rb"|'[^'\\]*(?:(?:\\.|'')[^'\\]*)*'"
_VALUE = re.compile(
    rb"\s*(?:(?P<null>NULL)"
    rb"|(?P<number>-?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?)(?=[\s,)])"
    rb"|(?P<hex>0x[0-9A-Fa-f]*|[xX]'[0-9A-Fa-f]*')"
    rb"|(?P<call>CONVERT\s*\(\s*)?(?:_binary\s*)?(?P<string>" + _STRING + rb")"
    rb"(?(call)\s+USING\s+\w+\s*\)))\s*(?P<end>[,)])",
    re.IGNORECASE | re.DOTALL,
)
_ESCAPES = {b"0": b"\0", b"b": b"\b", b"n": b"\n", b"r": b"\r", b"t": b"\t", b"Z": b"\x1a"}


class InsertReader:
    """The rows of one file. ``columns`` is known after the first row: the names given, None if there are none."""

    def __init__(self, file: str, table: Table, pieces: Iterable[bytes]) -> None:
        self._file = file
        self._table = table.name.name
        self._pieces = iter(pieces)
        self._buffer = b""
        self._position = 0
        self._ended = False
        self._settings = FileSettings(file, table)
        self.columns: tuple[str, ...] | None = None
        self._begun = False

    def batches(self) -> Iterator[list[Row]]:
        """Rows, about 1 MiB at once. Raises DumpError naming the file, and what the pieces raise."""
        batch: list[Row] = []
        size = 0
        for row in self._rows():
            batch.append(row)
            size += sum(len(value) for value in row if value is not None)
            if len(batch) >= _BATCH_ROWS or size >= _BATCH_BYTES:
                yield batch
                batch, size = [], 0
        if batch:
            yield batch

    def _rows(self) -> Iterator[Row]:
        while self._skip_settings():
            found = self._match(_INSERT)
            if not found:
                raise self._error("has another statement than INSERT")
            self._settings.require_stored_bytes()
            self._settings.require_utc()
            self._begin(found)
            yield from self._statement()

    def _begin(self, found: re.Match[bytes]) -> None:
        table = found["table"].replace(b"``", b"`").decode("utf-8", "surrogateescape")
        if table != self._table:
            raise self._error("inserts into another table than its own")
        names = found["columns"]
        columns = None if names is None else tuple(_name(name) for name in _COLUMN.findall(names))
        if self._begun and columns != self.columns:
            raise self._error("names other columns from one statement to the next")
        self.columns, self._begun = columns, True

    def _statement(self) -> Iterator[Row]:
        self._expect(b"(")
        while True:
            yield self._row()
            sign = self._next_sign()
            if sign == b";":
                return
            if sign != b",":
                raise self._error("does not go on with a row or end")
            self._expect(b"(")

    def _row(self) -> Row:
        values: list[bytes | None] = []
        while True:
            found = self._match(_VALUE)
            if not found:
                raise self._error("has a value that is no literal")
            values.append(_value(found))
            if found["end"] == b")":
                return tuple(values)

    def _skip_settings(self) -> bool:
        """Go past settings and empty lines; whether anything is left."""
        while True:
            if setting := self._match(_SETTING):
                self._settings.read(setting[0].decode("utf-8", "replace"))
            elif not self._match(_REMARK):
                self._fill(1)
                return self._position < len(self._buffer)

    def _expect(self, sign: bytes) -> None:
        if self._next_sign() != sign:
            raise self._error(f"has no {sign.decode()} where one is due")

    def _next_sign(self) -> bytes:
        while True:
            self._fill(1)
            sign = self._buffer[self._position : self._position + 1]
            self._position += 1
            if not sign.isspace() or not sign:
                return sign

    def _match(self, pattern: re.Pattern[bytes]) -> re.Match[bytes] | None:
        """The pattern at this position, read on if the buffer's end may be why it is not there."""
        wanted = _LOOK_AHEAD
        self._fill(1)
        while True:
            # Every pattern ends with a sign that no shorter text has, so what matches is whole.
            if found := pattern.match(self._buffer, self._position):
                self._position = found.end()
                return found
            have = len(self._buffer) - self._position
            if self._ended or have > _LARGEST_VALUE or (have >= _LOOK_AHEAD and not self._within_value()):
                return None
            wanted = 2 * max(wanted, have)
            self._fill(wanted)

    def _within_value(self) -> bool:
        """Whether what begins here may be a long string, so that it is worth reading on."""
        begin = self._buffer[self._position : self._position + 64]
        return b'"' in begin or b"'" in begin or begin.lstrip()[:2].lower() == b"0x"

    def _fill(self, wanted: int) -> None:
        """Have so many bytes from this position on, unless the file ends before."""
        have = len(self._buffer) - self._position
        if have >= wanted or self._ended:
            return
        parts = [self._buffer[self._position :]]
        while have < wanted:
            piece = next(self._pieces, None)
            if piece is None:
                self._ended = True
                break
            parts.append(piece)
            have += len(piece)
        self._buffer, self._position = b"".join(parts), 0

    def _error(self, what: str) -> DumpError:
        return DumpError(f"the file {self._file} {what}")


def _name(quoted: bytes) -> str:
    return quoted.replace(b"``", b"`").decode("utf-8", "surrogateescape")


def _value(found: re.Match[bytes]) -> bytes | None:
    if found["null"]:
        return None
    if found["number"] is not None:
        return found["number"]
    if found["hex"] is not None:
        digits = found["hex"][2:].rstrip(b"'").decode()
        return bytes.fromhex(digits if len(digits) % 2 == 0 else f"0{digits}")
    text = found["string"]
    quote, inner = text[:1], text[1:-1]
    if b"\\" in inner:
        inner = re.sub(
            rb"\\(.)|" + quote * 2,
            lambda escape: quote if escape[1] is None else _ESCAPES.get(escape[1], escape[1]),
            inner,
            flags=re.DOTALL,
        )
    elif quote in inner:
        inner = inner.replace(quote * 2, quote)
    return inner
