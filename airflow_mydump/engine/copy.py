"""Copies chunks from source to target: one pass, one process, one transaction, no temporary file."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from airflow_mydump.engine.attempt import Loaded, attempt
from airflow_mydump.engine.checksum import Checksum, Digestible, compute_checksums
from airflow_mydump.engine.chunk import Chunk
from airflow_mydump.engine.errors import LoadMismatchError
from airflow_mydump.engine.event import Event, EventKind, Listener
from airflow_mydump.engine.frame_reader import read_frames
from airflow_mydump.engine.framing import Delimiters
from airflow_mydump.engine.loader import Loader
from airflow_mydump.engine.plan import PlanIdentity, PlannedTable
from airflow_mydump.engine.session import Session


@dataclass(frozen=True)
class CopyJob:
    """A chunk to copy, and its table."""

    planned: PlannedTable
    chunk: Chunk

    def __str__(self) -> str:
        return f"{self.planned.table.name}, {self.chunk.describe()}"


def copy_chunks(
    source: Session, loader: Loader, identity: PlanIdentity, jobs: Sequence[CopyJob], announce: Listener
) -> dict[CopyJob, Loaded]:
    """Copy the rows of chunks as `attempt` does.

    All are read in one snapshot and committed in one transaction, and only if for each chunk the source counted, this
    process framed and the target recorded the same number of rows, and the target warned of nothing.

    Raises ServerError, FramingCollision, LoadMismatchError, IncompleteRunError.
    """
    for job in jobs:
        announce(Event(EventKind.CHUNK_STARTED, job.planned.target, job.chunk.id))
    with source.consistent_snapshot():
        checksums = dict(zip(jobs, compute_checksums(source, [_digestible(job) for job in jobs]), strict=True))
        return attempt(loader, identity, jobs, partial(_load, source, loader, checksums), announce)


def _load(source: Session, loader: Loader, checksums: dict[CopyJob, Checksum], job: CopyJob) -> Loaded:
    expected = checksums[job]
    if not expected.rows:
        return Loaded(0, expected)
    delimiters = Delimiters.draw(random.SystemRandom())
    stream = read_frames(source, _digestible(job), delimiters)
    recorded = loader.load(job.planned.target, job.planned.table, delimiters, stream)
    if not expected.rows == stream.rows == recorded:
        raise LoadMismatchError(
            f"{job}: the source counted {expected.rows} rows, {stream.rows} were sent and the target recorded "
            f"{recorded}; the chunk is rolled back"
        )
    return Loaded(stream.bytes, expected)


def _digestible(job: CopyJob) -> Digestible:
    return Digestible(job.planned.table.name, job.planned.table, job.chunk, job.planned.where)
