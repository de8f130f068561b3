"""A dump and its restore in one DAG, with a directory for each run, on both vendors."""

from __future__ import annotations

import os
from datetime import timedelta

from airflow.sdk import DAG

from airflow_mydump.dag_factory import (
    DumpTaskGroup,
    ExecutionConfig,
    PlanConfig,
    RestoreTaskGroup,
    SourceConfig,
    StagingConfig,
    TargetConfig,
)

WORK = os.environ["MYDUMP_WORK_DIRECTORY"]
EXECUTION = ExecutionConfig(concurrency=2, retry_delay=timedelta(seconds=1), work_directory=WORK)

for flavor in ("mariadb", "mysql"):
    staging = StagingConfig(f"{WORK}/dumps-{flavor}/{{{{ run_id }}}}")
    with DAG(f"staged_{flavor}", schedule=None):
        dump = DumpTaskGroup(
            source=SourceConfig(f"source_{flavor}", schemas=["staged_shop"]),
            staging=staging,
            plan=PlanConfig(chunk_bytes="256K", max_bundles=2),
            execution=EXECUTION,
        )
        restore = RestoreTaskGroup(staging=staging, target=TargetConfig(f"target_{flavor}"), execution=EXECUTION)
        dump >> restore
