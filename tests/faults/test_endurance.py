"""Whatever happens at whatever step, the same command goes on, every row is there once, and nothing is left behind."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from airflow_mydump.engine.event import EventKind
from tests.faults import fault
from tests.faults.armed import Armed
from tests.faults.ordeal import Operations, Ordeal
from tests.faults.steps import STEPS

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.faults.fault import Moment
    from tests.faults.scene import Scene, Side

DEATHS = {"a worker": fault.kill_worker, "all": fault.kill_all}
ON_CONNECTIONS = {
    "cut": fault.cut, "stalled": fault.stall, "half-open": fault.half_open, "refused": fault.refuse,
    "slow": fault.delay, "too many": fault.crowd, "killed": lambda side: fault.kill_sessions(side, "CONNECTION"),
    "killed query": lambda side: fault.kill_sessions(side, "QUERY"), "locked table": fault.lock_table,
    "read table": fault.read_table,
}  # fmt: skip
ON_THE_TARGET = {
    "locked ledger": fault.lock_ledger, "deadlocks": fault.storm, "read-only": fault.forbid_writes,
    "twice": fault.start_again,
}  # fmt: skip
PLACES: list[tuple[str, Side]] = [("copy", "source"), ("copy", "target"), ("dump", "source"), ("load", "target")]


def endure(scene: Scene, operations: Operations, *armed: Armed) -> Ordeal:
    ordeal = Ordeal(scene, operations, list(armed))
    ordeal.run()
    assert ordeal.struck.total() == len(armed), ordeal.log
    return ordeal


def _number(step: EventKind) -> int:
    """Which step of a kind to strike at: the second, of what is done more than once."""
    return 1 if step is EventKind.DUMP_FINISHING else 2


def chosen(operation: str, copy: Operations, staged: Operations) -> Operations:
    return copy if operation == "copy" else staged


@pytest.mark.parametrize(
    ("operation", "step", "victim"),
    [
        (operation, step, victim)
        for operation, steps in STEPS.items()
        for step in steps
        for victim in (DEATHS if operation == "copy" else ["a worker"])
    ],
    ids=lambda value: getattr(value, "value", value),
)
def test_a_death(
    scene: Scene, copy: Operations, staged: Operations, operation: str, step: EventKind, victim: str
) -> None:
    operations = chosen(operation, copy, staged)
    ordeal = endure(scene, operations, Armed("death", operation, DEATHS[victim], step, left=_number(step)))
    assert not ordeal.anew


@pytest.mark.parametrize(("operation", "side"), PLACES)
@pytest.mark.parametrize("happening", [fault.reset, fault.crash], ids=["reset", "crash"])
def test_a_server_that_crashes_or_loses_its_connections_at_several_steps(
    scene: Scene,
    copy: Operations,
    staged: Operations,
    operation: str,
    side: Side,
    happening: Callable[[Side], Callable[[Moment], None]],
) -> None:
    armed = [Armed(step.value, operation, happening(side), step) for step in STEPS[operation][::2]]
    assert not endure(scene, chosen(operation, copy, staged), *armed).anew


@pytest.mark.endurance
@pytest.mark.parametrize(("operation", "side"), PLACES)
@pytest.mark.parametrize("happening", ON_CONNECTIONS)
def test_trouble_with_a_server(
    scene: Scene, copy: Operations, staged: Operations, operation: str, side: Side, happening: str
) -> None:
    step = EventKind.CHUNK_STARTED if operation == "dump" else EventKind.CHUNK_LOADED
    armed = Armed(happening, operation, ON_CONNECTIONS[happening](side), step)
    assert not endure(scene, chosen(operation, copy, staged), armed).anew


@pytest.mark.endurance
@pytest.mark.parametrize("operation", ["copy", "load"])
@pytest.mark.parametrize("happening", ON_THE_TARGET)
def test_trouble_with_the_target(
    scene: Scene, copy: Operations, staged: Operations, operation: str, happening: str
) -> None:
    armed = Armed(happening, operation, ON_THE_TARGET[happening], EventKind.CHUNK_STARTED, left=2)
    assert not endure(scene, chosen(operation, copy, staged), armed).anew


@pytest.mark.endurance
@pytest.mark.parametrize("mode", ["none", "snapshot", "locked"])
@pytest.mark.parametrize("step", STEPS["dump"], ids=lambda step: step.value)
def test_a_dump_that_is_started_twice(scene: Scene, staged: Operations, mode: str, step: EventKind) -> None:
    options = {**staged.options, "dump": (*staged.options["dump"], "--consistency", mode)}
    operations = Operations(staged.database, staged.folder, options)
    endure(scene, operations, Armed("twice", "dump", fault.start_again, step, left=_number(step)))


@pytest.mark.parametrize("operation", ["copy", "load"])
@pytest.mark.parametrize(
    "step",
    [EventKind.TABLE_CREATED, EventKind.KEYS_ADDED, EventKind.CHUNK_VERIFIED, EventKind.OBJECT_CREATED],
    ids=lambda step: step.value,
)
def test_connections_that_are_lost_in_any_phase_cost_no_command(
    scene: Scene, copy: Operations, staged: Operations, operation: str, step: EventKind
) -> None:
    operations = chosen(operation, copy, staged)
    ordeal = endure(scene, operations, Armed("reset", operation, fault.reset("target"), step))
    assert ordeal.endings["complete"] == len(operations.options) == ordeal.endings.total(), ordeal.log
