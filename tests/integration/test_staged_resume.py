"""A dump or restore that is killed goes on where it stopped, and nothing is there twice."""

from __future__ import annotations

import errno
import multiprocessing
import os
import signal
from typing import TYPE_CHECKING

import pytest

from airflow_mydump.engine.dump_directory import file_batch
from airflow_mydump.engine.dump_directory.dump_plan import DumpSettings
from airflow_mydump.engine.dump_directory.dump_record import read_done
from airflow_mydump.engine.dump_directory.storage import Storage
from airflow_mydump.engine.errors import ConfigurationError, IncompleteRunError, MydumpError
from airflow_mydump.engine.event import Event, EventKind
from airflow_mydump.engine.phases import dump as dump_module
from airflow_mydump.engine.phases.dump import dump_phase
from airflow_mydump.engine.phases.dump_plan import dump_plan
from airflow_mydump.engine.phases.finish_dump import finish_dump
from airflow_mydump.engine.phases.load import load_phase
from airflow_mydump.engine.phases.plan import schema_file
from airflow_mydump.engine.phases.schema import schema_phase
from airflow_mydump.engine.plan.settings import PlanSettings
from airflow_mydump.engine.selection.selection import Selection
from tests.integration.command_line import run_command
from tests.integration.contents import assert_same_contents
from tests.integration.pair import endpoint
from tests.integration.staged_run import StagedRun

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from airflow_mydump.engine.plan_identity import PlanIdentity
    from airflow_mydump.engine.server.endpoint import Endpoint
    from airflow_mydump.engine.workdir import WorkDirectory
    from tests.integration.pair import Pair

TABLES = 12


@pytest.fixture
def run(pair: Pair, database: str, tmp_path: Path) -> StagedRun:
    run = StagedRun.of(pair, database, tmp_path)
    for table in range(TABLES):
        run.on_source(
            f"CREATE TABLE t{table} (id INT, v VARCHAR(20){', PRIMARY KEY (id)' if table % 2 else ''})",
            f"INSERT INTO t{table} VALUES {', '.join(f'({row}, {row * table})' for row in range(200))}",
        )
    return run


@pytest.mark.parametrize("kind", [EventKind.CHUNK_STARTED, EventKind.CHUNK_DUMPED])
@pytest.mark.parametrize("number", [1, 5, TABLES])
def test_a_dump_that_was_killed_goes_on(run: StagedRun, kind: EventKind, number: int) -> None:
    source, selection = endpoint(run.pair.source), Selection((run.database,))
    plan = dump_plan(source, selection, run.settings, "test", run.storage)
    _die(_dump_until, source, run.storage, [bundle.file for bundle in plan.bundles], kind, number)
    with pytest.raises(IncompleteRunError, match="was not dumped"):
        finish_dump(source, run.storage)
    assert not (run.path / "metadata").exists()

    run.dump()

    assert not (run.path / "airflow_mydump" / "partial").exists()
    assert run.restore().rows == TABLES * 200
    assert_same_contents(run.pair.source, run.pair.target, run.database)


@pytest.mark.parametrize("kind", [EventKind.CHUNK_LOADED, EventKind.CHUNK_COMMITTING, EventKind.CHUNK_COMMITTED])
@pytest.mark.parametrize("number", [1, 5])
def test_a_restore_that_was_killed_goes_on(run: StagedRun, kind: EventKind, number: int) -> None:
    run.dump()
    plan = run.plan()
    target = endpoint(run.pair.target)
    _make_tables(run, plan.identity, plan.parts)
    files = [bundle.file for bundle in plan.data_bundles]
    _die(_load_until, target, run.storage, run.work, files, kind, number)

    run.load(plan)

    run.finish(plan)
    assert_same_contents(run.pair.source, run.pair.target, run.database)


