"""Every tenant of a server in a run of its own."""

from __future__ import annotations

import os
from typing import Any

from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG, TriggerRule, task

from airflow_mydump.dag_factory import ExecutionConfig, FleetConfig, FleetDag, TargetConfig, tenant_asset
from tests.e2e.gated import gate_steps

gate_steps()

ONE = tenant_asset("target_mariadb", "fleet_one")

FleetDag(
    "fleet",
    fleet=FleetConfig("source_mariadb", pattern="fleet_*", max_active_tenants=2, poll_seconds=4),
    target=TargetConfig("target_mariadb"),
    execution=ExecutionConfig(concurrency=1, work_directory=os.environ["MYDUMP_WORK_DIRECTORY"], retries=0),
    schedule=None,
)

hiding = FleetDag(
    "hiding_fleet",
    fleet=FleetConfig("source_mariadb", pattern="hidden_*", poll_seconds=4),
    target=TargetConfig("target_mariadb"),
    execution=ExecutionConfig(concurrency=1, work_directory=os.environ["MYDUMP_WORK_DIRECTORY"], retries=0),
    schedule=None,
)
with hiding.tenant_dag as tenant:
    # A last task that succeeds whatever became of the report: Airflow takes the run for a success.
    tenant.get_task("report") >> EmptyOperator(task_id="clean_up", trigger_rule=TriggerRule.ALL_DONE)

with DAG("waiting_for_fleet_one", schedule=[ONE], catchup=False):

    @task
    def told(triggering_asset_events: Any = None) -> dict[str, object]:
        return {"extras": [event.extra for event in triggering_asset_events[ONE]]}

    told()
