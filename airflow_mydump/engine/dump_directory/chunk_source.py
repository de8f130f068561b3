"""Where the rows of a chunk lie in a dump directory, and what is known of them beforehand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from airflow_mydump.engine.catalog import Catalog
from airflow_mydump.engine.chunk import Chunk
from airflow_mydump.engine.dump_directory.file_name import Compression
from airflow_mydump.engine.dump_directory.manifest import ChunkManifest
from airflow_mydump.engine.identifier import TableName


@dataclass(frozen=True)
class FoundFile:
    """A file of a foreign dump. Only its size is known beforehand, from the listing that the plan was made from."""

    name: str
    bytes: int
    compression: Compression


@dataclass(frozen=True)
class ChunkSource:
    """A chunk's rows: framed as ``manifest`` says; or, in foreign dumps, in ``data`` as the LOAD DATA statement in
    ``statement`` says, in the INSERT statements of ``statement`` if there is no ``data``, or nowhere if it is empty."""

    chunk: Chunk
    manifest: ChunkManifest | None = None
    statement: FoundFile | None = None
    data: FoundFile | None = None

    def in_plan(self, table: int) -> ChunkSource:
        """The same under the number that its table has in a plan."""
        return replace(self, chunk=replace(self.chunk, table=table))


@dataclass(frozen=True)
class Expectation:
    """What a foreign dump says of a table: its rows, and the decimal of CHECKSUM TABLE; None where it is silent."""

    rows: int | None = None
    checksum: str | None = None


@dataclass(frozen=True)
class FoundDump:
    """What a directory holds. ``server`` is empty and ``expectations`` are there in dumps that another tool made."""

    catalog: Catalog
    sources: Mapping[TableName, tuple[ChunkSource, ...]]
    consistency: str
    expectations: Mapping[TableName, Expectation] | None = None
    notes: tuple[str, ...] = ()

    @property
    def foreign(self) -> bool:
        """Whether another tool made the dump."""
        return self.expectations is not None
