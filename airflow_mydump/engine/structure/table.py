"""A table as its definition says it: columns, keys, constraints, partitions and options."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from airflow_mydump.engine.ddl.create_table import split_definition
from airflow_mydump.engine.ddl.sql_lexer import string_value
from airflow_mydump.engine.identifier import TableName
from airflow_mydump.engine.metadata.catalog import Column
from airflow_mydump.engine.structure.column import ColumnStructure, charset_name, collation_name, read_column
from airflow_mydump.engine.structure.constraint import (
    CheckStructure,
    ForeignKeyStructure,
    is_constraint,
    read_constraint,
)
from airflow_mydump.engine.structure.key import KeyStructure, is_key, read_key
from airflow_mydump.engine.structure.token_cursor import TokenCursor


@dataclass(frozen=True)
class TableOption:
    """An option of a table, such as its engine, under the name it has in upper case."""

    name: str
    value: str


@dataclass(frozen=True)
class TableStructure:
    """A table. ``counter`` is the AUTO_INCREMENT counter's next value, 1 where the definition has none.

    ``partitioning`` is the PARTITION BY clause without the differences in how servers print it, ``partition_clause``
    its text, which is not compared; ``other`` has the elements that this version does not know one by one.
    """

    name: TableName
    columns: tuple[ColumnStructure, ...]
    keys: tuple[KeyStructure, ...]
    foreign_keys: tuple[ForeignKeyStructure, ...]
    checks: tuple[CheckStructure, ...]
    options: tuple[TableOption, ...]
    partitioning: str
    counter: int
    other: tuple[str, ...] = ()
    partition_clause: str = field(default="", compare=False)

    def option(self, name: str) -> str:
        """An option's value; empty if the definition does not have it."""
        return next((option.value for option in self.options if option.name == name), "")

    @property
    def counter_column(self) -> str:
        """The name of the AUTO_INCREMENT column; empty if there is none."""
        return next((column.name for column in self.columns if column.auto_increment), "")


def read_table_structure(name: TableName, definition: str, columns: Sequence[Column] = ()) -> TableStructure:
    """The table that a CREATE TABLE statement describes, as SHOW CREATE TABLE prints it.

    ``columns`` are the catalog's, from which character sets and collations come that the statement leaves to
    defaults of the server it is from; those of columns that are not among them are the statement's.

    Raises DefinitionError, PreflightError if the statement has a form that cannot be read.
    """
    elements, rest = split_definition(name, definition)
    found_columns: list[ColumnStructure] = []
    keys: list[KeyStructure] = []
    constraints: list[ForeignKeyStructure | CheckStructure] = []
    other: list[str] = []
    for element in elements:
        if element.startswith("`"):
            found_columns.append(read_column(element, len(found_columns) + 1))
        elif is_key(element):
            keys.append(read_key(element))
        elif is_constraint(element):
            constraints.append(read_constraint(name, element))
        else:
            other.append(" ".join(element.split()))
    cursor = TokenCursor(rest)
    options = _options(cursor)
    clause = rest[cursor.next.start :].removesuffix("*/").strip() if not cursor.ended else ""
    counter = options.pop("AUTO_INCREMENT", "1")
    return TableStructure(
        name=name,
        columns=tuple(_with_collations(found_columns, columns, options)),
        keys=tuple(keys),
        foreign_keys=tuple(found for found in constraints if isinstance(found, ForeignKeyStructure)),
        checks=tuple(found for found in constraints if isinstance(found, CheckStructure)),
        options=tuple(TableOption(*item) for item in sorted(options.items())),
        partitioning="" if cursor.ended else _partitioning(cursor),
        counter=int(counter),
        other=tuple(other),
        partition_clause=clause,
    )


def _with_collations(
    found: Sequence[ColumnStructure], known: Sequence[Column], options: dict[str, str]
) -> Iterator[ColumnStructure]:
    catalog = {column.name: column for column in known}
    for column in found:
        charset, collation = column.charset, column.collation
        if column.name in catalog and catalog[column.name].collation:
            charset, collation = catalog[column.name].charset, catalog[column.name].collation
        elif _is_text(column) and not charset and not collation:
            charset, collation = options.get("CHARSET", ""), options.get("COLLATE", "")
        yield replace(column, charset=charset_name(charset), collation=collation_name(collation))


def _is_text(column: ColumnStructure) -> bool:
    return column.data_type in {"char", "varchar", "tinytext", "text", "mediumtext", "longtext", "enum", "set"}


def _options(cursor: TokenCursor) -> dict[str, str]:
    """The options behind the elements, up to the PARTITION BY clause."""
    options: dict[str, str] = {}
    while not cursor.ended and not cursor.sees("PARTITION", "BY"):
        cursor.accept("DEFAULT")
        words = [cursor.name().upper()]
        while cursor.next.kind == "word" and not cursor.sees("PARTITION") and not _begins_option(cursor):
            words.append(cursor.take().text)
        value = ""
        if cursor.accept("="):
            value = _option_value(cursor)
        elif cursor.next.kind == "name" and words == ["TABLESPACE"]:
            value = cursor.name()
        options[" ".join(words)] = value
    for name, normal in (("CHARSET", charset_name), ("COLLATE", collation_name)):
        if name in options:
            options[name] = normal(options[name])
    return options


def _begins_option(cursor: TokenCursor) -> bool:
    return cursor.sees("DEFAULT") or cursor.after_next.text == "="


def _option_value(cursor: TokenCursor) -> str:
    if cursor.sees("("):
        return cursor.group()
    token = cursor.next
    return string_value(cursor.take().text) if token.kind == "string" else cursor.name()


def _partitioning(cursor: TokenCursor) -> str:
    """The clause in one form: MySQL quotes no plain name and MariaDB every one."""
    texts = []
    while not cursor.ended:
        token = cursor.next
        texts.append(cursor.name() if token.kind in ("name", "word") else cursor.take().text)
    return " ".join(texts)
