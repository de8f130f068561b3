"""Several may write the same dump, because one was taken for dead: in the end it has each chunk once, and it loads."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from airflow_mydump.engine.consistency.named_lock import NamedLocks
from airflow_mydump.engine.consistency.worker import Worker
from airflow_mydump.engine.dump_directory import chunk_dump
from airflow_mydump.engine.dump_directory.dump_plan import DumpSettings
from airflow_mydump.engine.error_number import GONE
from airflow_mydump.engine.errors import ConfigurationError, IncompleteRunError, ServerError, SnapshotError
from airflow_mydump.engine.event import EventKind
from airflow_mydump.engine.phases.dump import dump_phase, is_dumped, snapshot_dump_phase
from airflow_mydump.engine.phases.dump_plan import dump_plan
from airflow_mydump.engine.phases.finish_dump import finish_dump
from airflow_mydump.engine.plan.settings import PlanSettings
from airflow_mydump.engine.selection.selection import Selection
from tests.integration.command_line import run_command
from tests.integration.contents import assert_same_contents
from tests.integration.crew import QUICK
from tests.integration.pair import endpoint, run_sql
from tests.integration.staged_run import StagedRun

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from airflow_mydump.engine.dump_directory.dump_plan import DumpPlan
    from airflow_mydump.engine.event import Event
    from tests.integration.pair import Pair


@pytest.fixture
def run(pair: Pair, database: str, tmp_path: Path) -> StagedRun:
    """About to be dumped. The tables have no key, so that no two readings need have their rows in one order."""
    run = StagedRun.of(pair, database, tmp_path)
    for table in range(4):
        run.on_source(f"CREATE TABLE t{table} (v INT)", f"INSERT INTO t{table} VALUES (1), (2), ({table})")
    return run


def planned(run: StagedRun, mode: str, replace_existing: bool = False) -> DumpPlan:
    run.settings = DumpSettings(PlanSettings(concurrency=2), mode="none" if mode == "none" else "snapshot")
    selection = Selection((run.database,))
    return dump_plan(endpoint(run.pair.source), selection, run.settings, "test", run.storage, replace_existing)


class Held:
    """A listener that stops its thread where a chunk's rows are written and their statement is not, until let go."""

    def __init__(self) -> None:
        self.there, self._go = threading.Event(), threading.Event()

    def __call__(self, event: Event) -> None:
        if event.kind is EventKind.FILE_WRITTEN and not self.there.is_set():
            self.there.set()
            assert self._go.wait(60)

    def let_go(self) -> None:
        self._go.set()


def require_loadable(run: StagedRun) -> None:
    """All that is in the directory belongs to the dump, and it can be loaded."""
    run.restore()
    assert_same_contents(run.pair.source, run.pair.target, run.database)
    assert len(list(run.path.glob("*.dat.zst"))) == 4


def test_a_worker_that_lost_its_locks_goes_on_beside_the_one_that_has_its_bundle_now(run: StagedRun) -> None:
    plan, source, held = planned(run, "snapshot"), endpoint(run.pair.source), Held()
    dumped: list[str] = []

    def other(event: Event) -> None:
        if event.kind is EventKind.NOTICE and "reading on in this moment" in event.text:
            assert held.there.wait(60)
            with NamedLocks(source, plan.plan) as locks:
                run_sql(run.pair.source, f"KILL {locks.used(['reading:0'])['reading:0']}")
        dumped.extend([event.chunk] if event.kind is EventKind.CHUNK_DUMPED else [])
        if len(dumped) == plan.chunks:
            held.let_go()

    with ThreadPoolExecutor() as threads:
        unlucky = threads.submit(snapshot_dump_phase, source, run.storage, QUICK, Worker(0, 2), held)
        lucky = threads.submit(snapshot_dump_phase, source, run.storage, QUICK, Worker(1, 2), other)
        assert lucky.result().chunks == plan.chunks == len(set(dumped))
        with pytest.raises(SnapshotError, match="worker's locks was lost"):
            unlucky.result()
    finish_dump(source, run.storage)
    require_loadable(run)


def _finish_first(run: StagedRun, held: Held) -> None:
    finish_dump(endpoint(run.pair.source), run.storage)
    held.let_go()


def _finish_last(run: StagedRun, held: Held) -> None:
    held.let_go()


