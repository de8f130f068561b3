"""Which faults a run meets, and at which moment each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow_mydump.engine.event import EventKind
from tests.faults import fault
from tests.faults.armed import Armed
from tests.faults.steps import STEPS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from random import Random

    from tests.faults.fault import Moment
    from tests.faults.scene import Side

_SIDES: dict[str, tuple[Side, ...]] = {"copy": ("source", "target"), "dump": ("source",), "load": ("target",)}
_LATEST_SECONDS = 0.4

_DAMAGE = "damaged file"
_ONLY_AT = {"altering trigger": EventKind.TABLE_CREATED, "altered row": EventKind.CHUNK_COMMITTED}
"""Faults of the target's data have their place: later nobody looks for them."""


def draw_faults(random: Random, operations: Sequence[str]) -> list[Armed]:
    """One to three faults for a run of these operations."""
    return [_draw(random, random.choice(operations)) for _ in range(random.choice((1, 1, 2, 3)))]


def _draw(random: Random, operation: str) -> Armed:
    name, strike = random.choice(_faults_of(operation))
    if name in _ONLY_AT:
        return Armed(name, operation, strike, _ONLY_AT[name], random.choice((1, 1, 2, 3)), None)
    if name == _DAMAGE and random.random() < 0.5:
        return Armed(name, operation, strike, None, 0, 0.0)
    if random.random() < 0.3:
        return Armed(name, operation, strike, None, 0, random.uniform(0, _LATEST_SECONDS))
    return Armed(name, operation, strike, random.choice(STEPS[operation]), random.choice((1, 1, 2, 3, 5)), None)


def _faults_of(operation: str) -> list[tuple[str, Callable[[Moment], None]]]:
    faults: list[tuple[str, Callable[[Moment], None]]] = [
        ("kill a worker", fault.kill_worker),
        ("kill the command", fault.kill_command),
        ("kill all processes", fault.kill_all),
        ("freeze a worker", fault.freeze),
        ("the same command twice", fault.start_again),
    ]
    for side in _SIDES[operation]:
        faults += [
            (f"crash the {side}", fault.crash(side)),
            (f"absence of the {side}", fault.absence(side)),
            (f"reset the {side}", fault.reset(side)),
            (f"cut the {side}", fault.cut(side)),
            (f"stall the {side}", fault.stall(side)),
            (f"half-open {side}", fault.half_open(side)),
            (f"refuse on the {side}", fault.refuse(side)),
            (f"latency on the {side}", fault.delay(side)),
            (f"kill connections on the {side}", fault.kill_sessions(side, "CONNECTION")),
            (f"kill queries on the {side}", fault.kill_sessions(side, "QUERY")),
            (f"too many connections on the {side}", fault.crowd(side)),
            (f"locked table on the {side}", fault.lock_table(side)),
            (f"read table on the {side}", fault.read_table(side)),
        ]
    if "target" in _SIDES[operation]:
        faults += [
            ("locked ledger", fault.lock_ledger),
            ("deadlocks on the target", fault.storm),
            ("read-only target", fault.forbid_writes),
            ("altering trigger", fault.alter_rows_that_come),
            ("altered row", fault.alter_a_row),
        ]
    if operation == "load":
        faults.append((_DAMAGE, fault.damage_a_file))
    return faults
