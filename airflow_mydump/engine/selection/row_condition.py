"""Checks the conditions that a user sets on the rows of tables."""

from __future__ import annotations

from collections.abc import Iterable

from airflow_mydump.engine.errors import SelectionError, ServerError
from airflow_mydump.engine.identifier import TableName
from airflow_mydump.engine.selection.selection import Selection
from airflow_mydump.engine.server.session import Session


def check_conditions(session: Session, tables: Iterable[TableName], selection: Selection) -> None:
    """Have the server parse each condition, in parentheses and without, and resolve its columns; no row is read.

    What is right in both forms is one expression: ``a) OR (b`` is not right without parentheses, nor is ``a LIMIT 1``
    or ``a -- b`` right within them. Raises SelectionError naming the table.
    """
    names = {str(table): table for table in tables}
    if unknown := sorted(selection.partitions.keys() - names.keys()):
        raise SelectionError(f"partitions names {unknown[0]}, which is no selected table; write database.table")
    for name, condition in sorted(selection.where.items()):
        if name not in names:
            raise SelectionError(f"there is a condition for {name}, which is no selected table; write database.table")
        try:
            for form in (condition, f"({condition})"):
                session.rows(f"EXPLAIN SELECT 1 FROM {names[name].sql} WHERE {form}")
        except ServerError as error:
            raise SelectionError(f"the condition for {name} is refused by the source: {error}") from error
