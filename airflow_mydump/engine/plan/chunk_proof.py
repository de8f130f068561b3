"""Proves for a table on the source that its chunks are disjoint and complete, by counting."""

from __future__ import annotations

from collections.abc import Iterable

from airflow_mydump.engine.chunking.chunk import Chunk
from airflow_mydump.engine.errors import VerificationError
from airflow_mydump.engine.plan.plan import PlannedTable
from airflow_mydump.engine.server.session import Session


def require_cover(session: Session, planned: PlannedTable, chunks: Iterable[Chunk]) -> None:
    """Count every chunk as it will be read, and the whole table without ranges and without naming an index, in one
    snapshot: the sums are equal, or this raises VerificationError.

    Exact for InnoDB tables while others write. Reads the table's index twice. ``session`` must not be in a
    transaction. Raises ServerError.
    """
    name, time = planned.table.name, planned.table.time_clause
    with session.consistent_snapshot():
        covered = sum(int(session.value(f"SELECT COUNT(*) {chunk.rows_of(name, time=time)}") or 0) for chunk in chunks)
        present = int(session.value(f"SELECT COUNT(*) FROM {name.sql}{time}") or 0)
    if covered != present:
        raise VerificationError(
            f"{name}: its chunks hold {covered} rows and the table {present}; the index that they are read by does not "
            "order rows as comparisons do: rebuild it (ALTER TABLE … FORCE), or set a larger chunk size"
        )
