"""Whether JSON comes back from a server as the text that it was printed as, when that text is loaded.

MySQL (9.7) keeps JSON in a form of its own, with types that its text does not tell. A number that a function made may
be a DECIMAL, which is printed with all its digits, read as a DOUBLE, and printed then with as many as that needs:
32.2500 comes back as 32.25. Everything else is printed as it was read: integers, strings, what had been a DATE, and
members in the order that the server keeps them in.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import TypeVar

from airflow_mydump.engine.metadata.catalog import Table
from airflow_mydump.engine.server.session import Row

Batch = TypeVar("Batch", bound=Sequence[Row])

_STRING = re.compile(rb'"(?:[^"\\]|\\.)*"')
_NO_SMALL_INTEGER = re.compile(rb"\d[.eE]|\d{19}")
_NUMBER = re.compile(rb"\d+(?:\.\d+)?(?:[eE][-+]?\d+)?")


class PrintedJson:
    """Looks at the JSON of rows that pass."""

    def __init__(self, table: Table) -> None:
        self.comes_back = True
        self._columns = [number for number, column in enumerate(table.stored_columns) if column.data_type == "json"]

    def watch(self, batches: Iterable[Batch]) -> Iterator[Batch]:
        """The batches unchanged."""
        for batch in batches:
            self.comes_back = self.comes_back and all(self._column_comes_back(batch, each) for each in self._columns)
            yield batch

    def _column_comes_back(self, batch: Sequence[Row], column: int) -> bool:
        return comes_back(b",".join([value for row in batch if (value := row[column]) is not None]))


def comes_back(printed: bytes) -> bool:
    """Whether the server certainly prints the values, of which there may be several, as this text again."""
    if not _NO_SMALL_INTEGER.search(printed):
        return True
    outside_of_strings = _STRING.sub(b'""', printed)
    return all(map(_is_printed_again, _NUMBER.findall(outside_of_strings)))


def _is_printed_again(number: bytes) -> bool:
    """Python prints the shortest text of a DOUBLE, as MySQL does; powers of ten look different, and are doubted."""
    if number.isdigit():
        return len(number) < 19
    return repr(float(number)).encode() == number
