"""A dump and its restore in one DAG, with a directory for each run, on both vendors; in one DAG each task dies once."""

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
from tests.e2e.dying import die_once

WORK = os.environ["MYDUMP_WORK_DIRECTORY"]
EXECUTION = ExecutionConfig(concurrency=2, retry_delay=timedelta(seconds=1), work_directory=WORK)


for flavor in ("mariadb", "mysql"):
    staging = StagingConfig(f"{WORK}/dumps-{flavor}/{{{{ run_id }}}}")
    operator_args = {"post_execute": die_once} if flavor == "mysql" else {}
    with DAG(f"staged_{flavor}", schedule=None):
        dump = DumpTaskGroup(
            source=SourceConfig(f"source_{flavor}", schemas=["staged_shop"]),
            staging=staging,
            plan=PlanConfig(chunk_bytes="256K", max_bundles=2),
            execution=EXECUTION,
            operator_args=operator_args,
        )
        restore = RestoreTaskGroup(
            staging=staging,
            target=TargetConfig(f"target_{flavor}"),
            execution=EXECUTION,
            operator_args=operator_args,
        )
        dump >> restore
