"""Worker processes that read together: what becomes of the others when one fails."""

from __future__ import annotations

import os
import signal
import time
from typing import TYPE_CHECKING

import pytest

from airflow_mydump.engine.errors import IncompleteRunError, MydumpError, WorkerLostError
from airflow_mydump.engine.event import ignore
from airflow_mydump.engine.retry import Patience
from airflow_mydump.engine.runs.pool import WorkerPool

if TYPE_CHECKING:
    from airflow_mydump.engine.consistency.worker import Worker
    from airflow_mydump.engine.event import Listener
    from airflow_mydump.engine.runs.pool import Task


def _kill_itself(worker: Worker, *, announce: Listener) -> int:
    if worker.number:
        time.sleep(0.5)
        os.kill(os.getpid(), signal.SIGKILL)
    return worker.number


def _break(worker: Worker, *, announce: Listener) -> int:
    if worker.number:
        raise KeyError(worker.number)
    return worker.number


def _fail_or_wait(worker: Worker, *, announce: Listener) -> int:
    if worker.number:
        raise IncompleteRunError("the cause")
    while not worker.is_left_alone():
        time.sleep(0.01)
    raise WorkerLostError("another worker has failed")


def _lose(worker: Worker, *, announce: Listener) -> int:
    raise WorkerLostError(f"lost by {worker.number}")


@pytest.mark.parametrize(
    ("task", "error", "text"),
    [
        (_kill_itself, MydumpError, "a worker process was killed"),
        (_break, KeyError, "1"),
        (_fail_or_wait, IncompleteRunError, "the cause"),
        (_lose, WorkerLostError, "lost by"),
    ],
)
def test_a_worker_that_ends_otherwise_fails_the_command_with_its_own_error(
    task: Task[Worker, int], error: type[Exception], text: str
) -> None:
    with WorkerPool(2, ignore) as pool, pytest.raises(error, match=text):
        pool.together(task, 2, Patience(3, 0.1, 0.1), lambda: task in (_kill_itself, _break))


def test_others_do_the_work_of_one_that_has_failed() -> None:
    said: list[str] = []
    with WorkerPool(3, lambda event: said.append(event.text)) as pool:
        assert pool.together(_fail_or_return, 2, Patience(), lambda: True) == [0]
        with pytest.raises(IncompleteRunError, match="the cause"):
            pool.together(_fail_or_return, 2, Patience(), lambda: False)
        assert pool.together(_fail_or_return, 0, Patience(), lambda: False) == []
    assert said == ["a worker has failed, and others did its work: the cause"]


def _fail_or_return(worker: Worker, *, announce: Listener) -> int:
    if worker.number:
        raise IncompleteRunError("the cause")
    return worker.number
