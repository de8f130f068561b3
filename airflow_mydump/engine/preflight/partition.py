"""Chosen partitions of tables whose rows the target puts into others."""

from __future__ import annotations

from collections.abc import Iterator

from airflow_mydump.engine.preflight.candidate import Candidate
from airflow_mydump.engine.preflight.finding import Finding, blocker, listed


def findings(candidate: Candidate) -> Iterator[Finding]:
    """A blocker for tables of which some partitions are to be moved, and could not be told from others there."""
    chosen = candidate.selection.partitions
    if lost := [table.name for table in candidate.catalog.tables if str(table.name) in chosen and not table.partitions]:
        yield blocker(
            listed(lost),
            "is to be moved by partitions, into which the target hashes other rows",
            "move all of it, or choose rows by a condition (where)",
        )
