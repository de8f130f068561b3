"""Dumps one chunk: rows, framed and compressed in one pass, from one snapshot into one file that appears complete."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from dataclasses import dataclass

from airflow_mydump.engine.chunking.chunk import Chunk
from airflow_mydump.engine.dump_directory.compressed_file import DEFAULT_LEVEL, write_compressed
from airflow_mydump.engine.dump_directory.manifest import ChunkManifest, FileRecord, record_of
from airflow_mydump.engine.dump_directory.schema_file import HEADER
from airflow_mydump.engine.dump_directory.storage import Writable
from airflow_mydump.engine.errors import LoadMismatchError
from airflow_mydump.engine.event import Event, EventKind, Listener
from airflow_mydump.engine.framing.frame import Delimiters, FrameStream
from airflow_mydump.engine.framing.frame_digest import FrameDigest, tells_everything
from airflow_mydump.engine.framing.frame_reader import read_frames
from airflow_mydump.engine.framing.framed_load import load_statement
from airflow_mydump.engine.identifier import quote
from airflow_mydump.engine.metadata.catalog import Table
from airflow_mydump.engine.plan.plan import PlannedTable
from airflow_mydump.engine.server.session import Session
from airflow_mydump.engine.verification.checksum import Checksum, Digestible, compute_checksums

_TRIES = 1 << 32
"""What numbers of files myloader takes (1.0.1: it reads them into 32 bits)."""


@dataclass(frozen=True)
class DumpTarget:
    """Where chunks go, and how hard zstd tries."""

    files: Writable
    level: int = DEFAULT_LEVEL


def dump_chunk(
    source: Session, target: DumpTarget, planned: PlannedTable, chunk: Chunk, base: str, announce: Listener
) -> ChunkManifest:
    """Write a chunk's rows and the statement that loads them; returns what was written.

    The checksum is of the snapshot that the rows come from: of the frames as they pass where that tells everything,
    else computed by the source. ``base`` is what the table's files begin with. Each try has files of its own, whoever
    makes it: what one wrote and recorded, no other can replace.

    Raises ServerError, FramingCollision, LoadMismatchError, ConfigurationError; what is left has no record.
    """
    table = planned.table
    stored = Digestible(table.name, table, chunk, planned.where)
    announce(Event(EventKind.CHUNK_STARTED, table.name, chunk.id))
    name = f"{base}.{chunk.part:05}.{secrets.randbelow(_TRIES):05}"
    delimiters = Delimiters.for_rows_of(table)
    with source.consistent_snapshot():
        checksum = None if tells_everything(table, chunk) else compute_checksums(source, [stored])[0]
        stream = read_frames(source, stored, delimiters)
        hashed = FrameDigest(delimiters)
        data = write_compressed(target.files, f"{name}.dat.zst", _heard(hashed, stream, checksum), target.level)
    announce(Event(EventKind.FILE_WRITTEN, table.name, chunk.id, stream.rows, data.bytes))
    statement = _write_statement(target.files, f"{name}.sql", table, delimiters, data)
    checksum = checksum or Checksum(stream.rows, hashed.text)
    if checksum.rows != stream.rows:
        raise LoadMismatchError(f"{stored}: the source counted {checksum.rows} rows, and {stream.rows} were read")
    announce(Event(EventKind.CHUNK_DUMPED, table.name, chunk.id, stream.rows, stream.bytes))
    return _manifest(table, chunk, data, statement, stream, delimiters, checksum)


def _heard(hashed: FrameDigest, frames: Iterable[bytes], checksum: Checksum | None) -> Iterable[bytes]:
    return hashed.listen(frames) if checksum is None else frames


def _write_statement(files: Writable, name: str, table: Table, delimiters: Delimiters, data: FileRecord) -> FileRecord:
    # myloader says USE before it, so the table has no database and may be restored into another.
    statement = load_statement(quote(table.name.name), table, delimiters, data.name)
    content = f"{HEADER}{statement};\n".encode()
    files.write(name, content)
    return record_of(name, content)


def _manifest(
    table: Table, chunk: Chunk, data: FileRecord, statement: FileRecord, stream: FrameStream, delimiters: Delimiters,
    checksum: Checksum,
) -> ChunkManifest:  # fmt: skip
    return ChunkManifest(
        table=table.name,
        chunk=chunk,
        data=data,
        statement=statement,
        rows=stream.rows,
        bytes=stream.bytes,
        field=delimiters.field.hex(),
        line=delimiters.line.hex(),
        null=delimiters.null.hex(),
        checksum=checksum,
    )
