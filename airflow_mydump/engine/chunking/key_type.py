"""The rule for each column type in a chunk key: how a value is read, written as a literal, and placed on a line.

A type that is not listed is no key type; it is never guessed. ENUM and SET are left out on purpose: an index orders
them by number, a comparison with text by text (MySQL Shell lost rows over it), and with numbers MariaDB reads the whole
table for each range.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from airflow_mydump.engine.identifier import literal, quote
from airflow_mydump.engine.metadata.catalog import Column
from airflow_mydump.engine.metadata.datatype import INTEGERS, read_expression

_PLAIN_NUMBERS = INTEGERS | {"decimal", "year", "bit"}
_FLOATS = frozenset({"float", "double"})
_TEXTS = frozenset({"char", "varchar"})
_BINARIES = frozenset({"binary", "varbinary"})
_MOMENTS = {"date": "DATE", "datetime": "TIMESTAMP", "timestamp": "TIMESTAMP", "time": "TIME"}
_TYPED_STRINGS = frozenset({"uuid", "inet4", "inet6"})


def is_key_type(column: Column) -> bool:
    """Whether ranges of this column can be read through an index, the same way on every server."""
    kind = column.data_type
    if kind in _TEXTS:
        return bool(column.charset and column.collation)
    return kind in _PLAIN_NUMBERS or kind in _FLOATS or kind in _BINARIES or kind in _MOMENTS or kind in _TYPED_STRINGS


def key_expression(column: Column) -> str:
    """The select-list expression that yields what `key_literal` takes, in a `session_state.reading` session."""
    return f"{quote(column.name)} + 0" if column.data_type == "bit" else read_expression(column)


def key_literal(column: Column, value: bytes) -> str:
    """An SQL literal equal to exactly the value, and ordered among the column's values as the index orders them.

    Strings are given byte by byte, in the column's own character set and collation.
    """
    kind = column.data_type
    if kind in _TEXTS:
        return f"_{column.charset} x'{value.hex()}' COLLATE {column.collation}"
    if kind in _BINARIES:
        return f"_binary x'{value.hex()}'"
    text = value.decode("ascii")
    if kind in _MOMENTS:
        return f"{_MOMENTS[kind]}'{text}'"
    if kind in _TYPED_STRINGS:
        # Taken from a binary string, these types would be given their internal bytes.
        return f"_latin1{literal(text)}"
    if kind in _FLOATS:
        # Without an exponent it would be a DECIMAL, and compared as one.
        return text if "e" in text else f"{text}e0"
    return text


@dataclass(frozen=True)
class Line:
    """Places a column's values on a line of whole numbers, so that a range can be cut anywhere.

    ``place`` never sorts a greater value before a smaller one. ``value`` gives, for any place between those of two
    values, a value that is as far as possible of that place, and never a smaller one for a greater place.
    """

    place: Callable[[bytes], int]
    value: Callable[[int], bytes]


def line_of(column: Column) -> Line | None:
    """The line of a column's values; None for types whose values only the server can order, such as text."""
    kind = column.data_type
    if kind in INTEGERS or kind == "bit":
        return Line(int, _digits)
    if kind == "decimal":
        return _decimal_line(_argument(column, 1))
    if kind == "binary":
        return _binary_line(column.octet_length)
    if kind == "date":
        return Line(_day, _date_text)
    if kind == "datetime":
        return _datetime_line(_argument(column, 0))
    if kind == "timestamp":
        return _timestamp_line(_argument(column, 0))
    return None


def _argument(column: Column, position: int) -> int:
    found = re.search(r"\(([\d, ]+)\)", column.column_type)
    given = found[1].split(",") if found else []
    return int(given[position]) if position < len(given) else 0


def _digits(place: int) -> bytes:
    return str(place).encode()


def _decimal_line(scale: int) -> Line:
    def value(place: int) -> bytes:
        digits = f"{abs(place):0{scale + 1}}"
        whole, fraction = digits[: len(digits) - scale], digits[len(digits) - scale :]
        return f"{'-' if place < 0 else ''}{whole}{'.' if scale else ''}{fraction}".encode()

    return Line(lambda text: int(text.replace(b".", b"")), value)


def _binary_line(length: int) -> Line:
    return Line(
        lambda value: int.from_bytes(value.ljust(length, b"\0"), "big"), lambda place: place.to_bytes(length, "big")
    )


_ZERO_DATE = b"0000-00-00"


def _day(text: bytes) -> int:
    """Days since the year 0; a date that no calendar has (2023-02-31, 2024-00-00) takes the nearest place."""
    year, month, day = int(text[:4]), max(int(text[5:7]), 1), max(int(text[8:10]), 1)
    if year == 0:
        return 0
    following = date(year + month // 12, month % 12 + 1, 1) if (year, month) < (9999, 12) else None
    last = (following - timedelta(days=1)).day if following else 31
    return date(year, month, min(day, last)).toordinal()


def _date_text(place: int) -> bytes:
    return date.fromordinal(min(place, date.max.toordinal())).isoformat().encode() if place > 0 else _ZERO_DATE


def _datetime_line(digits: int) -> Line:
    units: int = 10**digits

    def place(text: bytes) -> int:
        day = _day(text)
        shown = _date_text(day)
        if text[:10] != shown:  # a date that no calendar has is all one moment, at the end it lies nearest to
            return (day * 86_400 + (86_399 if text[:10] > shown else 0)) * units
        clock = int(text[11:13]) * 3600 + int(text[14:16]) * 60 + int(text[17:19])
        return (day * 86_400 + clock) * units + int(text[20 : 20 + digits] or b"0")

    def value(at: int) -> bytes:
        seconds, fraction = divmod(max(at, 0), units)
        days, clock = divmod(seconds, 86_400)
        if not days:
            clock = fraction = 0
        time = f"{clock // 3600:02}:{clock // 60 % 60:02}:{clock % 60:02}"
        return _date_text(days) + f" {time}{f'.{fraction:0{digits}}' if digits else ''}".encode()

    return Line(place, value)


_EPOCH = datetime(1970, 1, 1)


def _timestamp_line(digits: int) -> Line:
    """Seconds since 1970, because no literal between the zero timestamp and 1970 is one."""
    inner = _datetime_line(digits)
    units: int = 10**digits
    epoch = _EPOCH.toordinal() * 86_400 * units
    return Line(
        lambda text: max(inner.place(text) - epoch, 0),
        lambda at: inner.value(at + epoch if at >= units else epoch + units if at > 0 else 0),
    )
