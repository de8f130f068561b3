"""A copy, and a dump with its restore, in each mode of consistency, on both vendors."""

from __future__ import annotations

import os
from datetime import timedelta

from airflow.sdk import DAG

from airflow_mydump.dag_factory import (
    ConsistencyConfig,
    DumpTaskGroup,
    ExecutionConfig,
    MigrationDag,
    PlanConfig,
    RestoreTaskGroup,
    SourceConfig,
    StagingConfig,
    TargetConfig,
)
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
        staging = StagingConfig(f"{WORK}/dumps-{flavor}-{mode}/{{{{ run_id }}}}")
        with DAG(f"staged_{mode}_{flavor}", schedule=None):
            dump = DumpTaskGroup(
                source=source, staging=staging, plan=PLAN, consistency=consistency, execution=EXECUTION
            )
            dump >> RestoreTaskGroup(staging=staging, target=target, execution=EXECUTION)
