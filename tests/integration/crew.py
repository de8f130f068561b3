"""Workers that copy in one snapshot together: threads of the test, or a process that dies at an exact step."""

from __future__ import annotations

import multiprocessing
import os
import signal
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import TYPE_CHECKING

from airflow_mydump.engine.consistency.settings import Consistency
from airflow_mydump.engine.consistency.worker import Worker
from airflow_mydump.engine.event import ignore
from airflow_mydump.engine.phases.data import snapshot_data_phase

if TYPE_CHECKING:
    from collections.abc import Callable
    from multiprocessing.process import BaseProcess

    from airflow_mydump.engine.event import Event, EventKind, Listener
    from airflow_mydump.engine.loading.chunk_loading import Moved
    from airflow_mydump.engine.plan_identity import PlanIdentity
    from airflow_mydump.engine.server.endpoint import Endpoint
    from airflow_mydump.engine.workdir import WorkDirectory
    from tests.integration.run import Run

QUICK = Consistency(gather_seconds=20, max_lock_seconds=5)


class Crew:
    """The workers of a run whose schema phase is over. Use as a context manager, which waits for all threads."""

    def __init__(self, run: Run, workers: int, settings: Consistency = QUICK) -> None:
        assert run.planned
        self._run, self._identity, self._workers, self._settings = run, run.planned.identity, workers, settings
        self._threads = ThreadPoolExecutor(2 * workers)

    def __enter__(self) -> Crew:
        return self

    def __exit__(self, *error: object) -> None:
        self._threads.shutdown()

    def send(self, number: int, listen: Listener = ignore) -> Future[Moved]:
        """Let a worker begin."""
        run = self._run
        return self._threads.submit(
            snapshot_data_phase, run.source, run.target, run.work, self._identity, self._settings,
            Worker(number, self._workers), listen,
        )  # fmt: skip

    def send_to_die(self, number: int, kind: EventKind, count: int) -> BaseProcess:
        """Let a worker begin in a process that kills itself at its `count`-th event of a kind."""
        run = self._run
        process = multiprocessing.get_context("spawn").Process(
            target=_die, args=(run.source, run.target, run.work, self._identity, self._settings,
                               Worker(number, self._workers), kind, count),
        )  # fmt: skip
        process.start()
        return process

    def all(self, listen: Callable[[int], Listener] = lambda _: ignore) -> list[Moved]:
        """Let all workers begin, and wait until they are done; raises one's error."""
        futures = [self.send(number, listen(number)) for number in range(self._workers)]
        wait(futures)
        return [future.result() for future in futures]


def _die(
    source: Endpoint, target: Endpoint, work: WorkDirectory, identity: PlanIdentity, settings: Consistency,
    worker: Worker, kind: EventKind, count: int,
) -> None:  # fmt: skip
    seen = 0

    def listen(event: Event) -> None:
        nonlocal seen
        seen += event.kind is kind
        if seen == count:
            os.kill(os.getpid(), signal.SIGKILL)

    snapshot_data_phase(source, target, work, identity, settings, worker, listen)
