"""CREATE TABLE statements, taken apart so that a table can be created in steps.

The text is what SHOW CREATE TABLE prints to a session of this package (backtick quotes, backslash escapes).
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterable
from dataclasses import dataclass
from typing import Literal

from airflow_mydump.engine.errors import PreflightError
from airflow_mydump.engine.identifier import TableName, quote
from airflow_mydump.engine.metadata.catalog import Schema

KeyKind = Literal["unique", "plain", "fulltext", "spatial"]

_QUOTED = re.compile(r"`(?:[^`]|``)*`|'(?:[^'\\]|\\.|'')*'|\"(?:[^\"\\]|\\.|\"\")*\"", re.DOTALL)
_CONSTRAINT = re.compile(r"CONSTRAINT (?P<name>`(?:[^`]|``)+`) (?P<kind>FOREIGN KEY|CHECK) ")
REFERENCED = re.compile(r" REFERENCES (?P<table>(?:(?P<schema>`(?:[^`]|``)+`)\.)?(?P<name>`(?:[^`]|``)+`)) ")
_KEY = re.compile(r"(?:(?P<kind>UNIQUE|FULLTEXT|SPATIAL) )?KEY (?P<name>`(?:[^`]|``)+`) ")
_KINDS: dict[str, KeyKind] = {"UNIQUE": "unique", "FULLTEXT": "fulltext", "SPATIAL": "spatial"}
_NAME = re.compile(r"`(?:[^`]|``)+`")
_PARENTHESIS, _PARENTHESIS_OR_COMMA = re.compile("[()]"), re.compile("[(),]")
_AUTO_INCREMENT = re.compile(r" AUTO_INCREMENT=(\d+)")
_SEQUENCE_WORD = re.compile(r"\b(?:nextval|lastval|setval)\(", re.IGNORECASE)
_SEQUENCE_CALL = re.compile(r"\w+\((?:(?P<schema>`(?:[^`]|``)+`)\.)?(?P<name>`(?:[^`]|``)+`)")
_CHARSET_OF_COLLATION = re.compile(r" CHARACTER SET \w+(?= COLLATE )")


@dataclass(frozen=True)
class Key:
    """A secondary key: its kind, its columns (an empty name for an expression), and its clause."""

    name: str
    kind: KeyKind
    columns: tuple[str, ...]
    clause: str


@dataclass(frozen=True)
class ForeignKey:
    """A foreign key: its constraint's name, the table it refers to, and its clause without a database name."""

    name: str
    references: TableName
    referenced_columns: tuple[str, ...]
    before_reference: str
    after_reference: str

    def clause(self, references: TableName) -> str:
        """The clause that refers to a table, which on a target may have another database."""
        return f"{self.before_reference}{references.sql}{self.after_reference}"


@dataclass(frozen=True)
class TableDefinition:
    """A CREATE TABLE statement in parts: columns, primary key and checks; other keys; foreign keys; table options."""

    elements: tuple[str, ...]
    keys: tuple[Key, ...]
    foreign_keys: tuple[ForeignKey, ...]
    options: str

    @property
    def auto_increment(self) -> int | None:
        """The counter's next value, where the statement gives one."""
        found = _AUTO_INCREMENT.search(_mask(self.options))
        return int(found[1]) if found else None

    def without_counter(self) -> tuple[tuple[str, ...], tuple[str, ...], str]:
        """What makes two tables the same but for their foreign keys, AUTO_INCREMENT counters and the order of keys."""
        found = _AUTO_INCREMENT.search(_mask(self.options))
        options = self.options[: found.start()] + self.options[found.end() :] if found else self.options
        elements = tuple(_without_implied_charsets(element) for element in self.elements)
        return elements, tuple(sorted(key.clause for key in self.keys)), options

    def create_statement(
        self, target: TableName, deferred: Container[str] = (), foreign_keys: Iterable[str] = ()
    ) -> str:
        """The statement that creates the table without the keys named as deferred, and with these foreign keys."""
        keys = [key.clause for key in self.keys if key.name not in deferred]
        elements = ",\n  ".join([*self.elements, *keys, *foreign_keys])
        return f"CREATE TABLE {target.sql} (\n  {elements}\n){self.options}"


def parse_table(name: TableName, statement: str) -> TableDefinition:
    """Take SHOW CREATE TABLE's text apart; ``name`` gives the database for unqualified references.

    Raises PreflightError if the text has another form.
    """
    parts, options = split_definition(name, statement)
    elements, keys, foreign_keys = [], [], []
    for element in parts:
        found = _CONSTRAINT.match(element)
        if found and found["kind"] == "FOREIGN KEY":
            foreign_keys.append(_foreign_key(name, element, _unquote(found["name"])))
        elif key := _KEY.match(element):
            keys.append(Key(_unquote(key["name"]), _KINDS.get(key["kind"] or "", "plain"), _columns(element), element))
        else:
            elements.append(element)
    return TableDefinition(tuple(elements), tuple(keys), tuple(foreign_keys), options)


