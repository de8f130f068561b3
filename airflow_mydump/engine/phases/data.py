"""Data phase: copies chunks from source to target, those of a bundle or, in one snapshot, those of all bundles."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial

from airflow_mydump.engine import ledger
from airflow_mydump.engine.consistency.kept_session import KeptSession
from airflow_mydump.engine.consistency.moment import Moment
from airflow_mydump.engine.consistency.pause import pause_applier
from airflow_mydump.engine.consistency.reading_together import read_together
from airflow_mydump.engine.consistency.settings import Consistency
from airflow_mydump.engine.consistency.worker import Worker
from airflow_mydump.engine.errors import IncompleteRunError, WorkerLostError
from airflow_mydump.engine.event import Listener, ignore
from airflow_mydump.engine.identifier import TableName
from airflow_mydump.engine.loading.attempt import Loaded
from airflow_mydump.engine.loading.chunk_copy import copy_chunks
from airflow_mydump.engine.loading.chunk_loading import Moved, load_missing
from airflow_mydump.engine.loading.loader import Loader
from airflow_mydump.engine.phases.definition_change import DEFINITIONS, Definitions, require_unchanged
from airflow_mydump.engine.phases.moment_record import begin_moment, end_moment
from airflow_mydump.engine.phases.noted_tables import holding_noted, note_tables, require_noted, snapshot_tables
from airflow_mydump.engine.phases.plan import PLAN, plan_path
from airflow_mydump.engine.plan.plan import DataBundle, Plan
from airflow_mydump.engine.plan.source_chunk import SourceChunk
from airflow_mydump.engine.plan_identity import PlanIdentity
from airflow_mydump.engine.server.endpoint import Endpoint
from airflow_mydump.engine.server.renewed import Renewed, asked
from airflow_mydump.engine.server.session import Session
from airflow_mydump.engine.server.session_state import metadata, reading
from airflow_mydump.engine.workdir import WorkDirectory


def data_phase(
    source: Endpoint, target: Endpoint, directory: WorkDirectory, file: str, announce: Listener = ignore
) -> Moved:
    """Load every chunk of a bundle that is not loaded yet, each read when its turn comes; small ones are committed
    together.

    Raises ServerError naming the table and chunk, and what `copy_chunks` raises. Chunks committed before stay
    committed; another call goes on after them.
    """
    bundle = directory.read(file, DataBundle)
    if moment := asked(target, metadata, ledger.current_moment, bundle.identity):
        raise IncompleteRunError(
            f"run {bundle.identity.run_key} has rows of one moment ({moment.taken_at} UTC), and chunks that are "
            "read one by one cannot be added to them: start it anew from chunk_plan"
        )
    source = source.on(directory.read(f"{plan_path(bundle.identity)}/{PLAN}", Plan).source_identity)
    with Renewed(partial(Session, source, reading), source.patience) as connection:

        def attempt(loader: Loader, batch: Sequence[SourceChunk]) -> dict[SourceChunk, Loaded]:
            return connection.once(copy_chunks, loader, bundle.identity, batch, announce)

        return load_missing(target, bundle.identity, _jobs(bundle), attempt, announce)


def snapshot_data_phase(
    source: Endpoint,
    target: Endpoint,
    directory: WorkDirectory,
    identity: PlanIdentity,
    settings: Consistency,
    worker: Worker,
    announce: Listener = ignore,
) -> Moved:
    """Be one of the workers that load all chunks of a plan from one moment of the source; see `read_together`.

    Raises what that raises, ServerError naming the table and chunk, and what `copy_chunks` raises.
    """
    plan = directory.read(f"{plan_path(identity)}/{PLAN}", Plan)
    source = source.on(plan.source_identity)
    work = _CopyWork(plan, source, target, directory, announce)
    return Moved.sum(read_together(source, identity.plan, worker, settings, work, announce))


def is_loaded(target: Endpoint, plan: Plan) -> bool:
    """Whether all chunks are loaded, as they were in the moment that the run has. Raises ConnectError, ServerError."""
    if asked(target, metadata, ledger.is_complete, plan.identity):
        return True
    if asked(target, metadata, ledger.current_moment, plan.identity) is None:
        return False
    return len(asked(target, metadata, ledger.done_items, plan.identity, "load")) == plan.chunks


def pause_source(
    source: Endpoint,
    target: Endpoint,
    directory: WorkDirectory,
    identity: PlanIdentity,
    settings: Consistency,
    announce: Listener = ignore,
) -> None:
    """Pause the source's applier for the data phase, until `resume_applier` is called for ``directory``; see
    `pause_applier`, and its errors."""
    plan = directory.read(f"{plan_path(identity)}/{PLAN}", Plan)
    source = source.on(plan.source_identity)
    work = _CopyWork(plan, source, target, directory, announce)
    pause_applier(source, directory, settings, work, announce)


@dataclass(frozen=True)
class _CopyWork:
    """A plan's bundles, and the target that they are loaded into; its ledger is the logbook."""

    plan: Plan
    source: Endpoint
    target: Endpoint
    directory: WorkDirectory
    announce: Listener

    @property
    def bundles(self) -> int:
        return len(self.plan.data_bundles)

    def complete(self) -> bool:
        return is_loaded(self.target, self.plan)

    def tables(self) -> list[TableName]:
        return sorted({planned.table.name for bundle in self._bundles() for planned in bundle.tables})

    def note_tables(self, epoch: str) -> bool:
        return note_tables(self.source, self._record, epoch, self._snapshot_tables)

    def require_noted(self, epoch: str, seen: Mapping[TableName, str]) -> None:
        require_noted(self.source, self._record, epoch, self._snapshot_tables, seen)

    @property
    def _record(self) -> WorkDirectory:
        return self.directory.child(plan_path(self.plan.identity))

    @cached_property
    def _snapshot_tables(self) -> list[TableName]:
        return sorted({name for bundle in self._bundles() for name in snapshot_tables(bundle)})

    def _bundles(self) -> Iterator[DataBundle]:
        return (self.directory.read(reference.file, DataBundle) for reference in self.plan.data_bundles)

    def clear(self, before: Moment | None) -> None:
        end_moment(self.target, self.directory, self.plan, before)

    def record(self, moment: Moment) -> None:
        begin_moment(self.target, self.plan.identity, moment)

    def require_planned(self) -> Mapping[TableName, str]:
        return require_unchanged(self.source, self._record.read(DEFINITIONS, Definitions))

    def current(self) -> Moment | None:
        return asked(self.target, metadata, ledger.current_moment, self.plan.identity)

    def do(self, bundle: int, session: KeptSession, moment: Moment) -> Moved:
        found = self.directory.read(self.plan.data_bundles[bundle].file, DataBundle)
        identity = replace(found.identity, epoch=moment.epoch)

        def attempt(loader: Loader, batch: Sequence[SourceChunk]) -> dict[SourceChunk, Loaded]:
            return copy_chunks(session, loader, identity, batch, self.announce)

        with holding_noted(self.source, self._record, moment, found, session):
            try:
                return load_missing(self.target, identity, _jobs(found), attempt, self.announce)
            except IncompleteRunError as error:
                now = self.current()
                if now and now.epoch == moment.epoch:
                    raise
                raise WorkerLostError(f"the moment in which this worker read is over: {error}") from error


def _jobs(bundle: DataBundle) -> list[SourceChunk]:
    return [SourceChunk(bundle.table_of(chunk), chunk) for chunk in bundle.chunks]
