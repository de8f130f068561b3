"""CREATE TABLE statements, taken apart so that a table can be created in steps.

The text is what SHOW CREATE TABLE prints to a session of this package (backtick quotes, backslash escapes).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from airflow_mydump.engine.catalog import Schema
from airflow_mydump.engine.errors import PreflightError
from airflow_mydump.engine.identifier import TableName, quote

_QUOTED = re.compile(r"`(?:[^`]|``)*`|'(?:[^'\\]|\\.|'')*'|\"(?:[^\"\\]|\\.|\"\")*\"", re.DOTALL)
_CONSTRAINT = re.compile(r"CONSTRAINT (?P<name>`(?:[^`]|``)+`) (?P<kind>FOREIGN KEY|CHECK) ")
_REFERENCED = re.compile(r" REFERENCES (?P<table>(?:(?P<schema>`(?:[^`]|``)+`)\.)?(?P<name>`(?:[^`]|``)+`)) ")
_AUTO_INCREMENT = re.compile(r" AUTO_INCREMENT=(\d+)")


@dataclass(frozen=True)
class ForeignKey:
    """A foreign key: its constraint's name, the table it refers to, and its clause without a database name."""

    name: str
    references: TableName
    before_reference: str
    after_reference: str

    def clause(self, references: TableName) -> str:
        """The clause that refers to a table, which on a target may have another database."""
        return f"{self.before_reference}{references.sql}{self.after_reference}"


@dataclass(frozen=True)
class TableDefinition:
    """A CREATE TABLE statement in parts: columns, keys and checks; foreign keys; table options."""

    elements: tuple[str, ...]
    foreign_keys: tuple[ForeignKey, ...]
    options: str

    @property
    def auto_increment(self) -> int | None:
        """The counter's next value, where the statement gives one."""
        found = _AUTO_INCREMENT.search(_mask(self.options))
        return int(found[1]) if found else None

    def without_counter(self) -> tuple[tuple[str, ...], str]:
        """What makes two tables the same but for their foreign keys and AUTO_INCREMENT counters."""
        found = _AUTO_INCREMENT.search(_mask(self.options))
        options = self.options[: found.start()] + self.options[found.end() :] if found else self.options
        return self.elements, options

    def create_statement(self, target: TableName) -> str:
        """The statement that creates the table without its foreign keys."""
        elements = ",\n  ".join(self.elements)
        return f"CREATE TABLE {target.sql} (\n  {elements}\n){self.options}"


def parse_table(name: TableName, statement: str) -> TableDefinition:
    """Take SHOW CREATE TABLE's text apart; ``name`` gives the database for unqualified references.

    Raises PreflightError if the text has another form.
    """
    masked = _mask(statement)
    start = masked.find("(")
    end = _closing_parenthesis(masked, start)
    if not statement.startswith("CREATE TABLE ") or start < 0 or end < 0:
        raise PreflightError(f"{name}: its definition is not a CREATE TABLE statement this version can read")
    elements, foreign_keys = [], []
    for element in _split(statement, masked, start + 1, end):
        found = _CONSTRAINT.match(element)
        if found and found["kind"] == "FOREIGN KEY":
            foreign_keys.append(_foreign_key(name, element, _unquote(found["name"])))
        else:
            elements.append(element)
    return TableDefinition(tuple(elements), tuple(foreign_keys), statement[end + 1 :])


def schema_statements(schema: Schema, target: str) -> tuple[str, str]:
    """The statements after which a database exists and has the source's defaults."""
    defaults = f"DEFAULT CHARACTER SET {schema.charset} COLLATE {schema.collation}"
    return f"CREATE DATABASE IF NOT EXISTS {quote(target)} {defaults}", f"ALTER DATABASE {quote(target)} {defaults}"


def _foreign_key(table: TableName, element: str, name: str) -> ForeignKey:
    # The word is looked for in the masked text: a column's name may hold it too.
    referenced = _REFERENCED.match(element, max(_mask(element).find(" REFERENCES "), 0))
    if not referenced:
        raise PreflightError(f"{table}: its foreign key {name} has a form that this version cannot read")
    schema = _unquote(referenced["schema"]) if referenced["schema"] else table.schema
    return ForeignKey(
        name=name,
        references=TableName(schema, _unquote(referenced["name"])),
        before_reference=element[: referenced.start("table")],
        after_reference=element[referenced.end("table") :],
    )


def _unquote(identifier: str) -> str:
    return identifier[1:-1].replace("``", "`")


def _mask(statement: str) -> str:
    """The statement with everything quoted blanked out, at the same offsets."""
    return _QUOTED.sub(lambda found: "_" * len(found[0]), statement)


def _closing_parenthesis(masked: str, start: int) -> int:
    depth = 0
    for found in re.compile(r"[()]").finditer(masked, max(start, 0)):
        depth += 1 if found[0] == "(" else -1
        if depth == 0:
            return found.start()
    return -1


def _split(statement: str, masked: str, start: int, end: int) -> list[str]:
    parts, depth, begin = [], 0, start
    for found in re.compile(r"[(),]").finditer(masked, start, end):
        if found[0] == "(":
            depth += 1
        elif found[0] == ")":
            depth -= 1
        elif depth == 0:
            parts.append(statement[begin : found.start()].strip())
            begin = found.end()
    return [*parts, statement[begin:end].strip()]
