"""Migrations that the tests run: of some shops on both vendors, and of one for pictures."""

from __future__ import annotations

import os
from datetime import timedelta

from airflow_mydump.dag_factory import (
    ExecutionConfig,
    MigrationDag,
    PlanConfig,
    SourceConfig,
    TargetConfig,
)

EXECUTION = ExecutionConfig(
    concurrency=2, retry_delay=timedelta(seconds=1), work_directory=os.environ["MYDUMP_WORK_DIRECTORY"]
)

for flavor in ("mariadb", "mysql"):
    MigrationDag(
        f"shops_{flavor}",
        source=SourceConfig(f"source_{flavor}", schemas=["shop_one", "shop_two"]),
        target=TargetConfig(f"target_{flavor}"),
        plan=PlanConfig(chunk_bytes="256K", max_bundles=3),
        execution=EXECUTION,
        schedule=None,
    )

MigrationDag(
    "pictured",
    source=SourceConfig("source_mariadb", schemas=["pictured"]),
    target=TargetConfig("target_mariadb"),
    execution=EXECUTION,
    schedule=None,
)
