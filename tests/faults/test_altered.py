"""A target that does not hold what the source held is never called complete, and says which table it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from airflow_mydump.engine.event import EventKind
from tests.faults import fault
from tests.faults.armed import Armed
from tests.faults.ordeal import Operations, Ordeal
from tests.faults.test_endurance import chosen

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.faults.fault import Moment
    from tests.faults.scene import Scene


@pytest.mark.parametrize("operation", ["copy", "load"])
@pytest.mark.parametrize(
    ("deed", "step"),
    [
        (fault.alter_rows_that_come, EventKind.TABLE_CREATED),
        (fault.alter_a_row, EventKind.CHUNK_COMMITTED),
    ],
    ids=["a trigger that changes what comes", "a row that is changed afterwards"],
)
def test_an_altered_row_is_found(
    scene: Scene, copy: Operations, staged: Operations, operation: str, deed: Callable[[Moment], None], step: EventKind
) -> None:
    operations = chosen(operation, copy, staged)
    tables: list[str] = []

    def alter(moment: Moment) -> None:
        deed(moment)
        tables.append(moment.table.replace("`", ""))

    ordeal = Ordeal(scene, operations, [Armed("alter", operation, alter, step)])
    ordeal.run()
    assert ordeal.anew
    assert ordeal.endings["failed"] >= 2, "the same run key must not make it complete"
    failures = [line for line in ordeal.log if line.startswith(f"{operation}: 1 ")]
    assert failures and all(tables[0] in line for line in failures), ordeal.log
