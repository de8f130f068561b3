"""Worker processes of the command line, one bundle each at a time.

Processes, not threads: joining rows holds Python's interpreter lock. They are forked from one that imports what they
need while the command still plans.
"""

from __future__ import annotations

import multiprocessing
import multiprocessing.connection
import multiprocessing.forkserver
import os
import signal
from collections.abc import Callable, Collection, Iterable, Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from functools import partial
from multiprocessing.connection import Connection
from multiprocessing.context import BaseContext
from multiprocessing.queues import SimpleQueue
from threading import Thread
from typing import Protocol, TypeVar

from airflow_mydump.engine.consistency.worker import Worker
from airflow_mydump.engine.errors import MydumpError, SnapshotError, WorkerLostError
from airflow_mydump.engine.event import Event, Listener, notice
from airflow_mydump.engine.garbage_collection import collect_rarely
from airflow_mydump.engine.retry import Patience
from airflow_mydump.engine.runs.relay import Announcer, Relay

Item = TypeVar("Item", contravariant=True)
Result = TypeVar("Result", covariant=True)

_IMPORTED = [f"airflow_mydump.engine.runs.{run}" for run in ("migration", "dump", "restore", "comparison")]
"""Whose functions workers run."""

_announcer: Announcer | None = None
_failure: Connection | None = None
"""Has something to be read, which nobody does, as soon as a worker has failed: no lock, which one that is killed would
keep."""


class Task(Protocol[Item, Result]):
    """What a worker runs for one item; it must survive pickling, so a module's function or a partial of one."""

    def __call__(self, item: Item, /, *, announce: Listener) -> Result:
        """Do the item's work, announcing each step."""


class WorkerPool:
    """A fixed number of worker processes whose events reach one listener in this process.

    Use as a context manager. Workers end when this process ends, however it ends.
    """

    def __init__(self, workers: int, listener: Listener) -> None:
        context = _nursery()
        self._workers, self._listener = workers, listener
        self._relay = Relay(context, listener)
        failure, self._failing = context.Pipe(duplex=False)
        self._executor = ProcessPoolExecutor(workers, context, _become_worker, (self._relay.events, failure))

    def __enter__(self) -> WorkerPool:
        self._relay.begin()
        return self

    def __exit__(self, kind: type[BaseException] | None, *error: object) -> None:
        if kind is not None and not issubclass(kind, Exception):
            # Ctrl-C and the like: a worker may have hours to go. What it has not committed, its servers roll back.
            for process in list((self._executor._processes or {}).values()):
                process.terminate()
        self._executor.shutdown(cancel_futures=True)
        self._relay.end()

    def map(self, task: Task[Item, Result], items: Iterable[Item]) -> list[Result]:
        """Run the task for every item, some at once; results come in the items' order.

        At the first error no further item is begun, those under way are finished, and an error is raised: a cause, if
        there is one beside what others say of it. Raises MydumpError if a worker process died.
        """
        futures = self._begin(task, items)
        first, waiting = wait(futures, return_when=FIRST_EXCEPTION)
        for future in waiting:
            future.cancel()
        wait(waiting)
        if errors := _errors(futures, first):
            raise _cause(errors)
        return [future.result() for future in futures]

    def together(
        self, task: Task[Worker, Result], bundles: int, patience: Patience, is_done: Callable[[], bool]
    ) -> list[Result]:
        """Run the task for all workers of a run that read in one moment of the source, all at once; each returns when
        all is done, by whomever. There are no more of them than bundles. Once in the life of a pool.

        A worker that lost its connection is tried again, as a task is by Airflow. When one has failed for good, nobody
        waits for it any more, and those that read do its work. Then ``is_done`` tells whether they have done all of it;
        if not, or if nobody knows, an error is raised: a cause, if there is one beside what others say of it.
        """
        workers = min(self._workers, bundles)
        crew = [Worker(number, workers, is_left_alone=_is_left_alone) for number in range(workers)]
        futures = self._begin(partial(_work_together, task, patience), crew)
        try:
            first, _ = wait(futures, return_when=FIRST_EXCEPTION)
        finally:
            self._failing.send_bytes(b"one has failed, or all are done, or nobody waits for them")
        wait(futures)
        errors = _errors(futures, first)
        if errors and not (all(isinstance(error, MydumpError) for error in errors) and _is_known(is_done)):
            raise _cause(errors)
        for error in errors:
            self._listener(notice(f"a worker has failed, and others did its work: {error}"))
        return [future.result() for future in futures if not future.exception()]

    def _begin(self, task: Task[Item, Result], items: Iterable[Item]) -> list[Future[Result]]:
        try:
            return [self._executor.submit(_run, task, item) for item in items]
        except BrokenProcessPool as error:
            raise _died(error) from error


def _is_known(is_done: Callable[[], bool]) -> bool:
    with suppress(MydumpError):
        return is_done()
    return False


def _errors(futures: Sequence[Future[Result]], first: Collection[Future[Result]]) -> list[BaseException]:
    """What they raised; of those that ended ``first``, first."""
    in_turn = sorted(futures, key=lambda future: future not in first)
    return [error for future in in_turn if not future.cancelled() and (error := future.exception())]


def _cause(errors: Sequence[BaseException]) -> BaseException:
    # Of workers that read together, all fail when one does, and say only that it has.
    error = min(errors, key=lambda error: (isinstance(error, WorkerLostError), isinstance(error, SnapshotError)))
    return error if isinstance(error, MydumpError) else _died(error)


def _nursery() -> BaseContext:
    """Where workers come from: a process that begins now to import what they need."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(_IMPORTED)
    multiprocessing.forkserver.ensure_running()
    return context


def _died(error: BaseException) -> BaseException:
    if isinstance(error, multiprocessing.ProcessError | BrokenProcessPool):
        return MydumpError("a worker process was killed; run again to go on")
    return error


def _run(task: Callable[..., Result], item: object) -> Result:
    assert _announcer is not None
    try:
        return task(item, announce=_announcer.announce)
    finally:
        _announcer.send()


def _work_together(task: Task[Worker, Result], patience: Patience, worker: Worker, *, announce: Listener) -> Result:
    for attempt in range(1, patience.attempts):
        try:
            return task(worker, announce=announce)
        except WorkerLostError as error:
            if _is_left_alone(patience.pause(attempt)):
                raise
            announce(notice(f"worker {worker.number + 1} of {worker.workers} comes again: {error}"))
    return task(worker, announce=announce)


def _is_left_alone(seconds: float = 0) -> bool:
    """Whether another worker has failed, waiting for that so long."""
    assert _failure is not None
    return _failure.poll(seconds)


def _become_worker(events: SimpleQueue[Sequence[Event]], failure: Connection) -> None:
    global _announcer, _failure
    _announcer, _failure = Announcer(events), failure
    collect_rarely()
    # Ctrl-C reaches the whole process group; the parent decides what becomes of the workers.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None
    multiprocessing.connection.wait([parent.sentinel])
    os._exit(1)
