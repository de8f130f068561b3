"""Dump phase: writes the chunks of a bundle into the dump directory."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import astuple, dataclass
from functools import cached_property, partial
from typing import Protocol

from airflow_mydump.engine.batch import batches
from airflow_mydump.engine.consistency.kept_session import KeptSession
from airflow_mydump.engine.consistency.moment import Moment
from airflow_mydump.engine.consistency.pause import pause_applier
from airflow_mydump.engine.consistency.reading_together import read_together
from airflow_mydump.engine.consistency.settings import Consistency
from airflow_mydump.engine.consistency.worker import Worker
from airflow_mydump.engine.dump_directory.chunk_dump import DumpJob, DumpTarget, dump_chunks
from airflow_mydump.engine.dump_directory.dump_plan import DumpBundle, DumpPlan, dump_file
from airflow_mydump.engine.dump_directory.dump_record import (
    PLAN,
    leave_done,
    read_done,
    unfinished,
)
from airflow_mydump.engine.dump_directory.file_batch import FileBatch
from airflow_mydump.engine.dump_directory.manifest import ChunkManifest, recorded_names
from airflow_mydump.engine.dump_directory.moment_file import read_moment, remove_moment, write_moment
from airflow_mydump.engine.dump_directory.storage import Storage
from airflow_mydump.engine.errors import ConfigurationError, SnapshotError
from airflow_mydump.engine.event import Event, EventKind, Listener, ignore
from airflow_mydump.engine.identifier import TableName
from airflow_mydump.engine.phases.definition_change import DEFINITIONS, Definitions, require_unchanged
from airflow_mydump.engine.phases.noted_tables import holding_noted, note_tables, require_noted, snapshot_tables
from airflow_mydump.engine.plan.plan import DataBundle
from airflow_mydump.engine.retry import Patience, retrying
from airflow_mydump.engine.server.endpoint import Endpoint
from airflow_mydump.engine.server.renewed import Renewed
from airflow_mydump.engine.server.session import Session
from airflow_mydump.engine.server.session_state import reading
from airflow_mydump.engine.workdir import WorkDirectory

_CHUNKS_AT_ONCE, _SECONDS_AT_ONCE = 1024, 2.0
"""How much is written before it is recorded: small tables are many, and what is not recorded is dumped again."""


@dataclass(frozen=True)
class Dumped:
    """What one execution of a dump task wrote; chunks dumped by an earlier execution count as ``skipped``."""

    chunks: int = 0
    skipped: int = 0
    rows: int = 0
    bytes: int = 0

    def plus(self, manifest: ChunkManifest) -> Dumped:
        """The sum after one more chunk."""
        return Dumped(self.chunks + 1, self.skipped, self.rows + manifest.rows, self.bytes + manifest.bytes)

    @classmethod
    def sum(cls, parts: Iterable[Dumped]) -> Dumped:
        """What several executions wrote together."""
        return cls(*(sum(column) for column in zip(astuple(cls()), *map(astuple, parts), strict=True)))


def dump_phase(source: Endpoint, storage: Storage, file: str, announce: Listener = ignore) -> Dumped:
    """Dump every chunk of a bundle that is not in the directory yet, each when its turn comes.

    Raises what `dump_chunks` raises. What was finished before stays; another call goes on after it.
    """
    source = source.on(storage.private.read(PLAN, DumpPlan).source_identity)
    with Renewed(partial(Session, source, reading), source.patience) as connection:

        def dump(target: DumpTarget, jobs: Sequence[DumpJob], heard: Listener) -> list[ChunkManifest]:
            return connection.once(dump_chunks, target, jobs, heard)

        bundle = storage.private.read(file, DataBundle)
        return _dump_bundle(storage, file, bundle, dump, "", source.patience, announce)


def snapshot_dump_phase(
    source: Endpoint, storage: Storage, settings: Consistency, worker: Worker, announce: Listener = ignore
) -> Dumped:
    """Be one of the workers that dump all chunks of the plan from one moment of the source; see `read_together`.

    Raises what that raises, and what `dump_chunks` does.
    """
    plan = storage.private.read(PLAN, DumpPlan)
    source = source.on(plan.source_identity)
    return Dumped.sum(
        read_together(source, plan.plan, worker, settings, _DumpWork(plan, source, storage, announce), announce)
    )


def is_dumped(storage: Storage, plan: DumpPlan) -> bool:
    """Whether all chunks are dumped, as they were in the moment that the dump has. Raises ConfigurationError,
    DumpError."""
    if storage.finished:
        return storage.private.read(PLAN, DumpPlan).plan == plan.plan  # it may be another's, in place of this one
    moment = read_moment(unfinished(storage, plan.plan))
    return moment is not None and len(read_done(storage, plan.plan, f"{moment.epoch}-").finished) == plan.chunks


def pause_dumped(source: Endpoint, storage: Storage, settings: Consistency, announce: Listener = ignore) -> None:
    """Pause the source's applier for the dump phase, until `resume_applier` is called for ``storage.private``; see
    `pause_applier`, and its errors."""
    plan = storage.private.read(PLAN, DumpPlan)
    source = source.on(plan.source_identity)
    pause_applier(source, storage.private, settings, _DumpWork(plan, source, storage, announce), announce)


@dataclass(frozen=True)
class _DumpWork:
    """A plan's bundles, and the directory that they are dumped into; what belongs to a moment has its epoch's name."""

    plan: DumpPlan
    source: Endpoint
    storage: Storage
    announce: Listener

    @property
    def bundles(self) -> int:
        return len(self.plan.bundles)

    @property
    def _folder(self) -> WorkDirectory:
        return unfinished(self.storage, self.plan.plan)

    def complete(self) -> bool:
        return is_dumped(self.storage, self.plan)

    def tables(self) -> list[TableName]:
        return sorted({planned.table.name for bundle in self._bundles() for planned in bundle.tables})

    def note_tables(self, epoch: str) -> bool:
        return note_tables(self.source, self._folder, epoch, self._snapshot_tables)

    def require_noted(self, epoch: str, seen: Mapping[TableName, str]) -> None:
        require_noted(self.source, self._folder, epoch, self._snapshot_tables, seen)

    @cached_property
    def _snapshot_tables(self) -> list[TableName]:
        return sorted({name for bundle in self._bundles() for name in snapshot_tables(bundle)})

    def _bundles(self) -> Iterator[DataBundle]:
        return (self.storage.private.read(reference.file, DataBundle) for reference in self.plan.bundles)

    def clear(self, before: Moment | None) -> None:
        there = self.storage.sizes().keys()  # asked first: what others write behind this worker's back is left alone
        self._require(before)
        remove_moment(self._folder)
        # Without a moment no record of theirs counts any more.
        self.storage.discard(there)

    def record(self, moment: Moment) -> None:
        self._require(None)
        write_moment(self._folder, moment)

    def _require(self, moment: Moment | None) -> None:
        # A worker that was silent meanwhile would otherwise end the moment of those that have gone on without it.
        if (now := self.current()) != moment and now is not None:
            raise SnapshotError(
                f"other workers have begun to read in a moment of their own ({now.taken_at} UTC) while this one was "
                "silent; what they read is left alone"
            )

    def require_planned(self) -> Mapping[TableName, str]:
        return require_unchanged(self.source, self._folder.read(DEFINITIONS, Definitions))

    def current(self) -> Moment | None:
        return read_moment(self._folder)

    def do(self, bundle: int, session: KeptSession, moment: Moment) -> Dumped:
        file = self.plan.bundles[bundle].file
        found = self.storage.private.read(file, DataBundle)
        dump, patience = partial(dump_chunks, session), self.source.patience
        with holding_noted(self.source, self._folder, moment, found, session):
            return _dump_bundle(self.storage, file, found, dump, f"{moment.epoch}-", patience, self.announce)


class _Dump(Protocol):
    """`dump_chunks`, with the session that it reads in."""

    def __call__(self, target: DumpTarget, jobs: Sequence[DumpJob], announce: Listener, /) -> list[ChunkManifest]: ...


def _dump_bundle(
    storage: Storage, file: str, bundle: DataBundle, dump: _Dump, epoch: str, patience: Patience, announce: Listener
) -> Dumped:
    names = storage.private.read(dump_file(file), DumpBundle)
    records = f"{epoch}{names.number:05}-"
    finished = read_done(storage, bundle.identity.plan, records).finished
    dumped = Dumped(skipped=len(finished))
    jobs = []
    for chunk in bundle.chunks:
        planned = bundle.table_of(chunk)
        if chunk.id in finished:
            announce(Event(EventKind.CHUNK_SKIPPED, planned.target, chunk.id))
        else:
            jobs.append(DumpJob(planned, chunk, names.base(chunk.table)))
    try:
        with FileBatch(storage) as files, _Record(storage, files, bundle.identity.plan, records) as record:
            target = DumpTarget(files, names.level)
            for batch in batches(jobs, lambda job: job.chunk.weight):
                for manifest in retrying(patience)(dump, target, batch, announce):
                    record.add(manifest)
                    dumped = dumped.plus(manifest)
    except _TooLate:
        return Dumped(skipped=len(bundle.chunks))
    return dumped


class _TooLate(Exception):
    """The dump is complete: a task that was taken for dead, or the same command started twice, has a twin that did the
    work and finished the dump."""


class _Record:
    """What a task has written but not recorded."""

    def __init__(self, storage: Storage, files: FileBatch, plan: str, records: str) -> None:
        self._storage = storage
        self._files = files
        self._plan = plan
        self._records = records
        self._unrecorded: list[ChunkManifest] = []
        self._recorded_at = time.monotonic()

    def add(self, manifest: ChunkManifest) -> None:
        self._unrecorded.append(manifest)
        full = len(self._unrecorded) >= _CHUNKS_AT_ONCE
        if full or time.monotonic() - self._recorded_at >= _SECONDS_AT_ONCE:
            self._write()

    def _write(self) -> None:
        # Once, whatever comes of it: the system tells of a failed sync only once, and the next one succeeds.
        unrecorded, self._unrecorded = self._unrecorded, []
        self._recorded_at = time.monotonic()
        if unrecorded:
            self._settle(unrecorded)
            # Never the name of another try's file: two may be at work at once.
            name = f"{self._records}{time.time_ns():020}-{secrets.token_hex(4)}"
            leave_done(self._storage, self._plan, name, unrecorded)

    def _settle(self, written: Sequence[ChunkManifest]) -> None:
        """Let the files appear, unless nobody waits for them any more: then remove them, and raise _TooLate.

        They are there when this looks whether the dump is complete, and who finishes a dump looks for files that are
        too many when it is: one sees the other.
        """
        names = recorded_names(written)
        try:
            names |= set(self._files.settle())  # with those of a try that failed
        except ConfigurationError:
            if not self._storage.finished:
                raise
        if self._storage.finished:
            self._storage.discard(names)
            raise _TooLate

    def __enter__(self) -> _Record:
        return self

    def __exit__(self, *error: object) -> None:
        self._write()
