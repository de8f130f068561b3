"""A chunk: a key range of one table, or a whole table; the unit of load, retry and verification."""

from __future__ import annotations

from dataclasses import dataclass

from airflow_mydump.engine.identifier import quote


@dataclass(frozen=True)
class Chunk:
    """The rows of a table with ``lower <= key < upper``; no bound means open-ended.

    The chunks of a table are disjoint and complete: each begins where the one before ends, the first has no
    lower and the last no upper bound, so a row that appears while the plan is made still has a chunk.

    ``table`` is the table's number in the plan, ``part`` the chunk's number in the table, both from 0.
    ``key`` is the column that bounds apply to, None for a whole table. ``weight`` is an estimate in bytes.
    """

    table: int
    part: int
    weight: int
    key: str | None = None
    lower: int | None = None
    upper: int | None = None

    @property
    def id(self) -> str:
        """Names the chunk within its plan."""
        return f"{self.table}.{self.part}"

    @property
    def where(self) -> str:
        """The condition that selects exactly this chunk's rows, empty for a whole table."""
        if self.key is None:
            return ""
        key = quote(self.key)
        bounds = []
        if self.lower is not None:
            bounds.append(f"{key} >= {self.lower}")
        if self.upper is not None:
            bounds.append(f"{key} < {self.upper}")
        return " AND ".join(bounds)

    def describe(self) -> str:
        """The range in words, for messages and logs."""
        return self.where.replace("`", "") or "all rows"
