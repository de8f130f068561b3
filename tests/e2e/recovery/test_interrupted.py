"""Whatever happens to tasks, schedulers and servers in the middle of the data, the run ends with every row once."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import pytest

from tests.e2e.recovery import strikes
from tests.e2e.recovery.trial import MODES, Trial

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sandbox.airflow import Airflow

    from tests.e2e.recovery.trial import Mode, Moments, Trio

pytestmark = pytest.mark.endurance

#: What happens, and of which moment the rows are afterwards; "first" is the one from before it happened.
EVENTS: Mapping[Callable[..., None], Mapping[Mode, Moments]] = {
    strikes.kill: {"snapshot": "first", "locked": "either", "replica": "first"},
    strikes.terminate: {"snapshot": "first", "locked": "either", "replica": "first"},
    strikes.clear_one: {"snapshot": "first", "locked": "either", "replica": "first"},
    strikes.clear_phase: {"snapshot": "later", "locked": "later", "replica": "first"},
    # a new plan, but the replica still stands where it stood
    strikes.clear_run: {"snapshot": "later", "locked": "later", "replica": "first"},
    strikes.lose_scheduler_with_tasks: {"snapshot": "later", "locked": "later", "replica": "first"},
    strikes.lose_scheduler: {"snapshot": "later", "locked": "later", "replica": "first"},
    strikes.lose_api_server: {"snapshot": "either", "locked": "either", "replica": "first"},
    strikes.crash_target: {"snapshot": "either", "locked": "either", "replica": "first"},
    strikes.crash_source: {"snapshot": "later", "locked": "either", "replica": "later"},
}


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.__name__)
def test_a_copy(airflow: Airflow, trio: Trio, mode: Mode, event: Callable[..., None]) -> None:
    go_through(Trial(airflow, trio, "copy", mode), event)


@pytest.mark.parametrize("mode", MODES)
def test_a_copy_whose_target_is_away_for_longer_than_a_try(airflow: Airflow, trio: Trio, mode: Mode) -> None:
    trial = Trial(airflow, trio, "copy", mode, "impatient")
    with trial.struck(partial(strikes.crash_target, trial)) as run:
        run.end()
    assert max(each["try_number"] for each in run.instances(trial.phase)) > 1
    trial.assert_moved(run, "first" if mode == "replica" else "later")


@pytest.mark.parametrize("mode", MODES)
def test_a_copy_whose_tasks_take_longer_than_they_may(airflow: Airflow, trio: Trio, mode: Mode) -> None:
    trial = Trial(airflow, trio, "copy", mode, "hasty")
    with trial.struck(partial(strikes.outlast, trial)) as run:
        run.end()
    trial.assert_moved(run, "first" if mode == "replica" else "either")


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.__name__)
def test_a_dump(airflow: Airflow, trio: Trio, mode: Mode, event: Callable[..., None]) -> None:
    if event is not strikes.crash_target:
        go_through(Trial(airflow, trio, "dump", mode), event)


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.__name__)
def test_a_restore(airflow: Airflow, trio: Trio, event: Callable[..., None]) -> None:
    if event not in (strikes.crash_source, strikes.clear_run):
        go_through(Trial(airflow, trio, "restore", "none"), event)


def go_through(trial: Trial, event: Callable[..., None]) -> None:
    with trial.struck(partial(event, trial)) as run:
        state = run.end()
    if event is strikes.crash_source and trial.mode == "replica":
        # Its applier runs again: it is to be paused anew, and the task that does so has succeeded.
        assert state == "failed"
        assert "all begin anew" in run.log(trial.phase, 3, 0)
        trial.assert_nothing_left()
        run.clear_from(trial.phase)
    trial.assert_moved(run, "first" if trial.work == "restore" else EVENTS[event].get(trial.mode, "either"))
