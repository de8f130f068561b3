"""One try at some chunks: claimed, loaded, recorded and committed in one transaction, or nothing is changed.

Where the rows come from is the caller's affair; copies and restores differ in nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from airflow_mydump.engine import ledger
from airflow_mydump.engine.chunking.chunk import Chunk
from airflow_mydump.engine.errors import ServerError
from airflow_mydump.engine.event import Event, EventKind, Listener
from airflow_mydump.engine.loading.loader import Loader
from airflow_mydump.engine.plan.plan import PlannedTable
from airflow_mydump.engine.plan_identity import PlanIdentity
from airflow_mydump.engine.server.turn import turn
from airflow_mydump.engine.verification.checksum import Checksum


class Loadable(Protocol):
    """A chunk to load, and its table; its text names both."""

    @property
    def planned(self) -> PlannedTable:
        """The table."""

    @property
    def chunk(self) -> Chunk:
        """The chunk."""


Job = TypeVar("Job", bound=Loadable)


@dataclass(frozen=True)
class Loaded:
    """What was loaded of a chunk: framed bytes, and what the source says it holds; see `ledger.complete_chunks`."""

    bytes: int
    checksum: Checksum

    @property
    def rows(self) -> int:
        """The number of rows."""
        return self.checksum.rows


def attempt(
    loader: Loader, identity: PlanIdentity, jobs: Sequence[Job], load: Callable[[Job], Loaded], announce: Listener
) -> dict[Job, Loaded]:
    """Load the rows of chunks and commit them together with the chunks' rows in the ledger, or change nothing.

    ``load`` brings the rows of one job into the loader's transaction and raises unless all of them arrived. Returns
    what was loaded, by job; nothing, if another worker has committed one of the chunks: they are loaded one by one
    then.

    Raises ServerError naming the job, IncompleteRunError, and what ``load`` raises; the target is rolled back then. A
    table that is not transactional must be the only job; it is emptied first, by one worker at a time, and stays partly
    loaded after an error until the next try.
    """
    this = _Attempt(loader, identity, jobs, load, announce)
    try:
        whole = len(jobs) == 1 and not jobs[0].planned.table.transactional
        return this.whole_table(jobs[0]) if whole else this.in_one_transaction()
    except BaseException:
        loader.rollback()
        raise


@dataclass(frozen=True)
class _Attempt(Generic[Job]):
    loader: Loader
    identity: PlanIdentity
    jobs: Sequence[Job]
    load: Callable[[Job], Loaded]
    announce: Listener

    def in_one_transaction(self) -> dict[Job, Loaded]:
        self.loader.begin()
        if not self._claim():
            return {}
        return self._commit({job: self._load(job) for job in self.jobs})

    def whole_table(self, job: Job) -> dict[Job, Loaded]:
        # Nothing can be rolled back: emptied and loaded anew until the ledger says it is loaded. The ledger's rows
        # go in a transaction of their own, because GTID consistency forbids mixing the two kinds (error 1785), and so
        # keep nobody away meanwhile: two workers that both empty the table, and then both load it, would double it.
        with turn(self.loader, [str(job.planned.target)]):
            self.loader.begin()
            if not self._claim():
                return {}
            # Not `rollback`: a machine that vanishes must not keep the lock for as long as one that rests.
            self.loader.execute("ROLLBACK")
            self.loader.execute(f"DELETE FROM {job.planned.target.sql}")
            loaded = self._load(job)
            self.loader.begin()
            return self._commit({job: loaded}) if self._claim() else {}

    def _claim(self) -> bool:
        with self._naming():
            claimed = ledger.claim_chunks(self.loader, self.identity, [job.chunk for job in self.jobs])
        if claimed:
            for job in self.jobs:
                self.announce(Event(EventKind.CHUNK_CLAIMED, job.planned.target, job.chunk.id))
            return True
        self.loader.rollback()
        return False

    @contextmanager
    def _naming(self) -> Iterator[None]:
        """What the server refuses of the ledger's rows, or of the commit, is told of the chunks."""
        try:
            yield
        except ServerError as error:
            others = f" and {len(self.jobs) - 1} others" if len(self.jobs) > 1 else ""
            raise error.during(f"{self.jobs[0]}{others}") from error

    def _load(self, job: Job) -> Loaded:
        try:
            loaded = self.load(job)
        except ServerError as error:
            raise error.during(str(job)) from error
        self._tell(EventKind.CHUNK_LOADED, job, loaded)
        return loaded

    def _commit(self, loaded: Mapping[Job, Loaded]) -> dict[Job, Loaded]:
        with self._naming():
            ledger.complete_chunks(
                self.loader, self.identity, {job.chunk: (done.checksum, done.bytes) for job, done in loaded.items()}
            )
        for job, done in loaded.items():
            self._tell(EventKind.CHUNK_COMMITTING, job, done)
        with self._naming():
            self.loader.commit()
        for job, done in loaded.items():
            self._tell(EventKind.CHUNK_COMMITTED, job, done)
        return dict(loaded)

    def _tell(self, kind: EventKind, job: Job, done: Loaded) -> None:
        self.announce(Event(kind, job.planned.target, job.chunk.id, done.rows, done.bytes))
