"""A migration as a part of a DAG of yours: a task before it, a task after its verification.

Needs two connections of type MySQL, `mydump_source` and `mydump_target`, and runs as it is. The tenant is the database
`shop`; say another in the environment variable MYDUMP_TENANT of Airflow.
"""

from __future__ import annotations

import os
from typing import Any

from airflow.sdk import dag, task

from airflow_mydump.dag_factory import MigrationTaskGroup, SelectionConfig, SourceConfig, TargetConfig


@dag(schedule=None, max_active_runs=1, doc_md=__doc__, tags=["mydump"])
def inside_your_dag() -> None:
    @task
    def announce() -> None:
        print("nobody writes to the tenant from here on")  # noqa: T201

    @task
    def switch_over(report: Any) -> None:
        print(f"{report['rows']} rows are verified: applications may use the new server")  # noqa: T201

    migration = MigrationTaskGroup(
        source=SourceConfig("mydump_source", schemas=[os.environ.get("MYDUMP_TENANT", "shop")]),
        target=TargetConfig("mydump_target"),
        selection=SelectionConfig(no_data=["log_*"]),
    )
    announce() >> migration
    switch_over(migration.phases.report.output)


inside_your_dag()
