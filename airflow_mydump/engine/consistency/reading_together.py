"""Workers that read bundles in one moment of the source and share them: each is read once, and those of a worker that
died by the others. Nobody else can enter a snapshot any more; locked tables can be read by whoever comes."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import replace
from typing import Protocol, TypeVar

from airflow_mydump.engine.consistency.gathering import Gathering
from airflow_mydump.engine.consistency.held_session import HeldSession
from airflow_mydump.engine.consistency.kept_session import KeptSession
from airflow_mydump.engine.consistency.locking import Locking
from airflow_mydump.engine.consistency.logbook import Logbook
from airflow_mydump.engine.consistency.moment import Moment
from airflow_mydump.engine.consistency.named_lock import NamedLocks
from airflow_mydump.engine.consistency.polling import growing_pauses
from airflow_mydump.engine.consistency.settings import Consistency
from airflow_mydump.engine.consistency.standstill import stands_still
from airflow_mydump.engine.consistency.table_lock import lock_is_held
from airflow_mydump.engine.consistency.worker import Worker
from airflow_mydump.engine.errors import ConnectError, ServerError, SnapshotError, WorkerLostError
from airflow_mydump.engine.event import Listener, notice
from airflow_mydump.engine.retry import retrying
from airflow_mydump.engine.server.endpoint import Endpoint

_POLL_SECONDS = 0.5
_FIRST_POLL_SECONDS = 0.02

Result = TypeVar("Result", covariant=True)
Connection = TypeVar("Connection")


class Work(Logbook, Protocol[Result]):
    """What is to be done for the bundles of a run, which are numbered from 0."""

    @property
    def bundles(self) -> int:
        """How many there are."""

    def do(self, bundle: int, session: KeptSession, moment: Moment) -> Result:
        """Do what is not done yet of a bundle, in the moment in which the session reads."""


def read_together(
    source: Endpoint, run: str, worker: Worker, settings: Consistency, work: Work[Result], announce: Listener
) -> list[Result]:
    """Do one worker's share of the work, all workers in one moment; returns when all of it is done, by whomever.

    A worker that comes too late for a snapshot does nothing but wait for the others. Raises SnapshotError if a
    moment cannot be had, is lost to this worker, or ended with work left; another try of all workers then begins
    anew. Raises what the work raises.
    """
    workers = min(worker.workers, work.bundles)
    if worker.number >= workers or work.complete():
        return []
    if settings.mode == "locked":
        return _read_locked(source, run, settings, work, announce)
    if settings.mode == "replica":
        return _read_standing(source, run, work, announce)
    with ExitStack() as stack:
        locks = _entered(stack, source, lambda: NamedLocks(source, run))
        session = _entered(stack, source, lambda: KeptSession(source))
        stack.enter_context(_telling_lost_ones(locks))
        gathering = Gathering(source, locks, replace(worker, workers=workers), settings, work)
        moment = gathering.join(session)
        if moment is None:
            _wait_for_others(gathering, work, announce)
            return []
        return _do_all(locks, session, moment, work, announce)


def _read_locked(
    source: Endpoint, run: str, settings: Consistency, work: Work[Result], announce: Listener
) -> list[Result]:
    with ExitStack() as stack:
        locks = _entered(stack, source, lambda: NamedLocks(source, run))
        stack.enter_context(_telling_lost_ones(locks))
        moment = stack.enter_context(Locking(source, run, locks, settings, work)).join()
        if moment is None:
            return []
        proof = lock_is_held(locks, moment.epoch)
        session = _entered(stack, source, lambda: HeldSession(source, proof))
        return _do_all(locks, session, moment, work, announce)


def _read_standing(source: Endpoint, run: str, work: Work[Result], announce: Listener) -> list[Result]:
    moment = work.current()
    if moment is None:
        raise SnapshotError("the source's applier was not paused, or is to be paused anew: see the task that does it")
    with ExitStack() as stack:
        locks = _entered(stack, source, lambda: NamedLocks(source, run))
        session = _entered(stack, source, lambda: HeldSession(source, stands_still(dict(moment.position))))
        stack.enter_context(_telling_lost_ones(locks))
        return _do_all(locks, session, moment, work, announce)


def _entered(
    stack: ExitStack, source: Endpoint, connect: Callable[[], AbstractContextManager[Connection]]
) -> Connection:
    """A connection to the source, which is waited for as its patience has it."""
    found: Connection = retrying(source.patience)(lambda: stack.enter_context(connect()))
    return found


@contextmanager
def _telling_lost_ones(locks: NamedLocks) -> Iterator[None]:
    """Raises WorkerLostError in place of an error inside if the connection with the locks is lost, too."""
    try:
        yield
    except (ConnectError, ServerError):
        locks.require_alive()
        raise


def _do_all(
    locks: NamedLocks, session: KeptSession, moment: Moment, work: Work[Result], announce: Listener
) -> list[Result]:
    announce(notice(f"reading on in this moment of the source: {moment}"))
    return [work.do(bundle, session, moment) for bundle in _claims(locks, moment.epoch, work.bundles)]


def _wait_for_others(gathering: Gathering, work: Work[Result], announce: Listener) -> None:
    announce(notice("the other workers have begun, and nobody can enter their snapshot any more: waiting for them"))
    while gathering.others_read():
        time.sleep(_POLL_SECONDS)
    if not work.complete():
        raise WorkerLostError(
            "the last worker in the snapshot has ended and left work; what was read is thrown away when all workers "
            "are tried again, in a new snapshot"
        )


def _claims(locks: NamedLocks, epoch: str, bundles: int) -> Iterator[int]:
    """Bundles that nobody else has in this moment, each while this worker has it; ends when all are done.

    A bundle's first lock says that somebody has it, the second that it is done. When a worker ends, its locks go, and
    whoever is left looks again at what it had. What was done in an earlier moment does not count.
    """

    def claim(bundle: int) -> str:
        return f"bundle:{epoch}:{bundle}"

    def done(bundle: int) -> str:
        return f"done:{epoch}:{bundle}"

    left = list(range(bundles))
    pauses = growing_pauses(_FIRST_POLL_SECONDS, _POLL_SECONDS)
    while left:
        finished = locks.used(map(done, left))
        left = [bundle for bundle in left if done(bundle) not in finished]
        claimed = False
        for bundle in left:
            if locks.take(claim(bundle)):
                if not locks.used([done(bundle)]):
                    claimed = True
                    yield bundle
                    locks.take(done(bundle))
                locks.release(claim(bundle))
        if left and not claimed:
            time.sleep(next(pauses))
