"""The tasks that share a plan's tables leave none out, over however many tasks the DAG maps by now."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from airflow_mydump.dag_factory import (
    ExecutionConfig,
    MigrationDag,
    RestoreDag,
    SourceConfig,
    StagingConfig,
    TargetConfig,
)
from airflow_mydump.engine.phases.plan import PLAN, plan_path, schema_file
from airflow_mydump.engine.plan.plan import Plan
from airflow_mydump.engine.plan_identity import PlanIdentity
from airflow_mydump.engine.selection.selection import Selection
from airflow_mydump.operators.part import PartOperator

if TYPE_CHECKING:
    from airflow.sdk.definitions.mappedoperator import MappedOperator

IDENTITY = PlanIdentity("k", "p", "")
PARTS = 8


def mapped(work: Path, concurrency: int) -> list[MappedOperator]:
    """The tasks of a migration and a restore that share a plan's tables."""
    execution, target = ExecutionConfig(concurrency, work_directory=str(work)), TargetConfig("here")
    copy = MigrationDag("m", source=SourceConfig("a", ["s"]), target=target, execution=execution, schedule=None)
    load = RestoreDag("r", staging=StagingConfig("/dumps"), target=target, execution=execution, schedule=None)
    return [task for dag in (copy, load) for task in (dag.phases.schema_phase, dag.phases.index_phase)]


def share(task: MappedOperator, **arguments: Any) -> list[str]:
    """The files of one of the tasks that come of mapping; the plan is already there."""
    operator = task.unmap(arguments)
    assert isinstance(operator, PartOperator)
    operator.plan = {"run_key": "k", "plan": "p", "epoch": ""}
    operator.directory.write(f"{plan_path(IDENTITY)}/{PLAN}", plan())
    return operator.files


def plan() -> Plan:
    return Plan(
        identity=IDENTITY,
        source="a",
        target="b",
        source_server="",
        target_server="",
        selection=Selection(("s",)),
        if_exists="fail",
        schemas=(),
        parts=PARTS,
        data_bundles=(),
        objects=0,
        notes=(),
    )


@pytest.mark.parametrize("concurrency", [1, 3, 4, 8, 9])
def test_every_part_is_taken_by_one_task(tmp_path: Path, concurrency: int) -> None:
    for task in mapped(tmp_path, concurrency):
        expanded: Any = task.expand_input
        numbers = expanded.value["part"]
        assert len(numbers) == concurrency
        taken = [file for number in numbers for file in share(task, part=number)]
        assert sorted(taken) == [schema_file(IDENTITY, part) for part in range(PARTS)]