def test_what_killed_writers_left_is_gone_when_the_dump_is_complete(run: StagedRun) -> None:
    source, selection = endpoint(run.pair.source), Selection((run.database,))
    dump_plan(source, selection, run.settings, "test", run.storage)
    private = run.path / "airflow_mydump"
    (folder,) = private.glob("plan-*")
    halves = [private / "partial" / "x.dat.zst.7", folder / "done" / ".partial-y"]
    for half in halves:
        half.parent.mkdir()
        half.write_bytes(b"half")
    run.dump()
    assert not any(half.exists() for half in halves)


def test_what_is_finished_is_not_dumped_again(run: StagedRun) -> None:
    source, selection = endpoint(run.pair.source), Selection((run.database,))
    plan = dump_plan(source, selection, run.settings, "test", run.storage)
    for bundle in plan.bundles:
        dump_phase(source, run.storage, bundle.file)
    events: list[Event] = []
    lost = run.file("*.t3.00000.*.dat.zst")
    lost.write_bytes(lost.read_bytes()[:-1])

    run.dump(events.append)

    assert [event.name.name for event in events if event.kind is EventKind.CHUNK_DUMPED] == ["t3"]
    assert sum(event.kind is EventKind.CHUNK_SKIPPED for event in events) == TABLES - 1


def test_a_directory_with_something_else_is_never_touched(run: StagedRun) -> None:
    run.path.mkdir()
    (run.path / "precious").write_text("x")
    source, selection = endpoint(run.pair.source), Selection((run.database,))
    for replace_existing in (False, True):
        with pytest.raises(ConfigurationError, match="no dump of this package"):
            dump_plan(source, selection, run.settings, "test", run.storage, replace_existing)
    assert [path.name for path in run.files] == ["precious"]


def test_a_dump_that_was_killed_while_it_was_planned_begins_anew(run: StagedRun) -> None:
    source, selection = endpoint(run.pair.source), Selection((run.database,))
    dump_plan(source, selection, run.settings, "test", run.storage)
    private = run.path / "airflow_mydump"
    (private / "plan.json").rename(private / ".partial-x")
    (given_up,) = private.glob("plan-*")
    run.dump()
    assert not (private / ".partial-x").exists() and not given_up.exists()
    assert run.restore().rows == TABLES * 200


def test_a_folder_of_our_name_with_something_else_is_never_touched(run: StagedRun) -> None:
    private = run.path / "airflow_mydump"
    private.mkdir(parents=True)
    (private / "cli.py").write_text("x")
    with pytest.raises(ConfigurationError, match="no dump of this package"):
        dump_plan(endpoint(run.pair.source), Selection((run.database,)), run.settings, "test", run.storage)
    assert (private / "cli.py").read_text() == "x"


def test_a_complete_dump_is_replaced_only_when_asked(run: StagedRun) -> None:
    run.dump()
    source, selection = endpoint(run.pair.source), Selection((run.database,))
    with pytest.raises(ConfigurationError, match="complete dump"):
        dump_plan(source, selection, run.settings, "test", run.storage)
    dump_plan(source, selection, run.settings, "test", run.storage, replace_existing=True)
    assert not (run.path / "metadata").exists()


def test_an_unfinished_dump_made_otherwise_is_not_taken_for_this_one(run: StagedRun) -> None:
    source, selection = endpoint(run.pair.source), Selection((run.database,))
    dump_plan(source, selection, run.settings, "test", run.storage)
    with pytest.raises(ConfigurationError, match="unfinished dump"):
        dump_plan(source, selection, DumpSettings(PlanSettings(chunk_bytes=1 << 20), mode="none"), "test", run.storage)


