"""Whether the source's tables are still defined as they were when the run was planned.

Where chunks are read one by one, a table may be altered between its plan and its rows, or between two of its chunks.
What was moved then has a shape that the source never had, though every chunk is verified.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from airflow_mydump.engine.catalog import Table
from airflow_mydump.engine.ddl import parse_table
from airflow_mydump.engine.endpoint import Endpoint
from airflow_mydump.engine.errors import IncompleteRunError
from airflow_mydump.engine.identifier import TableName
from airflow_mydump.engine.phases.prefetch import prefetch_metadata
from airflow_mydump.engine.selection import Selection

_TOLD = 10


@dataclass(frozen=True)
class SourceTable:
    """A table of the source and what its definition comes to, but for its counter, which goes on while rows come."""

    name: TableName
    fingerprint: str

    @classmethod
    def of(cls, table: Table) -> SourceTable:
        """The table as the catalog has it."""
        definition = parse_table(table.name, table.definition)
        keys = [key.clause(key.references) for key in definition.foreign_keys]
        return cls(table.name, hashlib.sha256(repr((definition.without_counter(), keys)).encode()).hexdigest())


def require_same_definitions(source: Endpoint, selection: Selection, planned: Iterable[SourceTable]) -> None:
    """Compare the tables that were found for the plan with those that are selected on the source now.

    Raises IncompleteRunError naming those that were altered, dropped or added, and as `prefetch_metadata` does.
    """
    now = {table.name: SourceTable.of(table) for table in prefetch_metadata(source, selection).tables}
    changes = sorted(_changes({table.name: table for table in planned}, now))
    if changes:
        more = f"; and {len(changes) - _TOLD} more" if len(changes) > _TOLD else ""
        raise IncompleteRunError(
            f"the source was changed while it was read: {'; '.join(changes[:_TOLD])}{more}; "
            "start anew, a dump in another directory"
        )


def _changes(planned: Mapping[TableName, SourceTable], now: Mapping[TableName, SourceTable]) -> Iterator[str]:
    for name in planned.keys() | now.keys():
        if name not in now:
            yield f"{name} is gone"
        elif name not in planned:
            yield f"{name} is new"
        elif now[name] != planned[name]:
            yield f"{name} is defined otherwise"
