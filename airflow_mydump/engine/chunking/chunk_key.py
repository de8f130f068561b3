"""Chooses the key by which a table is cut into chunks."""

from __future__ import annotations

from dataclasses import dataclass

from airflow_mydump.engine.chunking.key_type import is_key_type
from airflow_mydump.engine.metadata.catalog import Column, Key, Table

PRIMARY = "PRIMARY"


@dataclass(frozen=True)
class ChunkKey:
    """The leading columns of an index by which chunks are bounded, at least one."""

    index: str
    columns: tuple[Column, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The columns' names."""
        return tuple(column.name for column in self.columns)

    def __str__(self) -> str:
        name = "primary key" if self.index == PRIMARY else f"unique key {self.index}"
        return f"{name} ({', '.join(self.names)})"


def choose_key(table: Table, longest: int = 0) -> ChunkKey | None:
    """The primary key, else the first unique key in the table's definition without nullable columns, else None.

    That order is InnoDB's own for the index that the rows are stored in, and so the one that reads ranges in the
    order of the disk. A key is used as far as its columns are of key types, or to ``longest`` columns; bounds on the
    leading columns alone are as exact as on all. Keys with no such column are passed over.
    """
    for key in table.keys:
        columns = _usable(table, key)
        if columns:
            return ChunkKey(key.name, columns[:longest] if longest else columns)
    return None


def _usable(table: Table, key: Key) -> tuple[Column, ...]:
    columns: list[Column] = []
    for name in key.columns:
        column = table.column(name)
        # What a generated column yields may depend on the server that computes it.
        if column.generated or not is_key_type(column):
            break
        columns.append(column)
    return tuple(columns)
