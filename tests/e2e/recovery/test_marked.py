"""A task that somebody marks as done is not: the run is red until the work is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.e2e.recovery import strikes
from tests.e2e.recovery.trial import MODES, Trial, Trio, await_true, gone

if TYPE_CHECKING:
    from sandbox.airflow import Airflow

    from tests.e2e.dag_run import DagRun
    from tests.e2e.recovery.trial import Mode
    from tests.faults.step_gate import Step

pytestmark = pytest.mark.endurance


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("state", ["success", "failed"])
def test_all_mapped_tasks_of_a_copy(airflow: Airflow, trio: Trio, mode: Mode, state: str) -> None:
    trial = Trial(airflow, trio, "copy", mode)

    def mark(run: DagRun, step: Step) -> None:
        for each in run.instances(trial.phase):
            run.mark(trial.phase, each["map_index"], state)
        await_true(lambda: gone(step.process), 20)

    with trial.struck(mark) as run:
        assert run.end() == "failed", run.states()
    assert "chunks" in run.log("report")
    trial.assert_nothing_left()
    run.clear_from("schema_phase")
    trial.assert_moved(run, "either")


def test_one_of_several_tasks(airflow: Airflow, trio: Trio) -> None:
    trial = Trial(airflow, trio, "copy", "none")

    def mark(run: DagRun, step: Step) -> None:
        run.mark(trial.phase, strikes.map_index_of(trial, run, step), "success")
        await_true(lambda: gone(step.process), 20)

    with trial.struck(mark) as run:
        assert run.end() == "failed", run.states()
    run.clear_from("data_phase")
    trial.assert_moved(run, "either")
