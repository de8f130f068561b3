"""A migration inside a DAG of the user's, with a task between its tasks that spoils a row on the target."""

from __future__ import annotations

import os
from datetime import timedelta

from airflow.sdk import DAG, task

from airflow_mydump.dag_factory import ExecutionConfig, MigrationTaskGroup, SourceConfig, TargetConfig


@task
def alter_a_row() -> None:
    from airflow.providers.mysql.hooks.mysql import MySqlHook

    MySqlHook("target_mariadb").run("UPDATE altered.prices SET price = price + 1 WHERE id = 7")


with DAG("altered", schedule=None):
    migration = MigrationTaskGroup(
        source=SourceConfig("source_mariadb", schemas=["altered", "unaltered"]),
        target=TargetConfig("target_mariadb"),
        execution=ExecutionConfig(
            concurrency=1, retry_delay=timedelta(seconds=1), work_directory=os.environ["MYDUMP_WORK_DIRECTORY"]
        ),
    )
    migration.phases.data_phase >> alter_a_row() >> migration.phases.verify
