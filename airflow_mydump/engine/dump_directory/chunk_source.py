"""Where the rows of a chunk lie in a dump directory, and what is known of them beforehand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from airflow_mydump.engine.chunking.chunk import Chunk
from airflow_mydump.engine.dump_directory.file_name import Compression
from airflow_mydump.engine.dump_directory.manifest import ChunkManifest
from airflow_mydump.engine.identifier import TableName
from airflow_mydump.engine.metadata.catalog import Catalog


@dataclass(frozen=True)
class FoundFile:
    """A file of a foreign dump. Only its size is known beforehand, from the listing that the plan was made from."""

    name: str
    bytes: int
    compression: Compression


@dataclass(frozen=True)
class RowsFile:
    """A foreign dump's file with rows: in ``data`` as the LOAD DATA statement in ``statement`` says, or in the INSERT
    statements of ``statement`` if there is no ``data``."""

    statement: FoundFile
    data: FoundFile | None = None


@dataclass(frozen=True)
class ChunkSource:
    """Where a chunk's rows are: framed as ``manifest`` says; or, in foreign dumps, in ``files``, of which an empty
    table has none."""

    chunk: Chunk
    manifest: ChunkManifest | None = None
    files: tuple[RowsFile, ...] = ()

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
