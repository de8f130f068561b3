"""A copy, and a dump with its restore, in each mode of consistency, on both vendors; and what else is interrupted."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any

from airflow.sdk import DAG, get_parsing_context

from airflow_mydump.dag_factory import (
    ConsistencyConfig,
    DumpDag,
    DumpTaskGroup,
    ExecutionConfig,
    MigrationDag,
    PlanConfig,
    RestoreTaskGroup,
    SourceConfig,
    StagingConfig,
    TargetConfig,
)
from tests.e2e.dying import die_once
from tests.e2e.gated import gate_steps
from tests.e2e.recovery.orders import CHUNK_BYTES, DATABASE

WORK = os.environ["MYDUMP_WORK_DIRECTORY"]
EXECUTION = ExecutionConfig(concurrency=2, retry_delay=timedelta(seconds=1), work_directory=WORK)
PLAN = PlanConfig(chunk_bytes=CHUNK_BYTES, max_bundles=6)

HASTE = timedelta(seconds=15)

gate_steps()


def is_wanted(dag_id: str) -> bool:
    """Whether a DAG is to be made: a task needs none but its own, and making them all takes longer than most tasks."""
    return get_parsing_context().dag_id in (None, dag_id)


def copy_dag(dag_id: str, **arguments: Any) -> None:
    if is_wanted(dag_id):
        usual: dict[str, Any] = {"plan": PLAN, "execution": EXECUTION, "schedule": None}
        MigrationDag(dag_id, **(usual | arguments))


def staged_dag(dag_id: str, target: TargetConfig, staging: StagingConfig, **arguments: Any) -> None:
    if is_wanted(dag_id):
        with DAG(dag_id, schedule=None):
            dump = DumpTaskGroup(staging=staging, plan=PLAN, execution=EXECUTION, **arguments)
            dump >> RestoreTaskGroup(staging=staging, target=target, execution=EXECUTION)


for flavor in ("mariadb", "mysql"):
    target = TargetConfig(f"target_{flavor}", emit_assets=False)
    for mode in ("snapshot", "locked", "replica", "none"):
        name = f"{mode}_{flavor}"
        source: dict[str, Any] = {
            "source": SourceConfig(f"{'replica' if mode == 'replica' else 'source'}_{flavor}", schemas=[DATABASE]),
            "consistency": ConsistencyConfig(mode=mode),
        }
        copy_dag(f"copy_{name}", target=target, **source)
        copy_dag(f"dying_{name}", target=target, operator_args={"post_execute": die_once}, **source)
        # Airflow ends a task that takes as long, and tries it again.
        copy_dag(f"hasty_{name}", target=target, operator_args={"execution_timeout": HASTE}, **source)
        # What is away for longer than some seconds is away for longer than a try lasts.
        copy_dag(f"impatient_{name}", target=target, execution=replace(EXECUTION, attempts=3, retries=20), **source)
        staged_dag(f"staged_{name}", target, StagingConfig(f"{WORK}/dumps-{name}/{{{{ run_id }}}}"), **source)

source = {"source": SourceConfig("source_mariadb", schemas=[DATABASE])}
target = TargetConfig("target_mariadb", emit_assets=False)

# A pool that has too few slots for a snapshot of two workers.
copy_dag(
    "narrow",
    target=target,
    consistency=ConsistencyConfig(gather_seconds=4),
    execution=replace(EXECUTION, retries=1, pool="narrow"),
    **source,
)

# Runs of the past, which only a backfill makes.
PAST: dict[str, Any] = {
    "schedule": "@daily",
    "start_date": datetime(2026, 1, 1, tzinfo=timezone.utc),
    "end_date": datetime(2026, 1, 3, tzinfo=timezone.utc),
}
copy_dag("past_copy", target=target, **source, **PAST)
if is_wanted("past_dump"):
    staging = StagingConfig(f"{WORK}/past/{{{{ ds }}}}")
    DumpDag("past_dump", staging=staging, plan=PLAN, execution=EXECUTION, **source, **PAST)
