"""Copies chunks from source to target: one pass, one process, one transaction, no temporary file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from airflow_mydump.engine import ledger
from airflow_mydump.engine.checksum import Checksum, Digestible, compute_checksums
from airflow_mydump.engine.chunk import Chunk
from airflow_mydump.engine.errors import LoadMismatchError, ServerError
from airflow_mydump.engine.event import Event, EventKind, Listener
from airflow_mydump.engine.frame_reader import read_frames
from airflow_mydump.engine.framing import Delimiters
from airflow_mydump.engine.loader import Loader
from airflow_mydump.engine.plan import PlanIdentity, PlannedTable
from airflow_mydump.engine.session import Session


@dataclass(frozen=True)
class Job:
    """A chunk to copy, and its table."""

    planned: PlannedTable
    chunk: Chunk

    def __str__(self) -> str:
        return f"{self.planned.table.name}, {self.chunk.describe()}"


@dataclass(frozen=True)
class Copied:
    """What was moved for a chunk: rows, and framed bytes."""

    rows: int
    bytes: int


def copy_chunks(
    source: Session, loader: Loader, identity: PlanIdentity, jobs: Sequence[Job], announce: Listener
) -> dict[Job, Copied]:
    """Move the rows of chunks and commit them together with the chunks' rows in the ledger, or change nothing.

    All are read in one snapshot and committed in one transaction, and only if for each chunk the source counted, this
    process framed and the target recorded the same number of rows, and the target warned of nothing. Returns what
    was moved, by job; nothing, if another worker has committed one of the chunks: they are copied one by one then.

    Raises ServerError, FramingCollision, LoadMismatchError, IncompleteRunError; the target is rolled back then. A table
    that is not transactional must be the only job; it is emptied first, and stays partly loaded after an error
    until the next try.
    """
    for job in jobs:
        announce(Event(EventKind.CHUNK_STARTED, job.planned.target, job.chunk.id))
    with source.consistent_snapshot():
        checksums = compute_checksums(source, [_digestible(job) for job in jobs])
        attempt = _Attempt(source, loader, identity, dict(zip(jobs, checksums, strict=True)), announce)
        try:
            whole = len(jobs) == 1 and not jobs[0].planned.table.transactional
            return attempt.whole_table(jobs[0]) if whole else attempt.in_one_transaction()
        except BaseException:
            loader.rollback()
            raise


@dataclass(frozen=True)
class _Attempt:
    """One try at some chunks, in the source's snapshot."""

    source: Session
    loader: Loader
    identity: PlanIdentity
    checksums: dict[Job, Checksum]
    announce: Listener

    def in_one_transaction(self) -> dict[Job, Copied]:
        self.loader.begin()
        if not self._claim():
            return {}
        return self._commit({job: self._load(job) for job in self.checksums})

    def whole_table(self, job: Job) -> dict[Job, Copied]:
        # Nothing can be rolled back: emptied and loaded anew until the ledger says it is loaded. The ledger's rows
        # go in a transaction of their own, because GTID consistency forbids mixing the two kinds (error 1785).
        self.loader.begin()
        if not self._claim():
            return {}
        self.loader.rollback()
        self.loader.execute(f"DELETE FROM {job.planned.target.sql}")
        copied = self._load(job)
        self.loader.begin()
        return self._commit({job: copied}) if self._claim() else {}

    def _claim(self) -> bool:
        checksums = {job.chunk: checksum for job, checksum in self.checksums.items()}
        if ledger.claim_chunks(self.loader, self.identity, checksums):
            return True
        self.loader.rollback()
        return False

    def _load(self, job: Job) -> Copied:
        try:
            return self._load_rows(job)
        except ServerError as error:
            raise error.during(str(job)) from error

    def _load_rows(self, job: Job) -> Copied:
        expected = self.checksums[job].rows
        if not expected:
            self._announce(EventKind.CHUNK_LOADED, job, Copied(0, 0))
            return Copied(0, 0)
        table = job.planned.table
        delimiters = Delimiters.for_rows_of(table)
        stream = read_frames(self.source, _digestible(job), delimiters)
        recorded = self.loader.load(job.planned.target, table, delimiters, stream)
        if not expected == stream.rows == recorded:
            raise LoadMismatchError(
                f"{job}: the source counted {expected} rows, {stream.rows} were sent and the target recorded "
                f"{recorded}; the chunk is rolled back"
            )
        copied = Copied(stream.rows, stream.bytes)
        self._announce(EventKind.CHUNK_LOADED, job, copied)
        return copied

    def _commit(self, copied: dict[Job, Copied]) -> dict[Job, Copied]:
        ledger.complete_chunks(self.loader, self.identity, {job.chunk: done.bytes for job, done in copied.items()})
        for job, done in copied.items():
            self._announce(EventKind.CHUNK_COMMITTING, job, done)
        self.loader.commit()
        for job, done in copied.items():
            self._announce(EventKind.CHUNK_COMMITTED, job, done)
        return copied

    def _announce(self, kind: EventKind, job: Job, done: Copied) -> None:
        self.announce(Event(kind, job.planned.target, job.chunk.id, done.rows, done.bytes))


def _digestible(job: Job) -> Digestible:
    return Digestible(job.planned.table.name, job.planned.table, job.chunk, job.planned.where)
