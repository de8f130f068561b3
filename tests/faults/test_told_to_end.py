"""A command that is interrupted or told to end does so at once, with one sentence, and can be gone on with."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

import pytest

from airflow_mydump.engine.event import EventKind
from tests.faults.ordeal import Operations, Ordeal
from tests.faults.step_gate import Step, StepGate

if TYPE_CHECKING:
    from tests.faults.scene import Scene


@pytest.mark.parametrize(
    ("told", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)], ids=lambda value: str(value)
)
def test_a_copy_ends_while_its_workers_are_at_work(
    scene: Scene, copy: Operations, told: signal.Signals, status: int
) -> None:
    at: list[Step] = []

    def tell(step: Step) -> None:
        if step.kind == EventKind.CHUNK_COMMITTED.value:
            at.append(step)
            if len(at) == 1:
                os.kill(command.pid, told)

    with StepGate(tell) as gate:
        command = scene.start(*copy.arguments("copy", "one"), gate=gate.address)
        ended = command.wait(30)
    assert ended.status == status
    assert ended.err.count("\n") == 1, ended.err
    assert ended.err.endswith("; the same --run-key goes on\n")
    scene.assert_nothing_left(command)
    Ordeal(scene, copy, []).run()
