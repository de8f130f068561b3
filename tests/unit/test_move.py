"""The page shows what is so: states, sums and failures come out of what Airflow recorded and the tasks left."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from airflow_mydump import operators
from airflow_mydump.engine.phases.report import Report, TenantReport
from airflow_mydump.operators.outline import BEGUN, OUTLINE, Outline, OutlinedTable
from airflow_mydump.operators.phase import FAILURE
from airflow_mydump.operators.progress_record import PROGRESS, Progress, SlowChunk, TableProgress
from airflow_mydump.operators.report import REPORT
from airflow_mydump.operators.xcom_value import plain
from airflow_mydump.plugin.move import _ORDER, Move, moves_of
from airflow_mydump.plugin.recorded_run import RecordedRun, RecordedTask
from airflow_mydump.plugin.run_line import run_line

START = datetime(2026, 11, 1, tzinfo=timezone.utc)
OUTLINED = Outline(
    "migration", "s", "t", "none", 2, 8, 0, 1000, 8000, (), (OutlinedTable("d.big", 900, 7000, 6, "by key"),), ()
)


def instance(task_id: str, operator: str, state: str | None, map_index: int = -1, begin: int = 0) -> RecordedTask:
    started = START + timedelta(seconds=begin) if state else None
    ended = START + timedelta(seconds=begin + 10) if state in ("success", "failed") else None
    return RecordedTask(task_id, map_index, operator, state, started, ended, 1, "label")


def moved(chunks: int, rows: int, samples: tuple[tuple[float, int, int], ...] = ()) -> Any:
    tables = (TableProgress("d.big", chunks, rows, rows * 8),)
    slow = (SlowChunk(float(chunks), "d.big", "0.1", rows, 1),)
    return plain(Progress({"chunk committed": chunks}, rows, rows * 8, samples, tables, slow))


def recorded(
    tasks: list[RecordedTask], left: Mapping[tuple[str, int, str], Any], state: str = "running"
) -> RecordedRun:
    return RecordedRun("dag", "run", state, START, None, tasks, left)


def only(run: RecordedRun) -> Move:
    (move,) = moves_of(run)
    return move


def data_tasks(*states: str | None) -> list[RecordedTask]:
    return [instance("data_phase", "DataPhaseOperator", state, number) for number, state in enumerate(states)]


def test_every_operator_has_its_place_among_the_phases() -> None:
    assert sorted(_ORDER) == operators.__all__


@pytest.mark.parametrize(
    ("states", "phase"),
    [
        (("success", "success"), "success"),
        (("success", "failed", "running"), "failed"),
        (("success", "running", None), "running"),
        (("success", None), "running"),
        (("success", "scheduled"), "running"),
        ((None, None), None),
        (("queued", "queued"), "queued"),
        (("success", "up_for_retry"), "up_for_retry"),
        (("upstream_failed",), "upstream_failed"),
    ],
)
def test_a_phase_has_the_state_that_matters_most(states: tuple[str | None, ...], phase: str | None) -> None:
    assert only(recorded(data_tasks(*states), {})).phases[0].state == phase


def test_sums_and_the_time_left_come_from_what_tasks_told() -> None:
    begin = START.timestamp()
    left = {
        ("chunk_plan", -1, OUTLINE): plain(OUTLINED),
        ("data_phase", 0, PROGRESS): moved(2, 300, ((begin, 0, 0), (begin + 30, 300, 2400))),
        ("data_phase", 1, PROGRESS): moved(1, 200, ((begin, 0, 0), (begin + 30, 200, 1600))),
    }
    tasks = [instance("chunk_plan", "ChunkPlanOperator", "success"), *data_tasks("success", "running", None)]
    move = only(recorded(tasks, left))
    assert (move.kind, move.rows, move.bytes, move.chunks) == ("migration", 500, 4000, 3)
    assert move.rate == pytest.approx(500 / 30, rel=0.01)
    assert move.remaining == pytest.approx(30, rel=0.01)
    assert [chunk.seconds for chunk in move.slowest] == [2.0, 1.0]
    assert (move.tables[0].moved, move.tables[0].verified) == (3, 0)


def test_a_chunk_that_two_workers_came_across_counts_once() -> None:
    skipped = plain(Progress({"chunk skipped": 6}, 0, 0, (), (), ()))
    left = {
        ("chunk_plan", -1, OUTLINE): plain(OUTLINED),
        ("data_phase", 0, PROGRESS): moved(6, 900),
        ("data_phase", 1, PROGRESS): skipped,
    }
    tasks = [instance("chunk_plan", "ChunkPlanOperator", "success")]
    workers = ("success", "running")
    tasks += [instance("data_phase", "SnapshotDataOperator", state, number) for number, state in enumerate(workers)]
    assert only(recorded(tasks, left)).chunks == 6
    done = [instance("data_phase", "SnapshotDataOperator", "success", number) for number in range(2)]
    assert only(recorded([tasks[0], *done], left)).chunks == OUTLINED.chunks


def test_a_table_is_verified_only_by_tasks_that_have_succeeded() -> None:
    left = {("chunk_plan", -1, OUTLINE): plain(OUTLINED)}
    tasks = [instance("chunk_plan", "ChunkPlanOperator", "success"), *data_tasks("success", "success")]
    for number, state in enumerate(("success", "failed")):
        tasks.append(instance("verify", "VerifyOperator", state, number))
        left["verify", number, PROGRESS] = moved(3, 450)
    (table,) = only(recorded(tasks, left)).tables
    assert (table.chunks, table.moved, table.verified) == (6, 6, 3)


def test_a_failure_is_shown_with_its_text() -> None:
    left = {("data_phase", 1, FAILURE): "the source went away"}
    (failure,) = only(recorded(data_tasks("success", "failed"), left)).failures
    assert (failure.task_id, failure.map_index, failure.message) == ("data_phase", 1, "the source went away")


def test_groups_of_a_dag_are_moves_of_their_own() -> None:
    tasks = [
        instance("restore.load_plan", "LoadPlanOperator", "success", begin=50),
        instance("dump.dump_plan", "DumpPlanOperator", "success"),
        instance("dump.dump_phase", "DumpPhaseOperator", "success", 0, begin=20),
    ]
    left = {("dump.dump_plan", -1, BEGUN): "dump", ("restore.load_plan", -1, BEGUN): "restore"}
    run = recorded(tasks, left)
    assert [(move.group, move.kind) for move in moves_of(run)] == [("dump", "dump"), ("restore", "restore")]
    assert [phase.name for phase in moves_of(run)[0].phases] == ["dump_plan", "dump_phase"]


def test_values_that_somebody_else_left_are_ignored() -> None:
    left = {
        ("chunk_plan", -1, OUTLINE): {"kind": "<script>"},
        ("data_phase", 0, PROGRESS): ["nonsense"],
        ("data_phase", 0, FAILURE): {"no": "text"},
    }
    tasks = [instance("chunk_plan", "ChunkPlanOperator", "success"), *data_tasks("failed")]
    move = only(recorded(tasks, left))
    assert (move.kind, move.outline, move.rows, move.failures[0].message) == (None, None, 0, "")


@pytest.mark.parametrize("differences", [(), ("d: 7 of 8 chunks verified",)])
def test_a_line_says_verified_only_if_the_report_does(differences: tuple[str, ...]) -> None:
    tenant = TenantReport("d", 2, 0, 0, 500, 4000, 5.0, not differences)
    report = Report("dag/run", "plan", "s", "t", "none", (tenant,), differences, ())
    left = {("chunk_plan", -1, OUTLINE): plain(OUTLINED), ("report", -1, REPORT): plain(report)}
    reported = [instance("report", "ReportOperator", "failed" if differences else "success")]
    line = run_line(recorded(reported, left, "success"))
    assert (line.kinds, line.tables, line.rows, line.bytes) == (("migration",), 2, 500, 4000)
    assert line.verified is not bool(differences)
    assert run_line(recorded([], {}, "running")).verified is None


def test_a_line_of_a_run_without_verification_says_neither() -> None:
    tenant = TenantReport("d", 2, 0, 0, 500, 4000, 5.0, False)
    report = Report("dag/run", "plan", "s", "t", "none", (tenant,), (), (), verify=False)
    reported = [instance("report", "ReportOperator", "success")]
    line = run_line(recorded(reported, {("report", -1, REPORT): plain(report)}, "success"))
    assert (line.rows, line.verified) == (500, None)


@pytest.mark.parametrize("state", [None, "queued", "running", "up_for_retry", "skipped", "upstream_failed", "failed"])
def test_what_was_verified_before_a_run_was_cleared_is_not_shown(state: str | None) -> None:
    tenant = TenantReport("d", 2, 0, 0, 500, 4000, 5.0, True)
    report = Report("dag/run", "plan", "s", "t", "none", (tenant,), (), ())
    run = recorded([instance("report", "ReportOperator", state)], {("report", -1, REPORT): plain(report)})
    assert (run_line(run).rows, run_line(run).verified) == (None, None)
    assert only(run).report is None
    done = recorded([instance("report", "ReportOperator", "success")], run.left)
    assert run_line(done).verified is True
    assert only(done).report == report
