"""Storage engines whose tables cannot be moved, whatever is in them."""

from __future__ import annotations

from airflow_mydump.engine.errors import PreflightError
from airflow_mydump.engine.metadata.catalog import Table

_ELSEWHERE = frozenset({"mrg_myisam", "federated", "connect", "spider", "s3", "oqgraph", "sphinx"})
"""Engines whose tables show what other tables, files or servers hold."""


def require_movable(table: Table) -> None:
    """Raise PreflightError for a table whose rows are another's, or that cannot be emptied for another try."""
    if table.engine.lower() in _ELSEWHERE:
        raise PreflightError(
            f"{table.name} has the engine {table.engine}: its rows are in other tables, files or servers, and would be "
            "written there again; exclude it"
        )
    if table.engine.lower() == "archive" and not table.structure_only:
        # MySQL 9.7 has neither DELETE nor TRUNCATE for it (error 1031).
        raise PreflightError(
            f"{table.name} has the engine ARCHIVE, which can be neither rolled back nor emptied: after an interruption "
            "its rows would be doubled; change its engine, or exclude it"
        )
