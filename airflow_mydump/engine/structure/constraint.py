"""Foreign keys and CHECK constraints as their table's definition says them."""

from __future__ import annotations

import re
from dataclasses import dataclass

from airflow_mydump.engine.identifier import TableName
from airflow_mydump.engine.structure.expression import Expression, read_expression
from airflow_mydump.engine.structure.token_cursor import TokenCursor

_IS_CONSTRAINT = re.compile(r"(?:CONSTRAINT |CHECK |FOREIGN KEY)")

NO_ACTION = "NO ACTION"


@dataclass(frozen=True)
class ForeignKeyStructure:
    """A foreign key. RESTRICT, NO ACTION and no rule at all are one rule to InnoDB, and the same here."""

    name: str
    columns: tuple[str, ...]
    references: TableName
    referenced_columns: tuple[str, ...]
    on_delete: str = NO_ACTION
    on_update: str = NO_ACTION


@dataclass(frozen=True)
class CheckStructure:
    """A CHECK constraint of a table; that of a single column is part of the column."""

    name: str
    expression: Expression
    enforced: bool = True


def is_constraint(element: str) -> bool:
    """Whether an element of a CREATE TABLE statement describes a foreign key or a CHECK constraint."""
    return _IS_CONSTRAINT.match(element) is not None


def read_constraint(table: TableName, element: str) -> ForeignKeyStructure | CheckStructure:
    """The constraint that an element describes; ``table`` gives the database for unqualified references.

    Raises DefinitionError.
    """
    cursor = TokenCursor(element)
    name = cursor.name() if cursor.accept("CONSTRAINT") else ""
    if cursor.accept("CHECK"):
        expression = read_expression(cursor.group())
        return CheckStructure(name, expression, not cursor.accept("NOT", "ENFORCED"))
    cursor.expect("FOREIGN")
    cursor.expect("KEY")
    columns = _names(cursor.group())
    cursor.expect("REFERENCES")
    schema, referenced = table.schema, cursor.name()
    if cursor.accept("."):
        schema, referenced = referenced, cursor.name()
    referenced_columns = _names(cursor.group())
    rules = {"DELETE": NO_ACTION, "UPDATE": NO_ACTION}
    while cursor.accept("ON"):
        event = cursor.take().text
        rules[event] = _rule(cursor)
    return ForeignKeyStructure(
        name, columns, TableName(schema, referenced), referenced_columns, rules["DELETE"], rules["UPDATE"]
    )


def _rule(cursor: TokenCursor) -> str:
    rule = " ".join(cursor.until("ON").split()).upper()
    return NO_ACTION if rule == "RESTRICT" else rule


def _names(text: str) -> tuple[str, ...]:
    cursor, names = TokenCursor(text), []
    while not cursor.ended:
        names.append(cursor.name())
        cursor.accept(",")
    return tuple(names)
