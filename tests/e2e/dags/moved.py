"""A copy, and a dump with its restore, in each mode of consistency, on both vendors; and what else is interrupted."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any

from airflow.sdk import DAG

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

gate_steps()

for flavor in ("mariadb", "mysql"):
    target = TargetConfig(f"target_{flavor}", emit_assets=False)
    for mode in ("snapshot", "locked", "replica", "none"):
        source = SourceConfig(f"{'replica' if mode == 'replica' else 'source'}_{flavor}", schemas=[DATABASE])
        consistency = ConsistencyConfig(mode=mode)
        MigrationDag(
            f"copy_{mode}_{flavor}",
            source=source,
            target=target,
            plan=PLAN,
            consistency=consistency,
            execution=EXECUTION,
            schedule=None,
        )
        MigrationDag(
            f"dying_{mode}_{flavor}",
            source=source,
            target=target,
            plan=PLAN,
            consistency=consistency,
            execution=EXECUTION,
            operator_args={"post_execute": die_once},
            schedule=None,
        )
        staging = StagingConfig(f"{WORK}/dumps-{flavor}-{mode}/{{{{ run_id }}}}")
        with DAG(f"staged_{mode}_{flavor}", schedule=None):
            dump = DumpTaskGroup(
                source=source, staging=staging, plan=PLAN, consistency=consistency, execution=EXECUTION
            )
            dump >> RestoreTaskGroup(staging=staging, target=target, execution=EXECUTION)

# A pool that has too few slots for a snapshot of two workers.
MigrationDag(
    "narrow",
    source=SourceConfig("source_mariadb", schemas=[DATABASE]),
    target=TargetConfig("target_mariadb", emit_assets=False),
    plan=PLAN,
    consistency=ConsistencyConfig(gather_seconds=4),
    execution=replace(EXECUTION, retries=1, pool="narrow"),
    schedule=None,
)

# Runs of the past, which only a backfill makes.
PAST: dict[str, Any] = {
    "schedule": "@daily",
    "start_date": datetime(2026, 1, 1, tzinfo=timezone.utc),
    "end_date": datetime(2026, 1, 3, tzinfo=timezone.utc),
}
MigrationDag(
    "past_copy",
    source=SourceConfig("source_mariadb", schemas=[DATABASE]),
    target=TargetConfig("target_mariadb", emit_assets=False),
    plan=PLAN,
    execution=EXECUTION,
    **PAST,
)
DumpDag(
    "past_dump",
    source=SourceConfig("source_mariadb", schemas=[DATABASE]),
    staging=StagingConfig(f"{WORK}/past/{{{{ ds }}}}"),
    plan=PLAN,
    execution=EXECUTION,
    **PAST,
)
