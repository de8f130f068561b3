"""Whether JSON comes back from a server as the text that it was printed as, when that text is loaded.

MySQL (9.7) keeps JSON in a form of its own, with types that its text does not tell. A number that a function made may
be a DECIMAL, which is printed with all its digits, read as a DOUBLE, and printed then with as many as that needs:
32.2500 comes back as 32.25. Integers, strings, what had been a DATE, and the order of members come back as they were.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import TypeVar

from airflow_mydump.engine.metadata.catalog import Table
from airflow_mydump.engine.server.session import Row

Batch = TypeVar("Batch", bound=Sequence[Row])

_LONG_BYTES = 4 << 20
"""What is not looked at, because that would be several copies, but doubted."""

_NO_SMALL_INTEGER = re.compile(rb"\d[.eE]|\d{19}|-0")
_STRING = re.compile(rb'"[^"]*"')
_NUMBER = re.compile(rb"-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?")
_INTEGER_DIGITS, _DIGITS = 18, 15
"""What 64 bits hold, and up to how many digits each number is the only one that a DOUBLE is printed as."""


class PrintedJson:
    """Looks at the JSON of rows that pass."""

    def __init__(self, table: Table) -> None:
        self.comes_back = True
        self._columns = [number for number, column in enumerate(table.stored_columns) if column.data_type == "json"]

    def watch(self, batches: Iterable[Batch]) -> Iterator[Batch]:
        """The batches unchanged."""
        for batch in batches:
            self.comes_back = self.comes_back and all(_column_comes_back(batch, each) for each in self._columns)
            yield batch


def _column_comes_back(batch: Sequence[Row], column: int) -> bool:
    values = [value for row in batch if (value := row[column]) is not None]
    return sum(map(len, values)) < _LONG_BYTES and comes_back(b",".join(values))


def comes_back(printed: bytes) -> bool:
    """Whether the server is known to print the values, of which there may be several, as this text again."""
    if not _NO_SMALL_INTEGER.search(printed):
        return True
    # First what is escaped: a pattern that knows of it remembers every character of a long string.
    outside_of_strings = _STRING.sub(b'""', printed.replace(b"\\\\", b"").replace(b'\\"', b""))
    return all(_is_printed_again(number[0]) for number in _NUMBER.finditer(outside_of_strings))


def _is_printed_again(number: bytes) -> bool:
    """Python prints the shortest text of a DOUBLE, as MySQL does; what they may print in two ways is doubted: powers of
    ten, and fractions of nothing (MySQL 5.7 prints 1.0 as 1 and -0.0 as -0)."""
    digits = number.removeprefix(b"-")
    if digits.isdigit():
        return len(digits) <= _INTEGER_DIGITS and number != b"-0"
    return len(digits) <= _DIGITS + 1 and not digits.endswith(b".0") and repr(float(digits)).encode() == digits