def _dump_another(run: StagedRun, held: Held) -> None:
    finish_dump(endpoint(run.pair.source), run.storage)
    run.on_source("INSERT INTO t0 VALUES (7), (8), (9)")
    plan = planned(run, "none", replace_existing=True)
    held.let_go()
    for bundle in plan.bundles:
        dump_phase(endpoint(run.pair.source), run.storage, bundle.file)


@pytest.mark.parametrize("meanwhile", [_finish_first, _finish_last, _dump_another], ids=lambda each: each.__name__[1:])
def test_a_task_that_was_taken_for_dead_goes_on_beside_its_successor(
    run: StagedRun, meanwhile: Callable[[StagedRun, Held], None]
) -> None:
    source, held = endpoint(run.pair.source), Held()
    files = [bundle.file for bundle in planned(run, "none").bundles]
    with ThreadPoolExecutor() as threads:
        dead = threads.submit(dump_phase, source, run.storage, files[0], held)
        assert held.there.wait(60)
        for file in files:
            dump_phase(source, run.storage, file)
        meanwhile(run, held)
        # It is too late, and nothing of what it was to write is there any more.
        assert isinstance(dead.exception(), ConfigurationError | None)
    finish_dump(source, run.storage)
    require_loadable(run)


@pytest.mark.parametrize("mode", ["none", "snapshot", "locked"])
def test_the_same_command_twice_at_once_makes_one_dump(pair: Pair, run: StagedRun, mode: str) -> None:
    def command() -> tuple[int, str]:
        ended = run_command(pair, "dump", "--schemas", run.database, "--output", run.path, "--threads", 2,
                            "--consistency", mode)  # fmt: skip
        return ended.returncode, ended.stderr

    with ThreadPoolExecutor() as threads:
        ended = [future.result() for future in [threads.submit(command) for _ in range(2)]]
    assert 0 in [status for status, _ in ended], ended
    # Who came when all was done means another dump.
    assert all(status == 0 or "has a complete dump in it" in said for status, said in ended), ended
    require_loadable(run)


def test_a_task_that_comes_late_leaves_no_file_of_a_try_that_failed(
    run: StagedRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = planned(run, "none")
    dump, calls = chunk_dump._dump, 0

    def fail_late(*given: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == 1:  # a twin does all the work
            monkeypatch.setattr(chunk_dump, "_dump", dump)
            for bundle in plan.bundles:
                dump_phase(endpoint(run.pair.source), run.storage, bundle.file)
            finish_dump(endpoint(run.pair.source), run.storage)
            monkeypatch.setattr(chunk_dump, "_dump", fail_late)
        if calls == 2:
            raise ServerError(GONE, "the connection was lost")
        return dump(*given)

    monkeypatch.setattr(chunk_dump, "_dump", fail_late)
    assert dump_phase(endpoint(run.pair.source), run.storage, plan.bundles[0].file).chunks == 0
    run.restore()
    assert_same_contents(run.pair.source, run.pair.target, run.database)


def test_who_finishes_a_finished_dump_removes_what_is_not_its_own(run: StagedRun) -> None:
    plan = planned(run, "none")
    source = endpoint(run.pair.source)
    for bundle in plan.bundles:
        dump_phase(source, run.storage, bundle.file)
    report = finish_dump(source, run.storage)
    there = run.storage.sizes()
    late = f"{run.database}.t0.00000.77777.sql"
    run.storage.write(late, b"-- of a task that was killed before it saw that the dump is complete")
    assert finish_dump(source, run.storage) == report
    assert run.storage.sizes() == there


def test_a_run_whose_dump_was_replaced_by_another_is_not_finished_by_it(run: StagedRun) -> None:
    plan = planned(run, "none")
    source = endpoint(run.pair.source)
    for bundle in plan.bundles:
        dump_phase(source, run.storage, bundle.file)
    for run_key, made in (("another", ""), ("test", "another")):
        with pytest.raises(IncompleteRunError, match=r"another dump, of run test begun at .* has replaced this one"):
            finish_dump(source, run.storage, run_key=run_key, plan=made)
    finish_dump(source, run.storage, run_key="test", plan=plan.plan)
    assert is_dumped(run.storage, plan)
    assert not is_dumped(run.storage, replace(plan, plan="another"))