def split_definition(name: TableName, statement: str) -> tuple[list[str], str]:
    """The elements between the parentheses of a CREATE TABLE statement, and what stands behind them.

    Sequences of the table's own database stand without it, as everything else does. Raises PreflightError if the text
    has another form.
    """
    masked = _mask(statement)
    start = masked.find("(")
    end = _closing_parenthesis(masked, start)
    if not statement.startswith("CREATE TABLE ") or start < 0 or end < 0:
        raise PreflightError(f"{name}: its definition is not a CREATE TABLE statement this version can read")
    parts = _split(statement, masked, start + 1, end)
    if _SEQUENCE_WORD.search(statement):
        parts = [_without_own_schema(name, part) for part in parts]
    return parts, statement[end + 1 :]


def sequences_in(table: TableName, element: str) -> list[TableName]:
    """The sequences that a column's default takes values from."""
    return [
        TableName(_unquote(found["schema"]) if found["schema"] else table.schema, _unquote(found["name"]))
        for found in _sequence_calls(element)
    ]


def _without_own_schema(table: TableName, element: str) -> str:
    # MariaDB 10.11 writes the database before every sequence in a default, and there alone.
    for found in reversed(_sequence_calls(element)):
        if found["schema"] and _unquote(found["schema"]) == table.schema:
            element = element[: found.start("schema")] + element[found.start("name") :]
    return element


def _sequence_calls(element: str) -> list[re.Match[str]]:
    if not _SEQUENCE_WORD.search(element):  # as almost everywhere
        return []
    calls = (_SEQUENCE_CALL.match(element, found.start()) for found in _SEQUENCE_WORD.finditer(_mask(element)))
    return [call for call in calls if call]


def schema_statements(schema: Schema, target: str) -> tuple[str, str]:
    """The statements after which a database exists and has the source's defaults."""
    defaults = f"DEFAULT CHARACTER SET {schema.charset} COLLATE {schema.collation}"
    return f"CREATE DATABASE IF NOT EXISTS {quote(target)} {defaults}", f"ALTER DATABASE {quote(target)} {defaults}"


def _foreign_key(table: TableName, element: str, name: str) -> ForeignKey:
    # The word is looked for in the masked text: a column's name may hold it too.
    referenced = REFERENCED.match(element, max(_mask(element).find(" REFERENCES "), 0))
    if not referenced:
        raise PreflightError(f"{table}: its foreign key {name} has a form that this version cannot read")
    schema = _unquote(referenced["schema"]) if referenced["schema"] else table.schema
    return ForeignKey(
        name=name,
        references=TableName(schema, _unquote(referenced["name"])),
        referenced_columns=_columns(element[referenced.end("table") :]),
        before_reference=element[: referenced.start("table")],
        after_reference=element[referenced.end("table") :],
    )


def _columns(clause: str) -> tuple[str, ...]:
    """The names in a clause's first parentheses; an empty one for a part that is an expression."""
    masked = _mask(clause)
    start = masked.find("(")
    parts = _split(clause, masked, start + 1, _closing_parenthesis(masked, start))
    names = [_NAME.match(part) for part in parts]
    return tuple(_unquote(name[0]) if name else "" for name in names)


def _without_implied_charsets(element: str) -> str:
    # MySQL 9.7 shows a column's character set if the column was given one or a collation, though it is the table's: a
    # table that was made from what the server showed is shown otherwise.
    masked = _mask(element)
    for found in reversed(list(_CHARSET_OF_COLLATION.finditer(masked))):
        element = element[: found.start()] + element[found.end() :]
    return element


def _unquote(identifier: str) -> str:
    return identifier[1:-1].replace("``", "`")


def _mask(statement: str) -> str:
    """The statement with everything quoted blanked out, at the same offsets."""
    return _QUOTED.sub(lambda found: "_" * len(found[0]), statement)


def _closing_parenthesis(masked: str, start: int) -> int:
    depth = 0
    for found in _PARENTHESIS.finditer(masked, max(start, 0)):
        depth += 1 if found[0] == "(" else -1
        if depth == 0:
            return found.start()
    return -1


def _split(statement: str, masked: str, start: int, end: int) -> list[str]:
    parts, depth, begin = [], 0, start
    for found in _PARENTHESIS_OR_COMMA.finditer(masked, start, end):
        if found[0] == "(":
            depth += 1
        elif found[0] == ")":
            depth -= 1
        elif depth == 0:
            parts.append(statement[begin : found.start()].strip())
            begin = found.end()
    return [*parts, statement[begin:end].strip()]
