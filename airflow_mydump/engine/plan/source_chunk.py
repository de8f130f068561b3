"""A chunk of the source's that is to be read."""

from __future__ import annotations

from dataclasses import dataclass

from airflow_mydump.engine.chunking.chunk import Chunk
from airflow_mydump.engine.plan.plan import PlannedTable
from airflow_mydump.engine.verification.checksum import Digestible


@dataclass(frozen=True)
class SourceChunk:
    """A chunk, and its table."""

    planned: PlannedTable
    chunk: Chunk

    @property
    def stored(self) -> Digestible:
        """The chunk as the source has it."""
        return Digestible(self.planned.table.name, self.planned.table, self.chunk, self.planned.where)

    def __str__(self) -> str:
        return str(self.stored)
