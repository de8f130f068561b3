"""What happens to a run: each takes the run and the step at which a task of its data phase waits."""

from __future__ import annotations

import os
import signal
import time
from typing import TYPE_CHECKING

from tests.e2e.recovery.trial import await_true, gone, parent_of

if TYPE_CHECKING:
    from sandbox.server import Server

    from tests.e2e.dag_run import DagRun
    from tests.e2e.recovery.trial import Trial
    from tests.faults.step_gate import Step

AWAY_SECONDS = 22.0


def kill(trial: Trial, run: DagRun, step: Step) -> None:
    """The task's process is killed, as for want of memory."""
    os.kill(step.process, signal.SIGKILL)
    await_true(lambda: gone(step.process), 10)


def terminate(trial: Trial, run: DagRun, step: Step) -> None:
    """The task is told to end, as where a pod is evicted."""
    os.kill(parent_of(step.process), signal.SIGTERM)
    os.kill(step.process, signal.SIGTERM)


def clear_one(trial: Trial, run: DagRun, step: Step) -> None:
    """The mapped task is cleared while others run."""
    run.clear(trial.phase, map_index_of(trial, run, step))
    await_true(lambda: gone(step.process), 20)


def clear_phase(trial: Trial, run: DagRun, step: Step) -> None:
    """All mapped tasks of the phase are cleared."""
    run.airflow.api.clear_task(run.dag_id, run.run_id, trial.phase)
    await_true(lambda: gone(step.process), 20)


def clear_run(trial: Trial, run: DagRun, step: Step) -> None:
    """The whole DAG run is cleared."""
    run.clear_all()
    await_true(lambda: gone(step.process), 20)


def lose_scheduler_with_tasks(trial: Trial, run: DagRun, step: Step) -> None:
    """The machine with the scheduler and its tasks is gone, and another takes over."""
    run.airflow.kill("scheduler")
    run.airflow.start_again("scheduler")


def lose_scheduler(trial: Trial, run: DagRun, step: Step) -> None:
    """The scheduler is killed, its tasks go on; the next one takes them for dead, and starts them again."""
    run.airflow.kill_alone("scheduler")
    run.airflow.start_again("scheduler")
    await_true(lambda: gone(step.process), 60)


def lose_api_server(trial: Trial, run: DagRun, step: Step) -> None:
    """Airflow's API server is away for a while: nobody hears of the tasks."""
    run.airflow.kill("api-server")
    time.sleep(10)
    run.airflow.start_again("api-server")
    await_true(run.airflow.healthy, 60)


def freeze(trial: Trial, run: DagRun, step: Step) -> None:
    """The task and who supervises it stand still."""
    for pid in (parent_of(step.process), step.process):
        os.kill(pid, signal.SIGSTOP)
    trial.frozen = step.process


def thaw(trial: Trial) -> None:
    """They wake up, the task some seconds before anybody can tell it that it has been given up."""
    supervisor = parent_of(trial.frozen)
    os.kill(trial.frozen, signal.SIGCONT)
    time.sleep(4)
    os.kill(supervisor, signal.SIGCONT)
    await_true(lambda: gone(trial.frozen), 60)


def crash_target(trial: Trial, run: DagRun, step: Step) -> None:
    """The target is killed, and away for longer than a chunk is tried again."""
    _crash(trial, trial.trio.target, AWAY_SECONDS)


def crash_source(trial: Trial, run: DagRun, step: Step) -> None:
    """The source is killed, and there again at once."""
    _crash(trial, trial.source, 0)


def _crash(trial: Trial, server: Server, seconds: float) -> None:
    server.kill()

    def come_back() -> None:
        time.sleep(seconds)
        server.start()

    trial.meanwhile(come_back)


def outlast(trial: Trial, run: DagRun, step: Step) -> None:
    """The task takes longer than it may."""
    await_true(lambda: gone(step.process), 60)


def map_index_of(trial: Trial, run: DagRun, step: Step) -> int:
    """Which of the mapped tasks is at a step."""
    (index,) = (each["map_index"] for each in run.instances(trial.phase) if each["pid"] == step.process)
    return int(index)
