"""Foreign keys that refer to tables outside the selection."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from airflow_mydump.engine.identifier import TableName, literal
from airflow_mydump.engine.preflight.candidate import Candidate
from airflow_mydump.engine.preflight.finding import Finding, blocker, warning

ForeignKeys = Literal["refuse", "keep"]
"""What to do with a foreign key to a table that is not selected: refuse the run, or keep it if the target has that
table."""


def findings(candidate: Candidate, choice: ForeignKeys) -> Iterator[Finding]:
    """A blocker for each foreign key that would point into the void. Raises ServerError."""
    for table, definition in candidate.definitions.items():
        for key in definition.foreign_keys:
            if key.references in candidate.definitions:
                continue
            thing = f"foreign key {key.name} of {table}"
            there = candidate.selection.target(key.references)
            if choice == "refuse":
                yield blocker(
                    thing,
                    f"refers to {key.references}, which is not selected",
                    'select it too, exclude the table, or keep the key (foreign_keys="keep") if the target has it',
                )
            elif not _exists(candidate, there):
                yield blocker(
                    thing, f"refers to {there}, which is not on the target", "select it too, or exclude the table"
                )
            else:
                yield warning(
                    thing, f"refers to {there}, which is not selected: its rows are not compared with the source's", ""
                )


def _exists(candidate: Candidate, table: TableName) -> bool:
    return bool(
        candidate.target.rows(
            "SELECT 1 FROM information_schema.TABLES WHERE TABLE_TYPE = 'BASE TABLE' "
            f"AND TABLE_SCHEMA = {literal(table.schema)} AND TABLE_NAME = {literal(table.name)}"
        )
    )
