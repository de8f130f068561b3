"""Has every step of the engine in Airflow's tasks pass the gate that a test has put up; DAG files call `gate_steps`."""

from __future__ import annotations

import os
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from airflow_mydump.operators.progress_log import ProgressLog
from tests.faults.step_gate import StepGate, announce

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sandbox.airflow import Airflow

    from airflow_mydump.engine.event import Event
    from tests.faults.step_gate import Step

ADDRESS_FILE = "MYDUMP_STEP_GATE"
"""The environment variable with the path of the file that holds the gate's address, when there is one."""


def gate_steps() -> None:
    """Where a task parses the file that calls this, its steps are announced from then on."""
    heard = ProgressLog.__call__

    def pass_gate(self: ProgressLog, event: Event) -> None:
        heard(self, event)
        with suppress(FileNotFoundError):
            announce(Path(os.environ[ADDRESS_FILE]).read_text(), event)

    ProgressLog.__call__ = pass_gate  # type: ignore[method-assign]


@contextmanager
def gate(airflow: Airflow, arrived: Callable[[Step], None]) -> Iterator[None]:
    """A gate for all tasks; `arrived` is called at each step, and the step goes on when the call returns."""
    address_file = Path(airflow.environment()[ADDRESS_FILE])
    with StepGate(arrived) as opened:
        address_file.write_text(opened.address)
        try:
            yield
        finally:
            address_file.unlink()
