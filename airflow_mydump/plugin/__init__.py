"""What this package adds to Airflow's UI."""

from __future__ import annotations

from airflow.plugins_manager import AirflowPlugin

from airflow_mydump.operators.plan_link import PlanLink


class MydumpPlugin(AirflowPlugin):
    """Makes the link ``Plan`` of the chunk_plan task known to Airflow."""

    name = "airflow_mydump"
    operator_extra_links = [PlanLink()]  # noqa: RUF012
