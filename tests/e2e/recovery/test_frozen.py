"""A task that stands still until Airflow has started it again does no harm when it wakes up."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import pytest

from airflow_mydump.engine.event import EventKind
from tests.e2e.recovery import strikes
from tests.e2e.recovery.conftest import HEARTBEAT_SECONDS
from tests.e2e.recovery.trial import MODES, Trial, await_true

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sandbox.airflow import Airflow

    from tests.e2e.dag_run import DagRun
    from tests.e2e.recovery.trial import Mode, Moments, Trio, Work

pytestmark = [pytest.mark.endurance, pytest.mark.timeout(600)]

MOMENTS: Mapping[Mode, Moments] = {"snapshot": "first", "locked": "either", "replica": "first"}

#: The steps at which the most is at stake: rows are there and not committed, files are and not recorded.
STEPS = {
    "copy": (EventKind.CHUNK_COMMITTING, EventKind.CHUNK_COMMITTED),
    "dump": (EventKind.FILE_WRITTEN, EventKind.CHUNK_STARTED),
    "restore": (EventKind.CHUNK_COMMITTING,),
}


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("step", STEPS["copy"])
def test_a_copy(airflow: Airflow, trio: Trio, mode: Mode, step: EventKind) -> None:
    wake_when_others_work(Trial(airflow, trio, "copy", mode), step)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("step", STEPS["dump"])
def test_a_dump(airflow: Airflow, trio: Trio, mode: Mode, step: EventKind) -> None:
    wake_when_others_work(Trial(airflow, trio, "dump", mode), step)


def test_a_restore(airflow: Airflow, trio: Trio) -> None:
    wake_when_others_work(Trial(airflow, trio, "restore", "none"), STEPS["restore"][0])


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("work", ["copy", "dump"])
def test_when_all_is_over(airflow: Airflow, trio: Trio, mode: Mode, work: Work) -> None:
    trial = Trial(airflow, trio, work, mode)
    with trial.struck(partial(strikes.freeze, trial), step=STEPS[work][-1]) as run:
        assert run.end() == "success"
        strikes.thaw(trial)
    trial.assert_moved(run, moments_of(trial))
    if work == "dump":
        run.clear_from("restore.load_plan")  # what the dump holds now is what it held
        trial.assert_moved(run, moments_of(trial))


def wake_when_others_work(trial: Trial, step: EventKind) -> None:
    """The frozen task wakes up as soon as its successor has begun."""
    with trial.struck(partial(strikes.freeze, trial), step=step) as run:
        await_true(lambda: started_again(trial, run), 3 * HEARTBEAT_SECONDS)
        strikes.thaw(trial)
        run.end()
    trial.assert_moved(run, moments_of(trial))


def started_again(trial: Trial, run: DagRun) -> bool:
    return any(each["try_number"] > 1 and each["start_date"] for each in run.instances(trial.phase))


def moments_of(trial: Trial) -> Moments:
    return "first" if trial.work == "restore" else MOMENTS.get(trial.mode, "either")
