"""Data phase: copies the chunks of a bundle from source to target."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from airflow_mydump.engine import ledger
from airflow_mydump.engine.batch import MOST_BYTES, batches
from airflow_mydump.engine.copy import Copied, Job, copy_chunks
from airflow_mydump.engine.endpoint import Endpoint
from airflow_mydump.engine.event import Event, EventKind, Listener, ignore
from airflow_mydump.engine.loader import Loader
from airflow_mydump.engine.plan import DataBundle, PlanIdentity
from airflow_mydump.engine.retry import retrying
from airflow_mydump.engine.session import Session
from airflow_mydump.engine.session_state import metadata, reading
from airflow_mydump.engine.workdir import WorkDirectory


@dataclass(frozen=True)
class Moved:
    """What one execution of a data task moved; chunks loaded by an earlier execution count as ``skipped``."""

    chunks: int = 0
    skipped: int = 0
    rows: int = 0
    bytes: int = 0

    def plus(self, batch: Sequence[object], copied: Mapping[Any, Copied]) -> Moved:
        """The sum after one more batch, of which the chunks that were not copied were loaded by somebody else."""
        return Moved(
            self.chunks + len(copied),
            self.skipped + len(batch) - len(copied),
            self.rows + sum(done.rows for done in copied.values()),
            self.bytes + sum(done.bytes for done in copied.values()),
        )


def data_phase(
    source: Endpoint, target: Endpoint, directory: WorkDirectory, file: str, announce: Listener = ignore
) -> Moved:
    """Load every chunk of a bundle that is not loaded yet; each is committed by itself.

    Raises ServerError naming the table and chunk, and what `copy_chunks` raises. Chunks committed before stay
    committed; another call goes on after them.
    """
    bundle = directory.read(file, DataBundle)
    with Session(target, metadata) as session:
        loaded = ledger.source_checksums(session, bundle.identity, bundle.chunks).keys()
    moved = Moved(skipped=len(loaded))
    jobs = []
    for chunk in bundle.chunks:
        job = Job(bundle.table_of(chunk), chunk)
        if chunk.id in loaded:
            announce(Event(EventKind.CHUNK_SKIPPED, job.planned.target, chunk.id))
        else:
            jobs.append(job)
    with _Worker(source, target, bundle.identity, announce) as worker:
        for batch in batches(jobs, _weight):
            moved = moved.plus(batch, worker.copy(batch))
    return moved


def _weight(job: Job) -> int:
    # A table that cannot be rolled back gets a batch of its own.
    return job.chunk.weight if job.planned.table.transactional else MOST_BYTES + 1


class _Worker:
    """The two connections of a task; after an error they are closed, and opened anew when next needed."""

    def __init__(self, source: Endpoint, target: Endpoint, identity: PlanIdentity, announce: Listener) -> None:
        self._endpoints = source, target
        self._identity = identity
        self._announce = announce
        self._connections: tuple[Session, Loader] | None = None

    def copy(self, jobs: Sequence[Job]) -> dict[Job, Copied]:
        """Copy a batch; if another worker has some of it, one by one, leaving out what is loaded."""
        copied = retrying()(self._copy_once, jobs)
        if copied or len(jobs) == 1:
            return copied
        for job in jobs:
            copied |= retrying()(self._copy_once, [job])
        return copied

    def _copy_once(self, jobs: Sequence[Job]) -> dict[Job, Copied]:
        try:
            source, loader = self._connect()
            return copy_chunks(source, loader, self._identity, jobs, self._announce)
        except BaseException:
            self.close()
            raise

    def _connect(self) -> tuple[Session, Loader]:
        if self._connections is None:
            source, target = self._endpoints
            session = Session(source, reading)
            try:
                self._connections = session, Loader(target)
            except BaseException:
                session.close()
                raise
        return self._connections

    def close(self) -> None:
        for connection in self._connections or ():
            connection.close()
        self._connections = None

    def __enter__(self) -> _Worker:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()
