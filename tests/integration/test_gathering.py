"""How workers come together: what is lost before there is a snapshot costs a moment, and never a row."""

from __future__ import annotations

import threading
import time
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import pytest

from airflow_mydump.engine.consistency import gathering, reading_together
from airflow_mydump.engine.consistency.gathering import Gathering
from airflow_mydump.engine.consistency.global_lock import GlobalLock
from airflow_mydump.engine.consistency.kept_session import KeptSession
from airflow_mydump.engine.consistency.named_lock import NamedLocks
from airflow_mydump.engine.errors import IncompleteRunError, ServerError, WorkerLostError
from airflow_mydump.engine.event import EventKind, ignore
from airflow_mydump.engine.phases.data import _CopyWork, is_loaded, snapshot_data_phase
from airflow_mydump.engine.runs.pool import WorkerPool
from airflow_mydump.engine.server.privilege import SOURCE_PRIVILEGES
from tests.integration.crew import QUICK, Crew
from tests.integration.pair import endpoint, run_sql
from tests.integration.test_bad_input import account
from tests.integration.test_snapshot import long_query
from tests.integration.writers import require_one_moment

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from airflow_mydump.engine.consistency.settings import Consistency
    from airflow_mydump.engine.event import Event
    from airflow_mydump.engine.loading.chunk_loading import Moved
    from tests.integration.run import Run

PATIENT = replace(QUICK, gather_seconds=120)


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


def kill_holder(run: Run, locks: NamedLocks, name: str) -> int:
    """End the connection that has a lock, and return its number."""
    holder = locks.used([name])[name]
    run_sql(run.pair.source, f"KILL {holder}")
    return holder


def copy_together(run: Run, pool: WorkerPool, settings: Consistency = PATIENT) -> list[Moved]:
    """What a command does in its data phase."""
    assert run.planned
    work = partial(snapshot_data_phase, run.source, run.target, run.work, run.planned.identity, settings)
    is_done = partial(is_loaded, run.target, run.planned)
    return pool.together(work, len(run.planned.data_bundles), run.source.patience, is_done)


def require_all_of_one_moment(run: Run) -> None:
    run.finish()
    assert require_one_moment(run.pair.target, run.database) > 0


def test_a_worker_of_a_command_that_is_cut_off_while_it_waits_comes_again(bank: Run, locks: NamedLocks) -> None:
    assert locks.take("ready:2")  # so that the others have to wait
    said: list[str] = []
    with WorkerPool(3, lambda event: said.append(event.text)) as pool, ThreadPoolExecutor(1) as thread:
        copying = thread.submit(copy_together, bank, pool)
        wait_until(lambda: len(locks.used(["ready:0", "ready:1"])) == 2)
        cut = kill_holder(bank, locks, "ready:0")
        wait_until(lambda: locks.used(["ready:0"]).get("ready:0", cut) != cut)
        locks.release("ready:2")
        moved = copying.result(60)
    assert bank.planned
    assert sum(each.chunks for each in moved) == bank.planned.chunks
    assert any("worker 1 of 3 comes again: the connection to the source" in text for text in said)
    require_all_of_one_moment(bank)


def test_a_worker_of_a_command_that_loses_its_snapshot_comes_again_and_the_others_do_its_work(
    bank: Run, locks: NamedLocks
) -> None:
    cut: list[int] = []

    def listen(event: Event) -> None:
        if event.kind is EventKind.CHUNK_LOADED and not cut:
            cut.append(kill_holder(bank, locks, "reading:1"))

    with WorkerPool(3, listen) as pool:
        copy_together(bank, pool)
    assert cut
    require_all_of_one_moment(bank)


