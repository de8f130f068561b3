"""What a finished chunk leaves in the dump directory: rows, bytes, checksums, where."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

from airflow_mydump.engine.chunking.chunk import Chunk
from airflow_mydump.engine.framing.frame import Delimiters
from airflow_mydump.engine.identifier import TableName
from airflow_mydump.engine.verification.checksum import Checksum


@dataclass(frozen=True)
class FileRecord:
    """A finished file: its name in the directory, its size, and the SHA-256 of its bytes as they lie there."""

    name: str
    bytes: int
    sha256: str


def record_of(name: str, content: bytes) -> FileRecord:
    """The record of a file with this content."""
    return FileRecord(name, len(content), hashlib.sha256(content).hexdigest())


@dataclass(frozen=True)
class RowsFiles:
    """The file with a chunk's rows, and the one with the statement that loads it."""

    data: FileRecord
    statement: FileRecord


@dataclass(frozen=True)
class ChunkManifest:
    """A chunk in a dump: which rows of which table, the files they are in, and the source's checksum of them.

    A chunk without rows has no files. ``bytes`` are those of the framed rows, before compression. The delimiters are in
    hexadecimal.
    """

    table: TableName
    chunk: Chunk
    files: RowsFiles | None
    rows: int
    bytes: int
    field: str
    line: str
    null: str
    checksum: Checksum

    @property
    def records(self) -> tuple[FileRecord, ...]:
        """The files, if there are any."""
        return (self.files.data, self.files.statement) if self.files else ()

    @property
    def delimiters(self) -> Delimiters:
        """What the rows are framed with."""
        return Delimiters(bytes.fromhex(self.field), bytes.fromhex(self.line), bytes.fromhex(self.null))


def recorded_names(manifests: Iterable[ChunkManifest]) -> set[str]:
    """The names of all files of these chunks."""
    return {record.name for manifest in manifests for record in manifest.records}
