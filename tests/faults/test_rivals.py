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

STEPS = (
    EventKind.TABLE_CREATED, EventKind.CHUNK_LOADED, EventKind.CHUNK_COMMITTED, EventKind.KEYS_ADDED,
    EventKind.CHUNK_VERIFIED,
)  # fmt: skip


def runs(scene: Scene, state: str) -> set[tuple[str]]:
    """The plans of the runs in this state."""
    query = f"SELECT plan FROM airflow_mydump.ledger WHERE step = 'run' AND state = '{state}'"
    return set(rows_of(scene.pair.target, query))


def wait_for(scene: Scene, state: str, known: set[tuple[str]]) -> None:
    """Wait until there is another run in this state."""
    deadline = time.monotonic() + 60
    while not runs(scene, state) - known:
        assert time.monotonic() < deadline
        time.sleep(0.02)


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
            # Where the first makes tables it has its turn with them: the other has but made its plan when it goes on.
            awaited = "started" if step is EventKind.TABLE_CREATED else "lost"
            known = runs(scene, awaited)
            rivals.append(scene.start(*copy.arguments("copy", "two"), "--if-exists", mode))
            scene.meanwhile(lambda: endings.append(rivals[0].wait(100)))
            wait_for(scene, awaited, known)

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
