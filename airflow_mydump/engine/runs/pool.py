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
from collections.abc import Callable, Iterable
from concurrent.futures import FIRST_EXCEPTION, ProcessPoolExecutor, wait
from dataclasses import replace
from multiprocessing.context import BaseContext
from multiprocessing.queues import SimpleQueue
from threading import Thread
from typing import Protocol, TypeVar

from airflow_mydump.engine.consistency.worker import Worker, crew
from airflow_mydump.engine.errors import GivenUpError, MydumpError, SnapshotError
from airflow_mydump.engine.event import Event, Listener
from airflow_mydump.engine.retry import Patience, again, is_transient

Item = TypeVar("Item", contravariant=True)
Result = TypeVar("Result", covariant=True)

_IMPORTED = [f"airflow_mydump.engine.runs.{run}" for run in ("migration", "dump", "restore", "comparison")]
"""Whose functions workers run."""

_LAST_EVENTS_SECONDS = 5.0
_TRIES_TOGETHER = 3

_events: SimpleQueue[Event | None] | None = None


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
        self._workers = workers
        self._events: SimpleQueue[Event | None] = context.SimpleQueue()
        self._executor = ProcessPoolExecutor(workers, context, _become_worker, (self._events,))
        self._relay = Thread(target=_relay, args=(self._events, listener), daemon=True)

    def __enter__(self) -> WorkerPool:
        self._relay.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._executor.shutdown(cancel_futures=True)
        # In a thread, and without waiting for ever: a worker that was killed while it announced keeps the queue locked.
        ending = Thread(target=self._events.put, args=(None,), daemon=True)
        ending.start()
        self._relay.join(_LAST_EVENTS_SECONDS)
        # A thread that still holds the queue when Python ends makes it complain about a leaked semaphore.
        ending.join(_LAST_EVENTS_SECONDS)

    def map(self, task: Task[Item, Result], items: Iterable[Item]) -> list[Result]:
        """Run the task for every item, some at once; results come in the items' order.

        At the first error no further item is begun, those under way are finished, and an error is raised: a cause, if
        there is one beside what others say of it. Raises MydumpError if a worker process died.
        """
        futures = [self._executor.submit(_run, task, item) for item in items]
        _, waiting = wait(futures, return_when=FIRST_EXCEPTION)
        for future in waiting:
            future.cancel()
        wait(waiting)
        errors = [error for future in futures if not future.cancelled() and (error := future.exception())]
        if errors:
            # Of workers that read together, all fail when one does, and say only that it has.
            error = min(errors, key=lambda error: isinstance(error, SnapshotError | GivenUpError))
            raise error if isinstance(error, MydumpError) else _died(error)
        return [future.result() for future in futures]

    def together(self, task: Task[Worker, Result], patience: Patience) -> list[Result]:
        """As `map`, for all workers of a run that read in one moment of the source, all at once.

        One that loses it, or never was in it, is tried again, as a task is by Airflow: the others wait for it, or it
        for them. Rarely, because each try may hold up the source's writers.
        """
        rarely = replace(patience, attempts=min(patience.attempts, _TRIES_TOGETHER))
        return self.map(again(task, rarely, _may_join_again), crew(self._workers))


def _may_join_again(error: BaseException) -> bool:
    return isinstance(error, SnapshotError) or is_transient(error)


def _nursery() -> BaseContext:
    """Where workers come from: a process that begins now to import what they need."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(_IMPORTED)
    multiprocessing.forkserver.ensure_running()
    return context


def _died(error: BaseException) -> BaseException:
    if isinstance(error, multiprocessing.ProcessError) or type(error).__name__ == "BrokenProcessPool":
        return MydumpError("a worker process was killed; run again to go on")
    return error


def _run(task: Callable[..., Result], item: object) -> Result:
    assert _events is not None
    return task(item, announce=_events.put)


def _relay(events: SimpleQueue[Event | None], listener: Listener) -> None:
    while (event := events.get()) is not None:
        listener(event)


def _become_worker(events: SimpleQueue[Event | None]) -> None:
    global _events
    _events = events
    # Ctrl-C reaches the whole process group; the parent decides what becomes of the workers.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None
    multiprocessing.connection.wait([parent.sentinel])
    os._exit(1)
