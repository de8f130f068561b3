"""Migrates one tenant, when triggered, from one server to another.

Needs two connections of type MySQL, `mydump_source` and `mydump_target`, and runs as it is. The tenant is the database
`shop`; say another in the environment variable MYDUMP_TENANT of Airflow.
"""

from __future__ import annotations

import os

from airflow_mydump.dag_factory import MigrationDag, SourceConfig, TargetConfig

MigrationDag(
    "single_tenant_migration",
    source=SourceConfig("mydump_source", schemas=[os.environ.get("MYDUMP_TENANT", "shop")]),
    target=TargetConfig("mydump_target"),
    schedule=None,
    doc_md=__doc__,
    tags=["mydump"],
)
