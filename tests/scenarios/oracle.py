"""What a server holds, as facts to compare: each row of each table, each object's definition, each counter.

Plain PyMySQL; rows are read as the bytes that the server stores and compared here. Nothing of the engine is used, so
that one mistake cannot hide in both.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pymysql.converters import encoders

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from pymysql.connections import Connection
    from sandbox.server import Server

Facts = dict[str, Any]

_KEPT = ("information_schema", "mysql", "performance_schema", "sys", "airflow_mydump")
_CHARACTER_SET = re.compile(r" CHARACTER SET \w+(?= COLLATE \w)")
_PERIOD = re.compile(r"\n  `((?:[^`]|``)+)` .*GENERATED ALWAYS AS ROW (?:START|END)")
_TEXTS = {"char", "varchar", "tinytext", "text", "mediumtext", "longtext", "enum", "set"}
_TYPED = {"uuid", "inet4", "inet6"}


@dataclass(frozen=True)
class View:
    """How to look at a server: databases under other names, rows that meet a condition, only what both vendors show,
    all versions of rows in system-versioned tables instead of the current ones."""

    rename: Mapping[str, str] = field(default_factory=dict)
    where: Mapping[str, str] = field(default_factory=dict)
    portable: bool = False
    history: bool = False


def databases_of(server: Server) -> list[str]:
    """All databases but the server's own and the ledger's."""
    with server.connect() as connection:
        return [name for (name,) in _rows(connection, "SHOW DATABASES") if name not in _KEPT]


def read_facts(server: Server, view: View) -> Facts:
    """Everything in all databases. A fact's name begins with what it is about."""
    facts: Facts = {}
    with (
        server.connect(use_unicode=False, conv=encoders) as connection,
        server.connect(use_unicode=False, conv={}) as raw,
    ):
        _execute(connection, "SET time_zone = '+00:00', sql_mode = 'ALLOW_INVALID_DATES'")
        _execute(raw, "SET character_set_results = binary, time_zone = '+00:00', sql_mode = 'ALLOW_INVALID_DATES'")
        for database in databases_of(server):
            reader = _Reader(connection, raw, database, view)
            facts |= dict(reader.facts())
    return facts


def accounts_of(server: Server) -> set[tuple[str, str]]:
    with server.connect() as connection:
        return set(_rows(connection, "SELECT user, host FROM mysql.user"))


class _Reader:
    """Reads one database."""

    def __init__(self, connection: Connection[Any], raw: Connection[Any], database: str, view: View) -> None:
        self._connection = connection
        self._raw = raw
        self._database = database
        self._view = view
        self._shown = view.rename.get(database, database)

    def facts(self) -> Iterator[tuple[str, Any]]:
        defaults = self._ask("SELECT default_character_set_name, default_collation_name FROM {}", "schemata", "schema")
        yield f"database {self._shown}", defaults[0][:1] if self._view.portable else defaults
        columns = self._columns()
        kinds = self._ask("SELECT table_name, table_type FROM {}", "tables", "table")
        for name, kind in kinds:
            if kind == "VIEW":
                yield from self._object("view", name)
            elif kind == "SEQUENCE":
                yield from self._object("sequence", name)
                yield (
                    f"sequence {self._shown}.{name} state",
                    _texts(self._connection, f"SELECT * FROM {self._name(name)}"),
                )
            else:
                yield from self._table(name, columns[name], kind == "SYSTEM VERSIONED")
        for query, view in (
            ("SELECT LOWER(routine_type), routine_name FROM {}", "routines"),
            ("SELECT 'event', event_name FROM {}", "events"),
        ):
            for kind, name in self._ask(query, view, view.removesuffix("s")):
                yield from self._object(kind, name)
        for name, table, timing, manipulation, order in self._ask(
            "SELECT trigger_name, event_object_table, action_timing, event_manipulation, action_order FROM {}",
            "triggers",
            "trigger",
        ):
            yield from self._object("trigger", name)
            yield f"trigger {self._shown}.{name} order", (table, timing, manipulation, order)

    def _table(self, name: str, columns: Sequence[tuple[str, ...]], versioned: bool) -> Iterator[tuple[str, Any]]:
        fact = f"table {self._shown}.{name}"
        if self._view.portable:
            yield f"{fact} columns", [(column, nullable) for column, _, nullable, *_ in columns]
            yield f"{fact} keys", self._keys(name)
        else:
            yield from self._object("table", name)
            yield f"{fact} columns", columns
        if versioned:
            definition = _texts(self._connection, f"SHOW CREATE TABLE {self._name(name)}")[0][1]
            found = _PERIOD.findall(definition) or ["row_start", "row_end"]
            period = [column.replace("``", "`") for column in found]
            columns = [column for column in columns if column[0] not in period]
            if self._view.history:
                columns += [(column, "timestamp") for column in period]
        time = " FOR SYSTEM_TIME ALL" if versioned and self._view.history else ""
        yield f"{fact} rows", self._table_rows(name, columns, time)

    def _columns(self) -> dict[str, list[tuple[str, ...]]]:
        found: dict[str, list[tuple[str, ...]]] = defaultdict(list)
        for table, *column in self._ask(
            "SELECT table_name, column_name, LOWER(data_type), is_nullable, column_type, column_default, extra, "
            "collation_name, column_comment FROM {}",
            "columns",
            "table",
            "ordinal_position",
        ):
            default = column[4]  # which may name a sequence
            column[4] = self._renamed(default) if default else default
            found[table].append(tuple(column))
        return found

    def _keys(self, table: str) -> list[tuple[Any, ...]]:
        found = self._ask(
            "SELECT table_name, index_name, non_unique, seq_in_index, column_name, sub_part FROM {}",
            "statistics",
            "table",
            "index_name, seq_in_index",
        )
        return [row for row in found if row[0] == table]

    def _table_rows(self, table: str, columns: Sequence[tuple[str, ...]], time: str) -> list[tuple[bytes | None, ...]]:
        """The rows in a fixed order; duplicates as often as they occur."""
        shown = ", ".join(_expression(name, kind, self._view.portable) for name, kind, *_ in columns)
        condition = self._view.where.get(f"{self._database}.{table}", "TRUE")
        rows = _rows(self._raw, f"SELECT {shown} FROM {self._name(table)}{time} WHERE {condition}")
        if self._view.portable:
            # MariaDB's JSON is a LONGTEXT.
            meanings = [position for position, column in enumerate(columns) if column[1] in ("json", "longtext")]
            rows = [_by_meaning(row, meanings) for row in rows]
        return sorted(rows, key=lambda row: [(value is not None, value or b"") for value in row])

    def _object(self, kind: str, name: str) -> Iterator[tuple[str, Any]]:
        fact = f"{kind} {self._shown}.{name}"
        if self._view.portable:
            yield fact, "there"
            return
        shown = _texts(self._connection, f"SHOW CREATE {kind.upper()} {self._name(name)}")[0]
        if kind == "trigger":  # its last column is the moment of its creation
            shown = shown[:6]
        if kind == "table":  # MySQL shows or hides a column's character set depending on how the column was made
            shown = tuple(_CHARACTER_SET.sub("", value) for value in shown)
        yield fact, tuple(self._renamed(str(value)) for value in shown)

    def _renamed(self, text: str) -> str:
        for old, new in self._view.rename.items():
            text = text.replace(f"{_quoted(old)}.", f"{_quoted(new)}.")
        return text

    def _ask(self, query: str, view: str, owner: str, order: str = "") -> list[tuple[Any, ...]]:
        # The second condition, because MariaDB compares these names without regard to case.
        column = f"{owner}_{'name' if view == 'schemata' else 'schema'}"
        condition = f"{column} = %s AND CAST({column} AS BINARY) = %s"
        ordered = "table_name, " + order if order else "1, 2"
        text = f"{query.format(f'information_schema.{view}')} WHERE {condition} ORDER BY {ordered}"
        return _texts(self._connection, text, (self._database, self._database))

    def _name(self, name: str) -> str:
        return f"{_quoted(self._database)}.{_quoted(name)}"


