"""System-versioned tables (MariaDB): whether the target takes their history, or that it stays behind."""

from __future__ import annotations

from collections.abc import Iterator

from airflow_mydump.engine.metadata.catalog import Table
from airflow_mydump.engine.preflight.candidate import Candidate
from airflow_mydump.engine.preflight.finding import Finding, blocker, listed, warning


def findings(candidate: Candidate) -> Iterator[Finding]:
    """A blocker if history is to be kept where it cannot be; a warning that names the tables whose history stays."""
    versioned = [table for table in candidate.catalog.tables if table.history]
    if kept := [table for table in versioned if table.history and table.history.kept]:
        if obstacle := _obstacle(candidate, kept):
            yield blocker(listed([table.name for table in kept]), "cannot keep the history of rows", obstacle)
    elif versioned:
        yield warning(
            listed([table.name for table in versioned]),
            "system-versioned: current rows are moved, and their history stays behind",
            "history=keep moves all versions",
        )


def _obstacle(candidate: Candidate, kept: list[Table]) -> str:
    flavor = candidate.target.flavor
    if not flavor.can_insert_history:
        return f"the target is {flavor}, and MariaDB takes history from 10.11 on"
    if (setting := candidate.variables["secure_timestamp"]) != "NO":
        return f"the target has secure_timestamp={setting}, which forbids it"
    if any(table.history and table.history.last_moment != flavor.last_moment for table in kept):
        # The end of a current row is the last moment of the server's timestamps, which MariaDB 11.5 moved.
        return f"for {flavor} timestamps, and so current rows, end at another moment than on the source"
    return ""
