"""Which tables names stood for at some time: a file beside the plan."""

from __future__ import annotations

from dataclasses import dataclass

from airflow_mydump.engine.identifier import TableName


@dataclass(frozen=True)
class NotedTable:
    """A table of the source, and what tells it from any other; see `read_identities`."""

    name: TableName
    identity: str


def noted_file(when: str) -> str:
    """The file for a time that has this name."""
    return f"tables-{when}.jsonl.zst"


WHEN_PLANNED = noted_file("planned")
"""The file for the time when the run was planned."""
