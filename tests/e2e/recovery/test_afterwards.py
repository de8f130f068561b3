"""A run that has succeeded may be cleared, whole or in parts: it is as right afterwards as it was."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.e2e.dag_run import DagRun
from tests.e2e.recovery import orders
from tests.e2e.recovery.trial import MODES, Trial, Trio
from tests.integration.contents import everything
from tests.integration.pair import run_sql

if TYPE_CHECKING:
    from collections.abc import Callable

    from sandbox.airflow import Airflow

    from tests.e2e.recovery.trial import Mode

pytestmark = pytest.mark.endurance


@pytest.mark.parametrize("mode", MODES)
def test_a_copy(airflow: Airflow, trio: Trio, mode: Mode) -> None:
    trial = Trial(airflow, trio, "copy", mode)
    run = done(trial)
    orders.change(trio.primary)  # it stays as it was until the plan is made anew
    clearings: list[Callable[[], None]] = [
        lambda: run.clear("data_phase", 1),
        lambda: airflow.api.clear_task(run.dag_id, run.run_id, "data_phase"),
        lambda: run.clear_from("schema_phase"),
        lambda: airflow.api.clear_task(run.dag_id, run.run_id, "verify"),
    ]
    for clear in clearings:
        clear()
        trial.assert_moved(run, "first")
    plan = run.report()["plan"]
    run.clear_from("chunk_plan")
    trial.assert_moved(run, "later")
    assert run.report()["plan"] != plan
    run.clear_all()
    trial.assert_moved(run, "later")


def test_a_plan_that_was_made_anew_and_not_carried_out_is_no_success(airflow: Airflow, trio: Trio) -> None:
    trial = Trial(airflow, trio, "copy", "snapshot")
    run = done(trial)
    airflow.api.clear_task(run.dag_id, run.run_id, "chunk_plan")
    assert run.end() == "success"  # nothing else was asked for
    airflow.api.clear_task(run.dag_id, run.run_id, "report")
    assert run.end() == "failed"
    assert "0 of 3 tables" in run.log("report", 2)
    run.clear_from("schema_phase")
    trial.assert_moved(run, "first")


@pytest.mark.parametrize("mode", MODES)
def test_every_task_of_a_copy_is_killed_when_it_is_done(airflow: Airflow, trio: Trio, mode: Mode) -> None:
    trial = Trial(airflow, trio, "copy", mode)
    trial.prepare()
    run = DagRun.triggered(airflow, f"dying_{mode}_{trio.target.flavor}")
    trial.assert_moved(run, "first")
    # Airflow itself sets the task that guards a replica to success, before or after it has begun.
    assert {task for task, tries in run.tries().items() if tries != 2} <= {"guard_applier"}


@pytest.mark.parametrize("mode", MODES)
def test_a_dump_and_its_restore(airflow: Airflow, trio: Trio, mode: Mode) -> None:
    trial = Trial(airflow, trio, "restore", mode)
    run = done(trial)
    orders.change(trio.primary)
    for task in ("dump.dump_phase", "dump.finish_dump", "restore.load_phase"):
        airflow.api.clear_task(run.dag_id, run.run_id, task)
        trial.assert_moved(run, "first")
    run_sql(trio.target, f"DELETE FROM {orders.DATABASE}.with_key WHERE id = 5")
    run.clear_from("restore.load_plan")
    trial.assert_moved(run, "first")


def test_a_dump_that_is_complete_is_not_made_again(airflow: Airflow, trio: Trio) -> None:
    trial = Trial(airflow, trio, "restore", "snapshot")
    run = done(trial)
    before = everything(trio.target)
    run.clear_all()
    assert run.end() == "failed"
    assert run.states()["dump.dump_plan"] == {"failed"}
    assert "has a complete dump in it" in run.log("dump.dump_plan", 2)
    assert everything(trio.target) == before
    trial.assert_nothing_left()


def done(trial: Trial) -> DagRun:
    """A run that nothing has happened to."""
    trial.prepare()
    run = DagRun.triggered(trial.airflow, trial.dag_id)
    trial.assert_moved(run, "first")
    return run
