"""A definition that changes on the source while chunks are read one by one fails the run, which names it.

In a snapshot the servers make the change wait, or refuse to go on; `tests/integration/test_snapshot.py` has that.
"""

from __future__ import annotations

import contextlib
import time
from typing import TYPE_CHECKING

import pymysql
import pytest

from airflow_mydump.engine.event import EventKind
from tests.faults.ordeal import Operations, Ordeal
from tests.faults.step_gate import Step, StepGate
from tests.integration.pair import run_sql

if TYPE_CHECKING:
    from tests.faults.scene import Scene

CHANGES = {
    "a column is added": ["ALTER TABLE t0 ADD COLUMN late INT NOT NULL DEFAULT 7"],
    "a column changes its type": ["ALTER TABLE t1 MODIFY c0 VARCHAR(90)"],
    "a table is dropped": ["DROP TABLE t3"],
    "a table is made anew": ["DROP TABLE t3", "CREATE TABLE t3 (c0 INT, late INT)", "INSERT INTO t3 VALUES (1, 2)"],
    "a table is added": ["CREATE TABLE late (id INT)"],
}


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("step", [EventKind.TABLE_CREATED, EventKind.CHUNK_CLAIMED], ids=lambda step: step.value)
def test_a_definition_that_changes_on_the_source(scene: Scene, copy: Operations, step: EventKind, change: str) -> None:
    changed: list[Step] = []

    def change_source(found: Step) -> None:
        if found.kind == step.value and not changed:
            changed.append(found)
            # A worker that reads the table at this moment stands at the gate: the change waits for it, not it for us.
            scene.meanwhile(lambda: run_sql(scene.server("source"), *CHANGES[change], database=copy.database))
            time.sleep(0.2)

    with StepGate(change_source) as gate:
        command = scene.start(*copy.arguments("copy", "one"), "--consistency", "none", gate=gate.address)
        ended = command.wait(100)
    scene.heal()
    assert changed
    assert ended.status == 1, "the change went unnoticed"
    assert ended.err.count("\n") == 1
    assert any(name in ended.err for name in ("t0", "t1", "t3", "late")), ended.err
    run_sql(scene.server("target"), f"DROP DATABASE {copy.database}")  # with the table that the source has no more
    Ordeal(scene, Operations(copy.database, copy.folder / "again", copy.options), []).run()


def test_a_definition_that_changes_while_it_is_dumped(scene: Scene, staged: Operations) -> None:
    def change_source(found: Step) -> None:
        if found.kind == EventKind.DUMP_FINISHING.value:
            pytest.fail("the dump is about to be declared complete")
        if found.kind == EventKind.CHUNK_DUMPED.value:
            with contextlib.suppress(pymysql.Error):  # once is enough
                run_sql(scene.server("source"), "ALTER TABLE t2 ADD COLUMN late INT", database=staged.database)

    with StepGate(change_source) as gate:
        ended = scene.start(*staged.arguments("dump", "one"), "--consistency", "none", gate=gate.address).wait(100)
    assert ended.status == 1 and f"{staged.database}.t2" in ended.err
    assert not (staged.dump / "metadata").exists()
