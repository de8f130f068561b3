"""Worker processes that read together: what becomes of the others when one fails."""

from __future__ import annotations

import os
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from airflow_mydump.engine.errors import IncompleteRunError, MydumpError, WorkerLostError
from airflow_mydump.engine.event import ignore, notice
from airflow_mydump.engine.retry import Patience
from airflow_mydump.engine.runs.pool import WorkerPool

if TYPE_CHECKING:
    from airflow_mydump.engine.consistency.worker import Worker
    from airflow_mydump.engine.event import Event, Listener
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


_MANY = 20_000


def _announce_many(item: int, *, announce: Listener) -> int:
    for number in range(_MANY):
        announce(notice(f"{item} {number}"))
    return item


def test_every_event_reaches_the_listener_in_the_order_of_its_worker() -> None:
    heard: dict[str, list[int]] = {"0": [], "1": []}

    def listen(event: Event) -> None:
        worker, number = event.text.split()
        heard[worker].append(int(number))

    with WorkerPool(2, listen) as pool:
        assert pool.map(_announce_many, [0, 1]) == [0, 1]
    assert heard == {"0": [*range(_MANY)], "1": [*range(_MANY)]}


def test_a_worker_announces_while_it_works() -> None:
    heard = threading.Event()
    with WorkerPool(1, lambda event: heard.set()) as pool, ThreadPoolExecutor(1) as thread:
        working = thread.submit(pool.map, _announce_and_work, [0])
        assert heard.wait(10)
        assert not working.done()


def _announce_and_work(item: int, *, announce: Listener) -> int:
    announce(notice("a step"))
    time.sleep(2)
    return item


def test_a_listener_that_fails_keeps_no_worker_from_its_work_and_fails_the_command() -> None:
    def break_(event: Event) -> None:
        raise BrokenPipeError("nobody reads what is printed")

    with pytest.raises(BrokenPipeError, match="nobody reads"), WorkerPool(2, break_) as pool:
        assert pool.map(_announce_many, [0, 1]) == [0, 1]