def _expression(column: str, kind: str, portable: bool) -> str:
    name = _quoted(column)
    if kind == "float":  # as text it has six digits only
        return f"CAST({name} AS DOUBLE)"
    if kind == "enum":  # its empty string may be a member or the error value
        return f"CONCAT({name} + 0, ' ', {name})"
    if portable and (kind in _TEXTS or kind in _TYPED):
        return f"CONVERT({name} USING utf8mb4)"
    return name


def _by_meaning(row: tuple[bytes | None, ...], positions: Sequence[int]) -> tuple[bytes | None, ...]:
    values = list(row)
    for position in positions:
        if (value := values[position]) is not None:
            with suppress(ValueError):  # then it is no JSON, on either side
                values[position] = json.dumps(json.loads(value), sort_keys=True).encode()
    return tuple(values)


def differences(expected: Facts, actual: Facts) -> list[str]:
    """In words, each with an example."""
    found = [f"{name}: missing on the target" for name in expected if name not in actual]
    found += [f"{name}: only on the target" for name in actual if name not in expected]
    for name in expected.keys() & actual.keys():
        if expected[name] != actual[name]:
            found.append(f"{name}: {_example(expected[name], actual[name])}")
    return sorted(found)


def _example(expected: Any, actual: Any) -> str:
    if isinstance(expected, list) and len(expected) != len(actual):
        return f"{len(expected)} on the source, {len(actual)} on the target"
    if isinstance(expected, (list, tuple)):
        pairs = zip(expected, actual, strict=False)
        expected, actual = next(((left, right) for left, right in pairs if left != right), (expected, actual))
    return f"the source has\n  {_short(expected)}\nthe target\n  {_short(actual)}"


def _short(value: Any) -> str:
    text = str(value)
    return text if len(text) < 2000 else f"{text[:2000]} …"


def _rows(connection: Connection[Any], query: str) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(query)
        return list(cursor.fetchall())


def _texts(connection: Connection[Any], query: str, arguments: tuple[str, ...] | None = None) -> list[tuple[Any, ...]]:
    """As text; MariaDB's definitions may have bytes in them that are none."""
    with connection.cursor() as cursor:
        cursor.execute(query, arguments)
        rows = cursor.fetchall()
    return [tuple(None if value is None else value.decode("utf-8", "surrogateescape") for value in row) for row in rows]


def _execute(connection: Connection[Any], statement: str) -> None:
    _rows(connection, statement)


def _quoted(name: str) -> str:
    return "`" + name.replace("`", "``") + "`"
