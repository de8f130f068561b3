"""Dumps chunks: rows, framed and compressed in one pass, from one snapshot into files that appear complete."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain

from airflow_mydump.engine.chunking.chunk import Chunk
from airflow_mydump.engine.dump_directory.compressed_file import DEFAULT_LEVEL, write_compressed
from airflow_mydump.engine.dump_directory.manifest import ChunkManifest, FileRecord, RowsFiles, record_of
from airflow_mydump.engine.dump_directory.schema_file import HEADER
from airflow_mydump.engine.dump_directory.storage import Writable
from airflow_mydump.engine.errors import LoadMismatchError, ServerError
from airflow_mydump.engine.event import Event, EventKind, Listener
from airflow_mydump.engine.framing.frame import Delimiters, FrameStream
from airflow_mydump.engine.framing.frame_digest import HeardFrames, tells_everything
from airflow_mydump.engine.framing.frame_reader import read_frames
from airflow_mydump.engine.framing.framed_load import load_statement
from airflow_mydump.engine.identifier import quote
from airflow_mydump.engine.metadata.catalog import Table
from airflow_mydump.engine.plan.source_chunk import SourceChunk
from airflow_mydump.engine.server.session import Session
from airflow_mydump.engine.verification.checksum import Checksum, compute_checksums

_TRIES = 1 << 32
"""What numbers of files myloader takes (1.0.1: it reads them into 32 bits)."""


@dataclass(frozen=True)
class DumpTarget:
    """Where chunks go, and how hard zstd tries."""

    files: Writable
    level: int = DEFAULT_LEVEL


@dataclass(frozen=True)
class DumpJob(SourceChunk):
    """A chunk to dump, its table, and what the names of the table's files begin with."""

    base: str


def dump_chunks(
    source: Session, target: DumpTarget, jobs: Sequence[DumpJob], announce: Listener
) -> list[ChunkManifest]:
    """Write the rows of chunks and the statements that load them, all from one snapshot; returns what was written.

    Checksums are heard from the frames where these tell everything, else computed by the source. Each try has files
    of its own, whoever makes it: what one wrote and recorded, no other can replace. No rows need no file.

    Raises ServerError naming the chunk, FramingCollision, LoadMismatchError, ConfigurationError; what is left has no
    record.
    """
    for job in jobs:
        announce(Event(EventKind.CHUNK_STARTED, job.planned.table.name, job.chunk.id))
    with source.consistent_snapshot():
        silent = [job for job in jobs if not tells_everything(job.planned.table, job.chunk)]
        computed = compute_checksums(source, [job.stored for job in silent])
        checksums = dict(zip(silent, computed, strict=True))
        manifests = [_dump(source, target, job, checksums.get(job)) for job in jobs]
    for manifest in manifests:
        _tell(manifest, announce)
    return manifests


def _tell(manifest: ChunkManifest, announce: Listener) -> None:
    table, chunk, rows = manifest.table, manifest.chunk.id, manifest.rows
    if manifest.files:
        announce(Event(EventKind.FILE_WRITTEN, table, chunk, rows, manifest.files.data.bytes))
    announce(Event(EventKind.CHUNK_DUMPED, table, chunk, rows, manifest.bytes))


def _dump(source: Session, target: DumpTarget, job: DumpJob, checksum: Checksum | None) -> ChunkManifest:
    table, chunk = job.planned.table, job.chunk
    delimiters = Delimiters.for_rows_of(table)
    if checksum is None:
        heard = HeardFrames(source, job.stored, delimiters)
        stream, files = heard.stream, _write(target, job, delimiters, iter(heard))
        checksum = heard.checksum()
    else:
        stream = read_frames(source, job.stored, delimiters)
        files = _write(target, job, delimiters, iter(stream))
    if checksum.rows != stream.rows:
        raise LoadMismatchError(f"{job}: the source counted {checksum.rows} rows, and {stream.rows} were read")
    return _manifest(table, chunk, files, stream, delimiters, checksum)


def _write(target: DumpTarget, job: DumpJob, delimiters: Delimiters, frames: Iterator[bytes]) -> RowsFiles | None:
    try:
        first = next(frames, None)
        if first is None:
            return None
        name = f"{job.base}.{job.chunk.part:05}.{secrets.randbelow(_TRIES):05}"
        data = write_compressed(target.files, f"{name}.dat.zst", chain((first,), frames), target.level)
    except ServerError as error:
        raise error.during(str(job)) from error
    return RowsFiles(data, _write_statement(target.files, f"{name}.sql", job.planned.table, delimiters, data))


def _write_statement(files: Writable, name: str, table: Table, delimiters: Delimiters, data: FileRecord) -> FileRecord:
    # myloader says USE before it, so the table has no database and may be restored into another.
    statement = load_statement(quote(table.name.name), table, delimiters, data.name)
    content = f"{HEADER}{statement};\n".encode()
    files.write(name, content)
    return record_of(name, content)


def _manifest(
    table: Table, chunk: Chunk, files: RowsFiles | None, stream: FrameStream, delimiters: Delimiters, checksum: Checksum
) -> ChunkManifest:
    return ChunkManifest(
        table=table.name,
        chunk=chunk,
        files=files,
        rows=stream.rows,
        bytes=stream.bytes,
        field=delimiters.field.hex(),
        line=delimiters.line.hex(),
        null=delimiters.null.hex(),
        checksum=checksum,
    )
