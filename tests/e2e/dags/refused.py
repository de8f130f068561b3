"""Migrations that cannot be right, which only a run can find out, and one that can be until its source is gone."""

from __future__ import annotations

import os
from datetime import timedelta

from airflow_mydump.dag_factory import ExecutionConfig, MigrationDag, SourceConfig, TargetConfig

EXECUTION = ExecutionConfig(
    concurrency=1, retry_delay=timedelta(seconds=1), work_directory=os.environ["MYDUMP_WORK_DIRECTORY"]
)

for name, connection, schema, target in (
    ("unknown_connection", "nobody_made_this", "refused", "target_mariadb"),
    ("unknown_target_connection", "source_mariadb", "refused", "nobody_made_this"),
    ("unknown_database", "source_mariadb", "there_is_no_such_database", "target_mariadb"),
    ("onto_itself", "target_mariadb", "refused", "target_mariadb"),
    ("misspelt", "source_mariadb", "refused", "target_mariadb"),
    ("cleared", "source_mariadb", "cleared", "target_mariadb"),
):
    MigrationDag(
        name,
        source=SourceConfig(connection, schemas=[schema]),
        target=TargetConfig(target),
        execution=EXECUTION,
        schedule=None,
    )
