"""Copies chunks from source to target: one pass, one process, one transaction, no temporary file."""

from __future__ import annotations

from collections.abc import Sequence

from airflow_mydump.engine.errors import LoadMismatchError
from airflow_mydump.engine.event import Event, EventKind, Listener
from airflow_mydump.engine.framing.frame import Delimiters
from airflow_mydump.engine.framing.frame_digest import HeardFrames, tells_everything
from airflow_mydump.engine.framing.frame_reader import read_frames
from airflow_mydump.engine.loading.attempt import Loaded, attempt
from airflow_mydump.engine.loading.loader import Loader
from airflow_mydump.engine.plan.source_chunk import SourceChunk
from airflow_mydump.engine.plan_identity import PlanIdentity
from airflow_mydump.engine.server.session import Session
from airflow_mydump.engine.verification.checksum import Checksum, compute_checksums, count_rows

_HEARD_FROM_BYTES = 1 << 20
"""Smaller chunks are digested by the servers, many in one round trip; larger ones from the frames as they pass."""

_HEARD = ""
"""The digest of a chunk before it has passed."""


def copy_chunks(
    source: Session, loader: Loader, identity: PlanIdentity, jobs: Sequence[SourceChunk], announce: Listener
) -> dict[SourceChunk, Loaded]:
    """Copy the rows of chunks as `attempt` does.

    All are read in one snapshot and committed in one transaction, and only if for each chunk the source counted, this
    process framed and the target recorded the same number of rows, and the target warned of nothing.

    Raises ServerError, FramingCollision, LoadMismatchError, IncompleteRunError.
    """
    for job in jobs:
        announce(Event(EventKind.CHUNK_STARTED, job.planned.target, job.chunk.id))
    with source.consistent_snapshot():
        checksums = _checksums(source, loader, jobs)

        def load(job: SourceChunk) -> Loaded:
            loaded = _load(source, loader, checksums, job)
            if job is jobs[-1]:
                source.require_moment()  # all is read, and nothing committed
            return loaded

        return attempt(loader, identity, jobs, load, announce)


def _checksums(source: Session, loader: Loader, jobs: Sequence[SourceChunk]) -> dict[SourceChunk, Checksum]:
    """What the source says about each job: the rows it counts, and a digest unless that is heard while they pass."""
    heard = [job for job in jobs if _is_heard(source, loader, job)]
    computed = [job for job in jobs if job not in heard]
    counts = count_rows(source, [job.stored for job in heard])
    checksums = dict(zip(computed, compute_checksums(source, [job.stored for job in computed]), strict=True))
    return checksums | {job: Checksum(rows, _HEARD) for job, rows in zip(heard, counts, strict=True)}


def _is_heard(source: Session, loader: Loader, job: SourceChunk) -> bool:
    # Servers of two vendors may print a value, or order a key, in two ways.
    alike = source.flavor.vendor == loader.flavor.vendor
    return alike and job.chunk.weight >= _HEARD_FROM_BYTES and tells_everything(job.planned.table, job.chunk)


def _load(source: Session, loader: Loader, checksums: dict[SourceChunk, Checksum], job: SourceChunk) -> Loaded:
    expected = checksums[job]
    if not expected.rows and expected.digest != _HEARD:
        return Loaded(0, expected)
    table, counted = job.planned.table, expected.rows
    delimiters = Delimiters.for_rows_of(table)
    if expected.digest == _HEARD:
        heard = HeardFrames(source, job.stored, delimiters)
        stream, recorded = heard.stream, loader.load(job.planned.target, table, delimiters, heard)
        expected = heard.checksum()
    else:
        stream = read_frames(source, job.stored, delimiters)
        recorded = loader.load(job.planned.target, table, delimiters, stream)
    if not counted == expected.rows == stream.rows == recorded:
        raise LoadMismatchError(
            f"{job}: the source counted {counted} rows, {stream.rows} were sent and the target recorded "
            f"{recorded}; the chunk is rolled back"
        )
    return Loaded(stream.bytes, expected)
