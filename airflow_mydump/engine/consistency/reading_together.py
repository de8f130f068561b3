"""Workers that read bundles in one snapshot and share them: each is read once, and those of a worker that died by the
others, because nobody else can enter the snapshot any more."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Protocol, TypeVar

from airflow_mydump.engine.consistency.gathering import Gathering, Logbook
from airflow_mydump.engine.consistency.kept_session import KeptSession
from airflow_mydump.engine.consistency.moment import Moment
from airflow_mydump.engine.consistency.named_lock import NamedLocks
from airflow_mydump.engine.consistency.settings import Consistency
from airflow_mydump.engine.consistency.worker import Worker
from airflow_mydump.engine.endpoint import Endpoint
from airflow_mydump.engine.errors import SnapshotError
from airflow_mydump.engine.event import Event, EventKind, Listener
from airflow_mydump.engine.identifier import TableName

_POLL_SECONDS = 0.5

Result = TypeVar("Result", covariant=True)


class Work(Logbook, Protocol[Result]):
    """What is to be done for the bundles of a run, which are numbered from 0."""

    @property
    def bundles(self) -> int:
        """How many there are."""

    def complete(self) -> bool:
        """Whether everything is done, in the moment that is noted."""

    def do(self, bundle: int, session: KeptSession, moment: Moment) -> Result:
        """Do what is not done yet of a bundle, in the session's snapshot."""


def read_together(
    source: Endpoint, run: str, worker: Worker, settings: Consistency, work: Work[Result], announce: Listener
) -> list[Result]:
    """Do one worker's share of the work, all workers in one snapshot; returns when all of it is done, by whomever.

    A worker that comes too late for the snapshot does nothing but wait for the others. Raises SnapshotError if a
    snapshot cannot be taken, is lost to this worker, or ended with work left; another try of all workers then begins
    anew. Raises what the work raises.
    """
    workers = min(worker.workers, work.bundles)
    if worker.number >= workers or work.complete():
        return []
    with NamedLocks(source, run) as locks, KeptSession(source) as session:
        gathering = Gathering(source, locks, Worker(worker.number, workers), settings, work)
        moment = gathering.join(session)
        if moment is None:
            _wait_for_others(gathering, work, announce)
            return []
        announce(_notice(f"reading on in this moment of the source: {moment}"))
        return [work.do(bundle, session, moment) for bundle in _claims(locks, work.bundles)]


def _wait_for_others(gathering: Gathering, work: Work[Result], announce: Listener) -> None:
    announce(_notice("the other workers have begun, and nobody can enter their snapshot any more: waiting for them"))
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
            time.sleep(_POLL_SECONDS)


def _claim(bundle: int) -> str:
    return f"bundle:{bundle}"


def _done(bundle: int) -> str:
    return f"done:{bundle}"


def _notice(text: str) -> Event:
    return Event(EventKind.NOTICE, TableName("", ""), text=text)
