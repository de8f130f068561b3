"""File names in a dump directory: the one encoder of database and table names, and the one reader of file names.

mydumper's rule: a name of letters, digits, ``_``, ``-`` and blanks stands for itself, any other is masqueraded as
``mydumper_<n>``. Masqueraded here as well: names that differ only in case (some file systems cannot tell them apart),
that are long, that end or begin with a blank, or that look like a part of mydumper's own file names.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from airflow_mydump.engine.errors import DumpError
from airflow_mydump.engine.identifier import TableName

_PLAIN = re.compile(r"[A-Za-z0-9_\-][A-Za-z0-9_\- ]*(?<! )", re.ASCII)
_MISLEADING = re.compile(r"mydumper_|checksum|metadata|-", re.IGNORECASE)
_WITHIN = "-schema"
_LONGEST = 64

FileKind = Literal["create-schema", "table", "view", "sequence", "triggers", "post", "tablespaces", "sql", "dat"]
"""``table`` files hold a CREATE TABLE, ``post`` files routines and events, ``sql`` INSERT or LOAD DATA statements and
``dat`` the rows that a LOAD DATA statement names."""

Compression = Literal["", "gz", "zst"]

_ENDINGS: tuple[tuple[str, FileKind], ...] = (
    ("-schema-create", "create-schema"),
    ("-schema-triggers", "triggers"),
    ("-schema-sequence", "sequence"),
    ("-schema-view", "view"),
    ("-schema-post", "post"),
    ("-schema", "table"),
)
_KINDS_OF_A_SCHEMA = frozenset({"create-schema", "post", "triggers"})
_NAME = re.compile(r"(?P<stem>[^/\\\x00-\x1f]+)\.(?P<suffix>sql|dat)(?:\.(?P<compression>gz|zst))?")
_TABLESPACES = "all-schema-create-tablespace"


class FileNames:
    """Which names databases and tables have in a directory; equal input gives equal names."""

    def __init__(self, schemas: Iterable[str], tables: Iterable[TableName]) -> None:
        numbers = iter(range(1 << 62))
        self._schemas = _encode(schemas, numbers)
        names: dict[str, list[str]] = {}
        for table in tables:
            names.setdefault(table.schema, []).append(table.name)
        self._tables = {schema: _encode(found, numbers) for schema, found in names.items()}

    def schema(self, name: str) -> str:
        """A database's name in file names."""
        return self._schemas[name]

    def table(self, name: TableName) -> str:
        """A table's or view's name in file names, without its database's."""
        return self._tables[name.schema][name.name]

    def base(self, name: TableName) -> str:
        """What all files of a table or view begin with."""
        return f"{self.schema(name.schema)}.{self.table(name)}"


def _encode(names: Iterable[str], numbers: Iterator[int]) -> dict[str, str]:
    encoded: dict[str, str] = {}
    taken: set[str] = set()
    for name in names:
        plain = _is_plain(name) and name.lower() not in taken
        encoded[name] = name if plain else f"mydumper_{next(numbers)}"
        taken.add(encoded[name].lower())
    return encoded


def _is_plain(name: str) -> bool:
    return bool(
        len(name) <= _LONGEST and _PLAIN.fullmatch(name) and not _MISLEADING.match(name) and _WITHIN not in name.lower()
    )


@dataclass(frozen=True, order=True)
class DumpFile:
    """A file that belongs to a dump, with the encoded names it carries; ``table`` is empty where it has none.

    ``part`` and ``sub`` number a table's data files; both have gaps and as many digits as they need.
    """

    schema: str
    table: str
    part: int
    sub: int
    kind: FileKind
    compression: Compression
    name: str

    @property
    def data_name(self) -> str:
        """What a data file and its statement file have in common."""
        return self.name.removesuffix(f".{self.compression}").rpartition(".")[0]


def parse_file_name(name: str) -> DumpFile | None:
    """What a file is, by its name; None if a dump has no such files.

    Raises DumpError for the names that a dump has, but which this version cannot restore.
    """
    found = _NAME.fullmatch(name)
    if not found:
        return None
    compression: Compression = "gz" if found["compression"] == "gz" else "zst" if found["compression"] else ""
    if found["stem"] == _TABLESPACES:
        raise DumpError(f"{name} creates tablespaces, which cannot be restored: remove the file to do without them")
    parts = found["stem"].split(".")
    if found["suffix"] == "sql" and len(parts) <= 2:
        for ending, kind in _ENDINGS:
            if parts[-1].endswith(ending) and (len(parts) == 2 or kind in _KINDS_OF_A_SCHEMA):
                parts[-1] = parts[-1].removesuffix(ending)
                return DumpFile(parts[0], "".join(parts[1:]), 0, 0, kind, compression, name)
    numbers = parts[2:]
    if not 2 <= len(parts) <= 4 or not all(re.fullmatch("[0-9]{1,19}", number) for number in numbers):
        return None
    part, sub = (int(number) for number in [*numbers, "0", "0"][:2])
    kind_of_data: FileKind = "sql" if found["suffix"] == "sql" else "dat"
    return DumpFile(parts[0], parts[1], part, sub, kind_of_data, compression, name)
