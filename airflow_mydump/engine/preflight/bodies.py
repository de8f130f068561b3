"""What the bodies of views, routines, triggers and events take from databases that are not moved."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from airflow_mydump.engine.ddl.name_reference import read_references
from airflow_mydump.engine.errors import PreflightError
from airflow_mydump.engine.identifier import TableName, literal
from airflow_mydump.engine.preflight.candidate import Candidate
from airflow_mydump.engine.preflight.finding import Finding, blocker, listed, warning
from airflow_mydump.engine.selection.selection import SYSTEM_SCHEMAS


def findings(candidate: Candidate) -> Iterator[Finding]:
    """A warning for each object that names another database; a blocker for a view that could not be created.

    Raises ServerError.
    """
    selection = candidate.selection
    moved = {selection.target_schema(name).lower() for name in selection.schemas} | SYSTEM_SCHEMAS
    # What is said of those is said by `adaptation`; but a view that was left to read them could not be created.
    renamed = {name.lower() for name in selection.schemas}
    for stored in candidate.catalog.objects:
        if stored.kind == "sequence" or "." not in stored.definition:
            continue
        try:
            references = read_references(stored)
        except PreflightError as error:
            yield warning(stored, f"was not searched for names of other databases: {error}", "")
            continue
        inside = moved if stored.kind == "view" else moved | renamed
        tables = sorted(name for name in set(references.taken()) if name.schema.lower() not in inside)
        functions = sorted(name for name in set(references.called()) if name.schema.lower() not in inside)
        outside = [*tables, *functions]
        if not outside:
            continue
        missing = _missing(candidate, tables, functions) if stored.kind == "view" else []
        if missing:
            yield blocker(
                stored, f"reads {listed(missing)}, which is not on the target", "select it too, or exclude the view"
            )
        else:
            yield warning(
                stored, f"uses {listed(outside)}, of a database that is not selected", "see that the target has it"
            )


def _missing(candidate: Candidate, tables: Sequence[TableName], functions: Sequence[TableName]) -> list[TableName]:
    """Those that are not on the target."""
    return [
        name
        for names, kind in ((tables, "TABLE"), (functions, "ROUTINE"))
        for name in names
        if not candidate.target.rows(
            f"SELECT 1 FROM information_schema.{kind}S "
            f"WHERE {kind}_SCHEMA = {literal(name.schema)} AND {kind}_NAME = {literal(name.name)}"
        )
    ]
