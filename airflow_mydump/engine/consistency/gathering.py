"""How all workers of a run begin to read in one and the same moment of the source.

Each says that it is ready by a named lock. When all have, the one that gets the leader's lock takes the source's global
lock, says go by another, and waits until each says that it has its snapshot; then it notes the source's position,
releases the global lock and declares the snapshot open to those that it has waited for. Whoever is missing or dies in
between makes the gathering fail; the global lock is never asked for before all are ready, and never held for longer
than ``max_lock_seconds``.

The locks of a worker stay until it ends. So a worker that comes later sees that the others read already, and that it
cannot join them. One that was stopped, and wakes up when the others begin anew, sees that another connection leads.
"""

from __future__ import annotations

import secrets
import time
from contextlib import suppress
from datetime import datetime, timezone

from airflow_mydump.engine.consistency.definition_lock import lock_definitions
from airflow_mydump.engine.consistency.global_lock import GlobalLock
from airflow_mydump.engine.consistency.kept_session import KeptSession
from airflow_mydump.engine.consistency.logbook import Logbook, go_on_or_settle
from airflow_mydump.engine.consistency.moment import Moment
from airflow_mydump.engine.consistency.named_lock import NamedLocks
from airflow_mydump.engine.consistency.polling import growing_pauses
from airflow_mydump.engine.consistency.settings import Consistency
from airflow_mydump.engine.consistency.worker import Worker
from airflow_mydump.engine.errors import MydumpError, SnapshotError, WorkerLostError
from airflow_mydump.engine.metadata.table_identity import may_see_numbers
from airflow_mydump.engine.server.endpoint import Endpoint
from airflow_mydump.engine.server.replication_position import read_position
from airflow_mydump.engine.server.server_name import server_name
from airflow_mydump.engine.server.written_rows import count_written_rows

_COMPLETE_POLL_SECONDS = 10.0
_FIRST_POLL_SECONDS, _GATHERING_POLL_SECONDS, _SNAPSHOT_POLL_SECONDS = 0.01, 0.2, 0.01

_LEADER, _GO, _OPEN = "leader", "go", "open"


