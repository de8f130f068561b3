"""A backfill over runs that are there does with each what its reprocess behaviour says, and every result is right."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import pytest

from tests.e2e.dag_run import DagRun
from tests.e2e.recovery import orders
from tests.e2e.recovery.trial import Trial, Trio, await_true

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sandbox.airflow import Airflow
    from sandbox.server import Flavor

    from tests.faults.step_gate import Step

pytestmark = [pytest.mark.endurance, pytest.mark.timeout(600)]

Behavior = Literal["none", "failed", "completed"]

DAYS = ("2026-01-01", "2026-01-02")


@pytest.fixture
def trial(airflow: Airflow, trios: Mapping[Flavor, Trio]) -> Trial:
    if "mariadb" not in trios:
        pytest.skip("mariadb is not installed, or not in MYDUMP_TEST_FLAVORS")
    trial = Trial(airflow, trios["mariadb"], "copy", "snapshot")
    trial.prepare()
    return trial


def backfill(trial: Trial, dag_id: str, behavior: Behavior) -> list[DagRun]:
    """The runs of the days, when the backfill has nothing to do any more."""
    airflow = trial.airflow
    airflow.await_dag(dag_id)
    airflow.api.unpause(dag_id)
    airflow.command(
        "backfill", "create", "--dag-id", dag_id, "--from-date", DAYS[0], "--to-date", DAYS[-1],
        "--reprocess-behavior", behavior, "--max-active-runs", "1",
    )  # fmt: skip
    await_true(lambda: all_over(airflow, dag_id), 240)
    return [DagRun(airflow, dag_id, run_id) for run_id in sorted(airflow.api.runs(dag_id))]


def all_over(airflow: Airflow, dag_id: str) -> bool:
    """Airflow takes a while to see that a backfill is, and refuses another before."""
    backfills = airflow.api.request("GET", "/backfills", parameters={"dag_id": dag_id})["backfills"]
    return all(each["completed_at"] for each in backfills)


def test_copies(trial: Trial) -> None:
    first, second = runs = backfill(trial, "past_copy", "none")
    trial.assert_moved(second, "first")
    plans = [run.report()["plan"] for run in runs]

    orders.change(trial.trio.primary)
    behaviors: tuple[Behavior, ...] = ("none", "failed")
    for behavior in behaviors:
        assert backfill(trial, "past_copy", behavior) == runs
        assert [run.report()["plan"] for run in runs] == plans, "a run that has succeeded is left alone"

    trial.airflow.api.request("PATCH", f"/dags/past_copy/dagRuns/{first.run_id}", {"state": "failed"})
    assert backfill(trial, "past_copy", "failed") == runs
    assert first.report()["plan"] != plans[0]
    assert second.report()["plan"] == plans[1]
    trial.assert_moved(first, "later")

    plans = [run.report()["plan"] for run in runs]
    assert backfill(trial, "past_copy", "completed") == runs
    assert all(run.report()["plan"] != plan for run, plan in zip(runs, plans, strict=True))
    trial.assert_moved(second, "later")


def test_a_run_that_is_under_way_is_left_alone(trial: Trial) -> None:
    run, _ = backfill(trial, "past_copy", "none")
    tries: dict[str, int] = {}

    def cleared() -> DagRun:
        run.clear_all()
        return run

    def reprocess(_: DagRun, __: Step) -> None:
        trial.airflow.command(
            "backfill", "create", "--dag-id", "past_copy", "--from-date", DAYS[0], "--to-date", DAYS[0],
            "--reprocess-behavior", "completed",
        )  # fmt: skip
        tries.update(run.tries())

    with trial.struck(reprocess, begin=cleared):
        assert run.end() == "success"
    begun = ("preflight", "chunk_plan", "schema_phase", "data_phase")
    assert [run.tries()[task] for task in begun] == [tries[task] for task in begun]
    trial.assert_moved(run, "first")


def test_dumps(trial: Trial) -> None:
    runs = backfill(trial, "past_dump", "none")
    assert [run.end() for run in runs] == ["success", "success"]
    # what the directory of a day holds is of that day, and today's rows must not take its place
    assert [run.end() for run in backfill(trial, "past_dump", "completed")] == ["failed", "failed"]
    assert "has a complete dump in it" in runs[0].log("dump_plan", 2)
