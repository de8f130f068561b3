"""Migrates several tenants in one run, when triggered, from one server to another.

Needs two connections of type MySQL, `mydump_source` and `mydump_target`, and runs as it is. The tenants are databases,
named in the environment variable MYDUMP_TENANTS of Airflow, with commas between them.
"""

from __future__ import annotations

import os

from airflow_mydump.dag_factory import ExecutionConfig, MigrationDag, PlanConfig, SourceConfig, TargetConfig

TENANTS = os.environ.get("MYDUMP_TENANTS", "tenant_alpine,tenant_baltic,tenant_coral,tenant_delta").split(",")

MigrationDag(
    "demo_tenants",
    source=SourceConfig("mydump_source", schemas=TENANTS),
    target=TargetConfig("mydump_target"),
    plan=PlanConfig(chunk_bytes="8M", max_bundles=12),
    execution=ExecutionConfig(concurrency=2, work_directory=os.environ.get("MYDUMP_WORK_DIRECTORY")),
    schedule=None,
    doc_md=__doc__,
    tags=["mydump"],
)