def test_a_worker_that_slept_while_another_came_to_lead_does_not_read(
    bank: Run, locks: NamedLocks, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin, asleep, awake = KeptSession.begin, threading.Event(), threading.Event()

    def fall_asleep(session: KeptSession) -> None:
        begin(session)
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
        led = kill_holder(bank, locks, "leader")
        wait_until(lambda: any(worker.done() for worker in workers))
        (number,) = (number for number, worker in enumerate(workers) if worker.done())
        assert isinstance(workers[number].exception(), WorkerLostError)
        second = crew.send(number)
        wait_until(lambda: locks.used(["leader"]).get("leader", led) != led)
        awake.set()
        with pytest.raises(WorkerLostError, match="the worker that was to take the global lock has failed"):
            workers[1 - number].result()
        with pytest.raises(WorkerLostError, match="a worker was lost while the snapshot was taken"):
            second.result()
        crew.all()
    require_all_of_one_moment(bank)


def test_who_leads_when_others_are_gone_does_not_read_without_them(
    bank: Run, locks: NamedLocks, monkeypatch: pytest.MonkeyPatch
) -> None:
    wait_for_all, asleep, awake = Gathering._wait_for_all, threading.Event(), threading.Event()
    enter = GlobalLock.__enter__

    def fall_asleep(gathering: Gathering, deadline: float) -> bool:
        found = wait_for_all(gathering, deadline)
        if gathering._worker.number == 1 and not asleep.is_set():
            asleep.set()
            awake.wait(20)
        return found

    def take_a_while(lock: GlobalLock) -> GlobalLock:
        time.sleep(1)
        return enter(lock)

    monkeypatch.setattr(Gathering, "_wait_for_all", fall_asleep)
    monkeypatch.setattr(GlobalLock, "__enter__", take_a_while)
    with Crew(bank, workers=3) as crew:
        workers = [crew.send(number) for number in range(3)]
        assert asleep.wait(20)
        wait_until(lambda: "leader" in locks.used(["leader"]))
        leader = locks.used(["leader"])["leader"]
        wait_until(lambda: len(locks.used([f"waiting:{number}:{leader}" for number in (0, 2)])) == 2)
        kill_holder(bank, locks, "leader")
        wait((workers[0], workers[2]), timeout=20)
        awake.set()
        time.sleep(0.4)  # the pause before a command's next try
        later = [crew.send(number) for number in (0, 2)]
        for worker in workers:
            with pytest.raises(WorkerLostError):
                worker.result()
        later.append(crew.send(1))
        wait(later)
        crew.all()
    require_all_of_one_moment(bank)


@pytest.mark.parametrize("name", ["open", "open:"])
def test_who_follows_a_leader_that_has_done_everything_is_done(
    bank: Run, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    wait_for, ended = Gathering._wait_for, threading.Event()

    def fall_asleep(gathering: Gathering, wanted: str, leader: int) -> None:
        if wanted.startswith(name):
            ended.wait(20)
        wait_for(gathering, wanted, leader)

    monkeypatch.setattr(Gathering, "_wait_for", fall_asleep)
    with Crew(bank, workers=2) as crew:
        workers = [crew.send(number) for number in range(2)]
        done, late = wait(workers, timeout=20, return_when=FIRST_COMPLETED)
        assert (len(done), len(late)) == (1, 1)
        ended.set()
        assert [worker.result(20).chunks for worker in late] == [0]
    require_all_of_one_moment(bank)


def test_a_command_tells_why_a_worker_has_failed_and_nobody_waits_for_it(bank: Run) -> None:
    bank.on_source("ALTER TABLE other ADD COLUMN unplanned INT")
    began = time.monotonic()
    with WorkerPool(3, ignore) as pool, pytest.raises(IncompleteRunError, match="other"):
        copy_together(bank, pool)
    assert time.monotonic() - began < 30


def test_a_command_ends_at_once_when_no_worker_can_come(bank: Run) -> None:
    began = time.monotonic()
    with account(bank.pair.source, f"{', '.join(SOURCE_PRIVILEGES)} ON *.*", "PROCESS ON *.*") as login:
        bank.source = endpoint(bank.pair.source, login)
        with (
            long_query(bank, 600),
            WorkerPool(3, ignore) as pool,
            pytest.raises(ServerError, match="cannot kill the long query"),
        ):
            copy_together(bank, pool, replace(PATIENT, long_query_seconds=1, long_queries="kill"))
    assert time.monotonic() - began < 30


def test_work_of_an_earlier_moment_does_not_count_in_the_next(
    bank: Run, locks: NamedLocks, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading_together, "_POLL_SECONDS", 3)  # who has nothing to do looks up late
    monkeypatch.setattr(reading_together, "_FIRST_POLL_SECONDS", 3)
    napping = threading.Event()

    def nap(event: Event) -> None:
        if event.kind is EventKind.CHUNK_LOADED and not napping.is_set():
            napping.set()
            time.sleep(4)

    with Crew(bank, workers=3, settings=replace(PATIENT, mode="locked")) as crew:
        first = crew.send(0, lambda _: time.sleep(0.05))
        wait_until(lambda: "leader" in locks.used(["leader"]))
        others = [crew.send(1, lambda _: time.sleep(0.02)), crew.send(2, nap)]
        assert napping.wait(20)
        time.sleep(2)
        kill_holder(bank, locks, "leader")
        wait([first], timeout=20)
        again = crew.send(0)
        for worker in (first, *others):
            assert isinstance(worker.exception(30), WorkerLostError | None)
        again.result(30)
    require_all_of_one_moment(bank)


def test_a_worker_whose_snapshot_is_cut_between_two_bundles_comes_again(
    bank: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    snapshots: list[int] = []
    begin, cut = KeptSession.begin, threading.Event()

    def remember(session: KeptSession) -> None:
        begin(session)
        snapshots.append(int(session.value("SELECT CONNECTION_ID()") or 0))

    def listen(event: Event) -> None:
        if event.kind is EventKind.CHUNK_COMMITTED and not cut.is_set():
            cut.set()
            run_sql(bank.pair.source, *(f"KILL {number}" for number in snapshots))

    monkeypatch.setattr(KeptSession, "begin", remember)
    with Crew(bank, workers=1) as crew:
        with pytest.raises(WorkerLostError):
            crew.send(0, listen).result()
        crew.all()
    require_all_of_one_moment(bank)


def test_who_waits_for_others_sees_that_all_is_done(
    bank: Run, locks: NamedLocks, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gathering, "_COMPLETE_POLL_SECONDS", 0.5)
    assert bank.planned
    complete, checked = _CopyWork.complete, threading.Event()
    with Crew(bank, workers=2) as crew:
        crew.all()

        def not_yet(work: _CopyWork) -> bool:
            return checked.is_set() and complete(work)

        monkeypatch.setattr(_CopyWork, "complete", not_yet)
        waiting = crew.send(0)
        wait_until(lambda: "ready:0" in locks.used(["ready:0"]))
        checked.set()
        assert waiting.result(10).chunks == 0
    require_all_of_one_moment(bank)


def test_who_comes_with_another_number_of_workers_does_not_read_in_a_moment_that_did_not_wait_for_it(
    bank: Run, locks: NamedLocks, monkeypatch: pytest.MonkeyPatch
) -> None:
    note_tables, asleep, awake = _CopyWork.note_tables, threading.Event(), threading.Event()

    def take_a_while(work: _CopyWork, epoch: str) -> bool:
        asleep.set()
        awake.wait(30)
        return note_tables(work, epoch)

    monkeypatch.setattr(_CopyWork, "note_tables", take_a_while)
    with Crew(bank, workers=2) as two, Crew(bank, workers=3) as three:
        workers = [two.send(number, lambda _: time.sleep(0.02)) for number in range(2)]
        assert asleep.wait(20)
        leader = locks.used(["leader"])["leader"]
        other = three.send(2)
        wait_until(lambda: bool(locks.used([f"waiting:2:{leader}"])))
        awake.set()
        assert other.result(60).chunks == 0
        assert bank.planned
        assert sum(worker.result().chunks for worker in workers) == bank.planned.chunks
    require_all_of_one_moment(bank)
