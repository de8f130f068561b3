"""How all workers of a run begin to read in one and the same moment of the source.

Each says that it is ready by a named lock. When all have, the one that gets the leader's lock takes the source's global
lock, says go by another, and waits until each says that it has its snapshot; then it notes the source's position,
releases the global lock and declares the snapshot open. Whoever is missing or dies in between makes the gathering fail;
the global lock is never asked for before all are ready, and never held for longer than ``max_lock_seconds``.

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
from airflow_mydump.engine.errors import GivenUpError, MydumpError, SnapshotError
from airflow_mydump.engine.metadata.table_identity import may_see_numbers
from airflow_mydump.engine.server.endpoint import Endpoint
from airflow_mydump.engine.server.replication_position import read_position
from airflow_mydump.engine.server.server_name import server_name
from airflow_mydump.engine.server.written_rows import count_written_rows

_FIRST_POLL_SECONDS, _GATHERING_POLL_SECONDS, _SNAPSHOT_POLL_SECONDS = 0.01, 0.2, 0.01
_FAREWELL_SECONDS = 2.0

_LEADER, _GO, _OPEN, _GIVEN_UP = "leader", "go", "open", "given_up"


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
        self._waiting = [f"waiting:{number}" for number in range(worker.workers)]
        self._reading = [f"reading:{number}" for number in range(worker.workers)]

    def join(self, session: KeptSession) -> Moment | None:
        """Begin the session's snapshot together with all other workers; the moment in which they read.

        None if the others read already. Raises SnapshotError saying who is missing, or what went wrong, ServerError,
        GivenUpError; no global lock is held then.
        """
        try:
            return self._join(session)
        except MydumpError as error:
            if not error.retryable:
                self._give_up()
            raise

    def _join(self, session: KeptSession) -> Moment | None:
        deadline = time.monotonic() + self._settings.gather_seconds
        if not self._wait_for_all(deadline):
            return None
        leads = self._locks.take(_LEADER)
        self._locks.take(self._waiting[self._worker.number])
        if leads:
            return self._lead(session, deadline)
        try:
            moment = self._follow(session)
        except SnapshotError:
            if self._logbook.complete():
                return None  # that is why the leader is not there any more
            raise
        lock_definitions(self._locks, self._settings)  # the leader's may die before this worker does
        return moment

    def others_read(self) -> bool:
        """Whether workers are reading in their snapshot. Raises SnapshotError."""
        return bool(self._locks.used(self._reading))

    def _wait_for_all(self, deadline: float) -> bool:
        """Wait until all are ready; False if others do the work, or have done it, without this one.

        Who finds its place taken, because the same worker was started twice, waits for what becomes of the other. Who
        has its place looks once more: others may have ended since, and what they did must not be thrown away.
        """
        own, most = False, 0
        for pause in growing_pauses(_FIRST_POLL_SECONDS, _GATHERING_POLL_SECONDS):
            if not own:
                own = self._locks.take(self._ready[self._worker.number])
                # Asked afterwards: they may have begun with one that had this place until now.
                if self.others_read() or (own and self._logbook.complete()):
                    self._locks.release(self._ready[self._worker.number])
                    break
            ready = len(self._used(self._ready))
            if own and ready == self._worker.workers:
                return True
            most = max(most, ready)
            if time.monotonic() > deadline:
                raise _too_few(most, self._worker, self._settings.gather_seconds)
            time.sleep(pause)
        return False

    def _lead(self, session: KeptSession, deadline: float) -> Moment:
        expected = self._connections(self._ready)
        # Nothing before everybody looks out for the sign: others see then that this worker has failed, and the lock is
        # held for 15 ms, and for 200 ms otherwise.
        self._wait_until_all(self._waiting, expected, deadline)
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
            self._wait_until_all(self._reading, expected, until)
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
        self._locks.take(_OPEN)
        return moment

    def _follow(self, session: KeptSession) -> Moment:
        leader = self._locks.used([_LEADER]).get(_LEADER)
        self._wait_for(_GO, leader)
        self._begin(session)
        self._wait_for(_OPEN, leader)
        moment = self._logbook.current()
        self._wait_for(_OPEN, leader)  # still: it is this leader's moment, and not one that was noted since
        if moment is None:
            raise SnapshotError("the moment of the snapshot was not recorded; all begin anew")
        return moment

    def _begin(self, session: KeptSession) -> None:
        session.begin()
        self._locks.take(self._reading[self._worker.number])

    def _wait_for(self, name: str, leader: int | None) -> None:
        """Wait for a lock of the leader's, for as long as the leader lives; its own waiting is bounded."""
        while True:
            used = self._used([_LEADER, name])
            if leader is None or used.get(_LEADER) != leader:
                raise SnapshotError("the worker that was to take the global lock has failed; all begin anew")
            if used.get(name) == leader:
                return
            time.sleep(_SNAPSHOT_POLL_SECONDS)

    def _wait_until_all(self, names: list[str], expected: list[int | None], until: float) -> None:
        """Wait until the workers that were ready have taken locks of these names; ``until`` is monotonic."""
        while self._connections(names) != expected:
            if self._connections(self._ready) != expected:
                raise _lost()
            if time.monotonic() > until:
                raise SnapshotError(
                    f"not every worker had its snapshot within {self._settings.max_lock_seconds} s, so the global lock "
                    "was released and all begin anew"
                )
            time.sleep(_SNAPSHOT_POLL_SECONDS)

    def _connections(self, names: list[str]) -> list[int | None]:
        used = self._used(names)
        return [used.get(name) for name in names]

    def _used(self, names: list[str]) -> dict[str, int]:
        """As `NamedLocks.used`. Raises GivenUpError if a worker has given up."""
        used = self._locks.used([_GIVEN_UP, *names])
        if _GIVEN_UP in used:
            raise GivenUpError("another worker of the snapshot has given up, and says why: nothing was read")
        return used

    def _give_up(self) -> None:
        """Tell the others, for as long as they look, that there is no use in waiting for this worker any more."""
        until = time.monotonic() + _FAREWELL_SECONDS
        with suppress(SnapshotError):
            self._locks.take(_GIVEN_UP)
            self._locks.release(self._ready[self._worker.number])
            while self._locks.used(self._ready) and time.monotonic() < until:
                time.sleep(_SNAPSHOT_POLL_SECONDS)


def _lost() -> SnapshotError:
    return SnapshotError("a worker was lost while the snapshot was taken; all begin anew")


def _too_few(ready: int, worker: Worker, seconds: int) -> SnapshotError:
    return SnapshotError(
        f"only {ready} of {worker.workers} workers were there after {seconds} s, and a common snapshot needs all at "
        f"once; no lock was taken. There must be room for {worker.workers}: raise {worker.slots}, Airflow's "
        "parallelism or the DAG's max_active_tasks, lower concurrency, or raise gather_seconds if workers start slowly"
    )
