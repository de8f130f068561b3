"""Sequences that defaults of columns take values from (MariaDB)."""

from __future__ import annotations

from collections.abc import Iterator

from airflow_mydump.engine.ddl.create_table import sequences_in
from airflow_mydump.engine.preflight.candidate import Candidate
from airflow_mydump.engine.preflight.finding import Finding, blocker


def findings(candidate: Candidate) -> Iterator[Finding]:
    """A blocker for each table whose sequence is not moved, or would have another database."""
    selection = candidate.selection
    selected = {stored.name for stored in candidate.catalog.of_kind("sequence")}
    for table, definition in candidate.definitions.items():
        for name in (name for element in definition.elements for name in sequences_in(table, element)):
            if name not in selected:
                yield blocker(
                    f"table {table}",
                    f"takes values from sequence {name}, which is not selected",
                    "select it too, or exclude the table",
                )
            if name.schema != table.schema and selection.target(name) != name:
                yield blocker(
                    f"table {table}",
                    f"takes values from sequence {name} in another database, which would be "
                    f"{selection.target_schema(name.schema)} on the target",
                    "keep that database's name",
                )
