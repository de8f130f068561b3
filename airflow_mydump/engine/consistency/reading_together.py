"""Workers that read bundles in one moment of the source and share them: each is read once, and those of a worker that
died by the others. Nobody else can enter a snapshot any more; locked tables can be read by whoever comes."""

from __future__ import annotations

import time
from collections.abc import Iterator
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
from airflow_mydump.engine.errors import SnapshotError
from airflow_mydump.engine.event import Listener, notice
from airflow_mydump.engine.server.endpoint import Endpoint

_POLL_SECONDS = 0.5
_FIRST_POLL_SECONDS = 0.02

Result = TypeVar("Result", covariant=True)


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
    with NamedLocks(source, run) as locks, KeptSession(source) as session:
        work.require_source(session)
        gathering = Gathering(source, locks, replace(worker, workers=workers), settings, work)
        moment = gathering.join(session)
        if moment is None:
            _wait_for_others(gathering, work, announce)
            return []
        announce(notice(f"reading on in this moment of the source: {moment}"))
        return [work.do(bundle, session, moment) for bundle in _claims(locks, work.bundles)]


def _read_locked(
    source: Endpoint, run: str, settings: Consistency, work: Work[Result], announce: Listener
) -> list[Result]:
    with NamedLocks(source, run) as locks, Locking(source, run, locks, settings, work) as locking:
        moment = locking.join()
        if moment is None:
            return []
        announce(notice(f"reading on in this moment of the source: {moment}"))
        with HeldSession(source, lock_is_held(locks, moment.epoch)) as session:
            work.require_source(session)
            return [work.do(bundle, session, moment) for bundle in _claims(locks, work.bundles)]


def _read_standing(source: Endpoint, run: str, work: Work[Result], announce: Listener) -> list[Result]:
    moment = work.current()
    if moment is None:
        raise SnapshotError("the source's applier was not paused, or is to be paused anew: see the task that does it")
    announce(notice(f"reading on in this moment of the source: {moment}"))
    with NamedLocks(source, run) as locks, HeldSession(source, stands_still(dict(moment.position))) as session:
        work.require_source(session)
        return [work.do(bundle, session, moment) for bundle in _claims(locks, work.bundles)]


def _wait_for_others(gathering: Gathering, work: Work[Result], announce: Listener) -> None:
    announce(notice("the other workers have begun, and nobody can enter their snapshot any more: waiting for them"))
    while gathering.others_read():
        time.sleep(_POLL_SECONDS)
    if not work.complete():
        raise SnapshotError(
            "the last worker in the snapshot has ended and left work; what was read is thrown away when all workers "
            "are tried again, in a new snapshot"
        )


def _claims(locks: NamedLocks, bundles: int) -> Iterator[int]:
    """Bundles that nobody else has, each while this worker has it; ends when all are done.

    A bundle's first lock says that somebody has it, the second that it is done. When a worker ends, its locks go, and
    whoever is left looks again at what it had.
    """
    left = list(range(bundles))
    pauses = growing_pauses(_FIRST_POLL_SECONDS, _POLL_SECONDS)
    while left:
        done = locks.used(map(_done, left))
        left = [bundle for bundle in left if _done(bundle) not in done]
        claimed = False
        for bundle in left:
            if locks.take(_claim(bundle)):
                if not locks.used([_done(bundle)]):
                    claimed = True
                    yield bundle
                    locks.take(_done(bundle))
                locks.release(_claim(bundle))
        if left and not claimed:
            time.sleep(next(pauses))


def _claim(bundle: int) -> str:
    return f"bundle:{bundle}"


def _done(bundle: int) -> str:
    return f"done:{bundle}"
