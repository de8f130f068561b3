"""Loads the chunks of a bundle that are not loaded yet: in batches, tried again where that may help."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import astuple, dataclass
from functools import partial
from typing import Any

from airflow_mydump.engine import ledger
from airflow_mydump.engine.batch import MOST_BYTES, batches
from airflow_mydump.engine.event import Event, EventKind, Listener
from airflow_mydump.engine.loading.attempt import Job, Loaded
from airflow_mydump.engine.loading.loader import Loader
from airflow_mydump.engine.plan_identity import PlanIdentity
from airflow_mydump.engine.server.endpoint import Endpoint
from airflow_mydump.engine.server.renewed import Renewed, asked
from airflow_mydump.engine.server.session_state import metadata


@dataclass(frozen=True)
class Moved:
    """What one execution of a task moved; chunks loaded by an earlier execution count as ``skipped``."""

    chunks: int = 0
    skipped: int = 0
    rows: int = 0
    bytes: int = 0

    def plus(self, batch: Sequence[object], loaded: Mapping[Any, Loaded]) -> Moved:
        """The sum after one more batch, of which the chunks that were not loaded were loaded by somebody else."""
        return Moved(
            self.chunks + len(loaded),
            self.skipped + len(batch) - len(loaded),
            self.rows + sum(done.rows for done in loaded.values()),
            self.bytes + sum(done.bytes for done in loaded.values()),
        )

    @classmethod
    def sum(cls, parts: Iterable[Moved]) -> Moved:
        """What several executions moved together."""
        return cls(*(sum(column) for column in zip(astuple(cls()), *map(astuple, parts), strict=True)))


def load_missing(
    target: Endpoint,
    identity: PlanIdentity,
    jobs: Sequence[Job],
    attempt: Callable[[Loader, Sequence[Job]], dict[Job, Loaded]],
    announce: Listener,
) -> Moved:
    """Load every job whose chunk the ledger does not have; small ones are committed together.

    ``attempt`` is one try at some jobs, as `attempt.attempt` is. Raises what it raises, IncompleteRunError if a chunk
    is not in the ledger in the end, ServerError, ConnectError. Chunks committed before stay committed; another call
    goes on after them.
    """
    if asked(target, metadata, ledger.is_complete, identity):
        announce(ledger.nothing_left(identity))
        return Moved(skipped=len(jobs))
    chunks = [job.chunk for job in jobs]
    loaded = frozenset(asked(target, metadata, ledger.source_checksums, identity, chunks))
    for job in jobs:
        if job.chunk.id in loaded:
            announce(Event(EventKind.CHUNK_SKIPPED, job.planned.target, job.chunk.id))
    moved = Moved(skipped=len(loaded))
    with Renewed(partial(_connect, target, identity), target.patience) as connection:
        for batch in batches((job for job in jobs if job.chunk.id not in loaded), _weight):
            moved = moved.plus(batch, _load(connection, batch, attempt))
    asked(target, metadata, ledger.require_done, identity, "load", {job.chunk.id: job for job in jobs})
    return moved


def _connect(target: Endpoint, identity: PlanIdentity) -> Loader:
    loader = Loader(target)
    try:
        ledger.is_complete(loader, identity)  # or may go on, on this server
        loader.rollback()
    except BaseException:
        loader.close()
        raise
    return loader


def _load(
    connection: Renewed[Loader], jobs: Sequence[Job], attempt: Callable[[Loader, Sequence[Job]], dict[Job, Loaded]]
) -> dict[Job, Loaded]:
    """Load a batch; if another worker has some of it, one by one, leaving out what is loaded."""
    loaded = connection.tried(attempt, jobs)
    if loaded or len(jobs) == 1:
        return loaded
    for job in jobs:
        loaded |= connection.tried(attempt, [job])
    return loaded


def _weight(job: Job) -> int:
    # A table that cannot be rolled back gets a batch of its own.
    return job.chunk.weight if job.planned.table.transactional else MOST_BYTES + 1
