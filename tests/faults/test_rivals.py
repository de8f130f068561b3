"""Two runs over the same tables at the same time are never both complete, and the next one alone is."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from airflow_mydump.engine.event import EventKind
from tests.faults.ordeal import Operations, Ordeal
from tests.faults.step_gate import Step, StepGate
from tests.integration.contents import assert_same_contents
from tests.integration.pair import rows_of

if TYPE_CHECKING:
    from tests.faults.command import Command, Ended
    from tests.faults.scene import Scene

_LONGEST_SECONDS = 10.0
"""Longer than a command takes to plan, shorter than it waits for the one that stands."""

STEPS = (
    EventKind.TABLE_CREATED, EventKind.CHUNK_LOADED, EventKind.CHUNK_COMMITTED, EventKind.KEYS_ADDED,
    EventKind.CHUNK_VERIFIED,
)  # fmt: skip


@pytest.mark.parametrize(
    ("mode", "step"),
    [("drop", EventKind.CHUNK_LOADED), *(("truncate", step) for step in STEPS)],
    ids=lambda value: getattr(value, "value", value),
)
def test_a_run_that_another_one_takes_over(scene: Scene, copy: Operations, step: EventKind, mode: str) -> None:
    rivals: list[Command] = []
    endings: list[Ended] = []

    def take_over(found: Step) -> None:
        if found.kind == step.value and not rivals:
            rivals.append(scene.start(*copy.arguments("copy", "two"), "--if-exists", mode))
            scene.meanwhile(lambda: endings.append(rivals[0].wait(100)))
            stand_until_planned(scene, "two")

    with StepGate(take_over) as gate:
        first = scene.start(*copy.arguments("copy", "one"), gate=gate.address)
        endings.append(first.wait(100))
    scene.heal()
    assert len(endings) == 2
    assert sum(ended.status == 0 for ended in endings) < 2, "both say that they are complete"
    for ended in endings:
        assert ended.err.count("\n") == (ended.status != 0), ended.err
    if any(ended.status == 0 for ended in endings):
        assert_same_contents(scene.pair.source, scene.pair.target, copy.database)
    for command in (first, *rivals):
        scene.assert_nothing_left(command)

    Ordeal(scene, Operations(copy.database, copy.folder / "again", copy.options), []).run()


def stand_until_planned(scene: Scene, run_key: str) -> None:
    """Stand at a step until another run is under way: one that began after this one ended would be no rival."""
    planned = f"SELECT 1 FROM airflow_mydump.ledger WHERE step = 'run' AND state = 'started' AND run_key = '{run_key}'"
    deadline = time.monotonic() + _LONGEST_SECONDS
    while not rows_of(scene.pair.target, planned) and time.monotonic() < deadline:
        time.sleep(0.02)
    time.sleep(0.25)