class Gathering:
    """One worker's part in it."""

    def __init__(
        self, source: Endpoint, locks: NamedLocks, worker: Worker, settings: Consistency, logbook: Logbook
    ) -> None:
        self._source = source
        self._locks = locks
        self._worker = worker
        self._settings = settings
        self._logbook = logbook
        self._ready = [f"ready:{number}" for number in range(worker.workers)]
        self._reading = [f"reading:{number}" for number in range(worker.workers)]

    def join(self, session: KeptSession) -> Moment | None:
        """Begin the session's snapshot together with all other workers; the moment in which they read.

        None if the others read already. Raises SnapshotError saying who is missing, or what went wrong, ServerError;
        no global lock is held then, and another try may succeed.
        """
        deadline = time.monotonic() + self._settings.gather_seconds
        if not self._wait_for_all(deadline):
            return None
        leads = self._locks.take(_LEADER)
        leader = self._locks.used([_LEADER]).get(_LEADER)
        if leader is None:
            raise _leaderless()
        self._locks.take(_waiting(self._worker.number, leader))
        if leads:
            return self._lead(session, leader, deadline)
        try:
            moment = self._follow(session, leader)
        except WorkerLostError:
            if self._is_done_without_this_one():
                return None  # that is why the leader is not there any more
            raise
        if moment is None:
            return None
        lock_definitions(self._locks, self._settings)  # the leader's may die before this worker does
        return moment

    def others_read(self) -> bool:
        """Whether workers are reading in their snapshot. Raises SnapshotError."""
        return bool(self._locks.used(self._reading))

    def _wait_for_all(self, deadline: float) -> bool:
        """Wait until all are ready; False if others do the work, or have done it, without this one.

        Who finds its place taken, because the same worker was started twice, waits for what becomes of the other. Who
        has its place looks now and then: others may have ended since, and what they did must not be thrown away.
        """
        own, most, ask_at = False, 0, 0.0
        for pause in growing_pauses(_FIRST_POLL_SECONDS, _GATHERING_POLL_SECONDS):
            came, own = not own, own or self._locks.take(self._own(self._ready))
            # Asked afterwards: they may have begun with one that had this place until now.
            late = came and self.others_read()
            if own and not late and time.monotonic() > ask_at:
                late = self._logbook.complete()
                ask_at = time.monotonic() + _COMPLETE_POLL_SECONDS
            if late:
                self._locks.release(self._own(self._ready))
                break
            ready = len(self._locks.used(self._ready))
            if own and ready == self._worker.workers:
                return True
            most = max(most, ready)
            self._require_hope(own, most, deadline)
            time.sleep(pause)
        return False

    def _require_hope(self, own: bool, ready: int, deadline: float) -> None:
        if self._worker.is_left_alone():
            raise WorkerLostError("another worker has failed, so that there is no snapshot of all: see what it says")
        if time.monotonic() > deadline:
            seconds = self._settings.gather_seconds
            raise _too_few(ready, self._worker, seconds) if own else _taken(self._worker, seconds)

    def _lead(self, session: KeptSession, leader: int, deadline: float) -> Moment:
        expected = self._connections(self._ready)
        if None in expected:
            raise _lost()  # who takes that place is not to be in a snapshot that does not wait for it
        # Nothing before everybody looks out for the sign: others see then that this worker has failed, and the lock is
        # held for 15 ms, and for 200 ms otherwise.
        waiting = [_waiting(number, leader) for number in range(self._worker.workers)]
        self._wait_until_all(waiting, expected, deadline, "was waiting for it")
        epoch = secrets.token_hex(8)
        countable = self._logbook.note_tables(epoch)
        with self._locks.connection() as connection:
            earlier = read_position(connection)
        with GlobalLock(self._source, self._settings, deadline) as lock:
            until = time.monotonic() + self._settings.max_lock_seconds
            self._locks.take(_GO)
            self._begin(session)
            # Not before the global lock: an ALTER that waits for the backup lock would hold that one up (MySQL 9.7).
            locked = lock_definitions(self._locks, self._settings)
            self._wait_until_all(self._reading, expected, until, "had its snapshot, and the global lock was released")
            taken_at = datetime.now(timezone.utc)
            with self._locks.connection() as connection:
                position, server = read_position(connection), server_name(connection)
                # A source that moves on meanwhile will not be found as it is now, and counting may take a moment.
                written = count_written_rows(connection) if countable and position == earlier else ""
            lock.release()
        with self._locks.connection() as connection:
            exchanges_seen = may_see_numbers(connection)
        if self._connections(self._reading) != expected:
            raise _lost()
        moment = Moment(
            epoch=epoch,
            mode="snapshot",
            taken_at=taken_at.strftime("%Y-%m-%d %H:%M:%S.%f"),
            server=server,
            position=position,
            definitions_locked=locked,
            exchanges_seen=exchanges_seen,
            written=written,
        )
        moment = go_on_or_settle(self._logbook, self._locks, moment)
        for member in expected:
            self._locks.take(_member(moment.epoch, member))
        self._locks.take(_open(moment.epoch))
        self._locks.take(_OPEN)
        return moment

    def _follow(self, session: KeptSession, leader: int) -> Moment | None:
        """The leader's moment; None if the leader did not wait for this worker, whose snapshot is of another then.

        So it is where commands or tasks with different numbers of workers meet in one run.
        """
        self._wait_for(_GO, leader)
        self._begin(session)
        self._wait_for(_OPEN, leader)
        moment = self._logbook.current()
        if moment is None:
            raise WorkerLostError("the moment of the snapshot was not recorded; all begin anew")
        self._wait_for(_open(moment.epoch), leader)  # it is this leader's, and not one that was recorded since
        ready = self._own(self._ready)
        member = _member(moment.epoch, self._locks.used([ready]).get(ready))
        if self._locks.used([member]).get(member) == leader:
            return moment
        self._stand_aside()
        return None

    def _begin(self, session: KeptSession) -> None:
        session.begin()
        self._locks.take(self._own(self._reading))

    def _is_done_without_this_one(self) -> bool:
        self._stand_aside()
        with suppress(MydumpError):
            return self._logbook.complete()
        return False

    def _stand_aside(self) -> None:
        for name in (self._own(self._reading), self._own(self._ready)):
            self._locks.release(name)  # whoever looks must not think that this one reads

    def _wait_for(self, name: str, leader: int) -> None:
        """Wait for a lock of the leader's, for as long as the leader lives; its own waiting is bounded."""
        while (used := self._locks.used([_LEADER, name])).get(name) != leader:
            if used.get(_LEADER) != leader:
                raise _leaderless()
            time.sleep(_SNAPSHOT_POLL_SECONDS)

    def _wait_until_all(self, names: list[str], expected: list[int | None], until: float, what: str) -> None:
        """Wait until the workers that were ready have taken locks of these names; ``until`` is monotonic."""
        began = time.monotonic()
        while self._connections(names) != expected:
            if self._connections(self._ready) != expected:
                raise _lost()
            if time.monotonic() > until:
                raise SnapshotError(f"after {until - began:.0f} s not every worker {what}; another try may succeed")
            time.sleep(_SNAPSHOT_POLL_SECONDS)

    def _connections(self, names: list[str]) -> list[int | None]:
        used = self._locks.used(names)
        return [used.get(name) for name in names]

    def _own(self, names: list[str]) -> str:
        return names[self._worker.number]


def _waiting(number: int, leader: int) -> str:
    """Of a worker that looks out for the sign of this leader."""
    return f"waiting:{number}:{leader}"


def _open(epoch: str) -> str:
    return f"{_OPEN}:{epoch}"


def _member(epoch: str, connection: int | None) -> str:
    """Of a worker that the leader has waited for."""
    return f"member:{epoch}:{connection}"


def _lost() -> WorkerLostError:
    return WorkerLostError("a worker was lost while the snapshot was taken; all begin anew")


def _leaderless() -> WorkerLostError:
    return WorkerLostError("the worker that was to take the global lock has failed; all begin anew")


def _taken(worker: Worker, seconds: int) -> SnapshotError:
    return SnapshotError(
        f"another process was worker {worker.number + 1} of {worker.workers} for {seconds} s, and has not begun to "
        "read: end one of the two"
    )


def _too_few(ready: int, worker: Worker, seconds: int) -> SnapshotError:
    return SnapshotError(
        f"only {ready} of {worker.workers} workers were there after {seconds} s, and a common snapshot needs all at "
        f"once; no lock was taken. There must be room for {worker.workers}: raise {worker.slots}, Airflow's "
        "parallelism or the DAG's max_active_tasks, lower concurrency, or raise gather_seconds if workers start slowly"
    )
