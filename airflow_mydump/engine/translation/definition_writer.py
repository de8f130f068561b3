"""Writes a table's structure as the CREATE TABLE statement of one vendor, in the form that its server prints."""

from __future__ import annotations

from collections.abc import Iterator

from airflow_mydump.engine.identifier import TableName, literal, quote
from airflow_mydump.engine.server.flavor import Vendor
from airflow_mydump.engine.structure.column import ColumnStructure
from airflow_mydump.engine.structure.constraint import NO_ACTION, CheckStructure, ForeignKeyStructure
from airflow_mydump.engine.structure.key import KeyPart, KeyStructure
from airflow_mydump.engine.structure.table import TableStructure

_KINDS = {"primary": "PRIMARY ", "unique": "UNIQUE ", "fulltext": "FULLTEXT ", "spatial": "SPATIAL ", "plain": ""}


def write_definition(table: TableStructure, vendor: Vendor) -> str:
    """The statement, with its foreign keys and its AUTO_INCREMENT counter."""
    elements = [
        *(_column(column, vendor) for column in table.columns),
        *(_key(key, vendor) for key in table.keys),
        *(_check(check) for check in table.checks),
        *(_foreign_key(key, table.name) for key in table.foreign_keys),
    ]
    body = ",\n".join(f"  {element}" for element in elements)
    return f"CREATE TABLE {quote(table.name.name)} (\n{body}\n) {' '.join(_options(table))}{_partitions(table)}"


def _column(column: ColumnStructure, vendor: Vendor) -> str:
    return " ".join([quote(column.name), column.type, *_collation(column), *_attributes(column, vendor)])


def _attributes(column: ColumnStructure, vendor: Vendor) -> Iterator[str]:
    if column.generated:
        yield f"GENERATED ALWAYS AS ({column.generated.text}) {'STORED' if column.stored else 'VIRTUAL'}"
    if not column.nullable:
        yield "NOT NULL"
    elif column.data_type == "timestamp":
        yield "NULL"
    if column.default and not column.generated:
        yield f"DEFAULT {_default(column, vendor)}"
    for keyword, value in (
        ("ON UPDATE", column.on_update.text if column.on_update else ""),
        ("COMMENT", literal(column.comment) if column.comment else ""),
        ("CHECK", f"({column.check.text})" if column.check else ""),
    ):
        if value:
            yield f"{keyword} {value}"
    if column.auto_increment:
        yield "AUTO_INCREMENT"
    if column.invisible:
        yield "INVISIBLE"


def _collation(column: ColumnStructure) -> Iterator[str]:
    if column.charset and column.collation:
        yield f"CHARACTER SET {column.charset} COLLATE {column.collation}"


def _default(column: ColumnStructure, vendor: Vendor) -> str:
    default = column.default
    assert default, "only asked for a column that has one"
    is_literal = default.meaning.startswith(("'", "b'", "0x")) or default.meaning == "null"
    is_moment = default.meaning.startswith("(now") and column.data_type in ("timestamp", "datetime")
    # MySQL takes an expression only in parentheses, and for a text no literal but in parentheses; MariaDB takes both.
    if vendor == "mysql" and not is_moment and (not is_literal or _wants_expression(column, default.meaning)):
        return f"({default.text})"
    return default.text


def _wants_expression(column: ColumnStructure, meaning: str) -> bool:
    return meaning != "null" and (column.data_type == "json" or column.data_type.endswith(("text", "blob")))


def _key(key: KeyStructure, vendor: Vendor) -> str:
    name = "" if key.kind == "primary" else f" {quote(key.name)}"
    clause = f"{_KINDS[key.kind]}KEY{name} ({','.join(map(_part, key.parts))})"
    if key.algorithm:
        clause += f" USING {key.algorithm}"
    if key.comment:
        clause += f" COMMENT {literal(key.comment)}"
    if not key.visible:
        clause += " INVISIBLE" if vendor == "mysql" else " IGNORED"
    return clause


def _part(part: KeyPart) -> str:
    return f"{quote(part.column)}{f'({part.prefix})' if part.prefix else ''}{' DESC' if part.descending else ''}"


def _check(check: CheckStructure) -> str:
    return f"CONSTRAINT {quote(check.name)} CHECK ({check.expression.text})"


def _foreign_key(key: ForeignKeyStructure, table: TableName) -> str:
    referenced = key.references.sql if key.references.schema != table.schema else quote(key.references.name)
    clause = (
        f"CONSTRAINT {quote(key.name)} FOREIGN KEY ({', '.join(map(quote, key.columns))}) "
        f"REFERENCES {referenced} ({', '.join(map(quote, key.referenced_columns))})"
    )
    for event, rule in (("DELETE", key.on_delete), ("UPDATE", key.on_update)):
        if rule != NO_ACTION:
            clause += f" ON {event} {rule}"
    return clause


def _options(table: TableStructure) -> Iterator[str]:
    yield f"ENGINE={table.option('ENGINE')}"
    if table.counter > 1:
        yield f"AUTO_INCREMENT={table.counter}"
    yield f"DEFAULT CHARSET={table.option('CHARSET')}"
    if table.option("COLLATE"):
        yield f"COLLATE={table.option('COLLATE')}"
    for option in table.options:
        if option.name == "COMMENT":
            yield f"COMMENT={literal(option.value)}"
        elif option.name not in ("ENGINE", "CHARSET", "COLLATE"):
            yield f"{option.name}={option.value}"


def _partitions(table: TableStructure) -> str:
    return f"\n {table.partition_clause}" if table.partition_clause else ""
