"""How workers come together: what is lost before there is a snapshot costs a moment, and never a row."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import pytest

from airflow_mydump.engine.consistency.kept_session import KeptSession
from airflow_mydump.engine.consistency.named_lock import NamedLocks
from airflow_mydump.engine.errors import GivenUpError, IncompleteRunError, SnapshotError
from airflow_mydump.engine.event import ignore
from airflow_mydump.engine.phases.data import _CopyWork, snapshot_data_phase
from airflow_mydump.engine.plan.settings import PlanSettings
from airflow_mydump.engine.runs.pool import WorkerPool
from tests.integration.crew import QUICK, Crew
from tests.integration.pair import run_sql
from tests.integration.writers import Writers, make_bank, require_one_moment

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.integration.run import Run

PATIENT = replace(QUICK, gather_seconds=120)


@pytest.fixture
def bank(run: Run) -> Iterator[Run]:
    """A run over tables that writers change until its end, about to copy them."""
    make_bank(run.pair.source, run.database)
    run.on_source("CREATE TABLE other (v INT)")
    run.settings = PlanSettings(chunk_bytes=16 << 10, concurrency=3)
    run.plan()
    run.schema()
    with Writers(run.pair.source, run.database):
        yield run


@pytest.fixture
def locks(bank: Run) -> Iterator[NamedLocks]:
    """Named locks of the run's, as another worker would have them."""
    assert bank.planned
    with NamedLocks(bank.source, bank.planned.identity.plan) as locks:
        yield locks


def wait_until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_worker_of_a_command_that_is_cut_off_while_it_waits_comes_again(bank: Run, locks: NamedLocks) -> None:
    assert bank.planned
    assert locks.take("ready:2")  # so that the others have to wait
    work = partial(snapshot_data_phase, bank.source, bank.target, bank.work, bank.planned.identity, PATIENT)
    with WorkerPool(3, ignore) as pool, ThreadPoolExecutor(1) as thread:
        copying = thread.submit(pool.together, work, bank.source.patience)
        wait_until(lambda: len(locks.used(["ready:0", "ready:1"])) == 2)
        cut = locks.used(["ready:0"])["ready:0"]
        run_sql(bank.pair.source, f"KILL {cut}")
        wait_until(lambda: locks.used(["ready:0"]).get("ready:0", cut) != cut)
        locks.release("ready:2")
        moved = copying.result(60)
    assert sum(each.chunks for each in moved) == bank.planned.chunks
    bank.finish()
    assert require_one_moment(bank.pair.target, bank.database) > 0


def test_a_worker_that_slept_while_another_came_to_lead_does_not_read(
    bank: Run, locks: NamedLocks, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin, asleep, awake = KeptSession.begin, threading.Event(), threading.Event()
    led: list[int] = []

    def fall_asleep(session: KeptSession) -> None:
        begin(session)
        if not led:
            led.append(locks.used(["leader"])["leader"])
            if not asleep.is_set():
                asleep.set()
                awake.wait(30)

    # The leader begins first, and the next to begin is the one that sleeps.
    def pass_leader(session: KeptSession) -> None:
        monkeypatch.setattr(KeptSession, "begin", fall_asleep)
        begin(session)

    monkeypatch.setattr(KeptSession, "begin", pass_leader)
    with Crew(bank, workers=2) as crew:
        workers = [crew.send(number) for number in range(2)]
        assert asleep.wait(20)
        run_sql(bank.pair.source, f"KILL {led[0]}")
        wait_until(lambda: any(worker.done() for worker in workers))
        (number,) = (number for number, worker in enumerate(workers) if worker.done())
        assert isinstance(workers[number].exception(), SnapshotError)
        second = crew.send(number)
        wait_until(lambda: "go" in locks.used(["go"]))
        awake.set()
        with pytest.raises(SnapshotError, match="the worker that was to take the global lock has failed"):
            workers[1 - number].result()
        with suppress(SnapshotError):  # it may see that the other one is gone, or be about to read without it
            second.result()
        crew.all()
    bank.finish()
    assert require_one_moment(bank.pair.target, bank.database) > 0


def test_nobody_waits_for_a_worker_that_has_given_up(bank: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: _CopyWork) -> None:
        raise IncompleteRunError("other columns than planned")

    began = time.monotonic()
    with monkeypatch.context() as patch:
        patch.setattr(_CopyWork, "require_planned", refuse)
        with Crew(bank, workers=3, settings=PATIENT) as crew:
            sent = [crew.send(number) for number in range(3)]
            errors = [worker.exception() for worker in sent]
    assert time.monotonic() - began < 20
    assert sorted(type(error).__name__ for error in errors) == ["GivenUpError", "GivenUpError", "IncompleteRunError"]
    assert not any(error.retryable for error in errors if isinstance(error, GivenUpError))
    with Crew(bank, workers=3) as crew:
        crew.all()
    bank.finish()
    assert require_one_moment(bank.pair.target, bank.database) > 0


def test_a_command_tells_why_a_worker_has_given_up(bank: Run) -> None:
    assert bank.planned
    bank.on_source("ALTER TABLE other ADD COLUMN unplanned INT")
    work = partial(snapshot_data_phase, bank.source, bank.target, bank.work, bank.planned.identity, PATIENT)
    began = time.monotonic()
    with WorkerPool(3, ignore) as pool, pytest.raises(IncompleteRunError, match="other"):
        pool.together(work, bank.source.patience)
    assert time.monotonic() - began < 30