def test_the_command_line_dumps_and_loads(run: StagedRun, pair: Pair, tmp_path: Path) -> None:
    dumped = run_command(pair, "dump", "--schemas", run.database, "--output", run.path, "--threads", 2)
    assert dumped.returncode == 0, dumped.stderr
    again = run_command(pair, "dump", "--schemas", run.database, "--output", run.path)
    assert again.returncode == 2 and "complete dump" in again.stderr
    arguments = ("load", "--input", run.path, "--threads", 2, "--work-directory", tmp_path / "work")
    loaded = run_command(pair, *arguments, "--rename", f"{run.database}={run.database}_x")
    assert loaded.returncode == 0, loaded.stderr
    assert "complete and verified" in loaded.stdout
    assert_same_contents(pair.source, pair.target, run.database, f"{run.database}_x")
    damaged = run.file("*.t3.00000.*.dat.zst")
    damaged.write_bytes(b"x")
    broken = run_command(pair, *arguments)
    assert broken.returncode == 1 and damaged.name in broken.stderr


def test_a_row_that_changed_on_the_target_is_found(run: StagedRun, pair: Pair) -> None:
    run.dump()
    for table in ("t0", "t1"):  # without a key, and with one
        plan = run.plan()
        run.load(plan)
        with pair.target.connect(database=run.database) as connection, connection.cursor() as cursor:
            cursor.execute(f"UPDATE {table} SET v = 'changed' WHERE id = 7")
        with pytest.raises(MydumpError, match=f"{table}, all rows"):
            run.finish(plan)


def test_a_dump_in_another_file_system(run: StagedRun, pair: Pair) -> None:
    memory = _InMemory(run.pair, run.database, run.path, run.work, run.settings)
    memory.dump()
    assert "metadata" in memory.storage.sizes()
    assert memory.restore().rows == TABLES * 200
    assert_same_contents(pair.source, pair.target, run.database)


class _InMemory(StagedRun):
    @property
    def storage(self) -> Storage:
        return Storage.at(f"memory://dumps/{self.database}")


def _make_tables(run: StagedRun, identity: PlanIdentity, parts: int) -> None:
    for part in range(parts):
        schema_phase(endpoint(run.pair.target), run.work, schema_file(identity, part))


def _die(task: object, *arguments: object) -> None:
    process = multiprocessing.get_context("spawn").Process(target=task, args=arguments)  # type: ignore[arg-type]
    process.start()
    process.join(60)
    assert process.exitcode == -signal.SIGKILL
    process.close()


class _Killer:
    def __init__(self, kind: EventKind, number: int) -> None:
        self.kind, self.number, self.seen = kind, number, 0

    def __call__(self, event: Event) -> None:
        self.seen += event.kind is self.kind
        if self.seen == self.number:
            os.kill(os.getpid(), signal.SIGKILL)


def _dump_until(source: Endpoint, storage: Storage, files: list[str], kind: EventKind, number: int) -> None:
    listen = _Killer(kind, number)
    for file in files:
        dump_phase(source, storage, file, listen)


def _load_until(
    target: Endpoint, storage: Storage, work: WorkDirectory, files: list[str], kind: EventKind, number: int
) -> None:
    listen = _Killer(kind, number)
    for file in files:
        load_phase(target, storage, work, file, listen)


def test_a_disk_that_failed_once_has_recorded_nothing(run: StagedRun, monkeypatch: pytest.MonkeyPatch) -> None:
    """The system tells of what it could not write once, and the next sync succeeds."""
    source, selection = endpoint(run.pair.source), Selection((run.database,))
    plan = dump_plan(source, selection, run.settings, "test", run.storage)
    sync = file_batch._sync_file_system

    def fail(directory: int, files: Iterable[str]) -> None:
        monkeypatch.setattr(file_batch, "_sync_file_system", sync)
        raise OSError(errno.EIO, "input/output error")

    monkeypatch.setattr(dump_module, "_CHUNKS_AT_ONCE", 1)
    monkeypatch.setattr(file_batch, "_sync_file_system", fail)
    with pytest.raises(ConfigurationError, match="input/output error"):
        dump_phase(source, run.storage, plan.bundles[0].file)
    assert not read_done(run.storage, plan.plan).finished
    for bundle in plan.bundles:
        dump_phase(source, run.storage, bundle.file)
    finish_dump(source, run.storage)
    run.restore()
    assert_same_contents(run.pair.source, run.pair.target, run.database)
