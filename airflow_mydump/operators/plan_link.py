"""The link from the plan task to what was planned, in Airflow's UI."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from airflow.providers.common.compat.sdk import BaseOperatorLink, conf

SUMMARY = "plan summary"
"""Key of the XCom with the plan in words: what happens to each table and why, and how even the bundles are."""


class PlanLink(BaseOperatorLink):
    """Leads to the page with the plan's summary."""

    name = "Plan"

    def get_link(self, operator: Any, *, ti_key: Any) -> str:
        """The address of the task's XCom page, where the summary is."""
        base = conf.get("api", "base_url", fallback="").rstrip("/")
        return f"{base}/dags/{quote(ti_key.dag_id)}/runs/{quote(ti_key.run_id)}/tasks/{quote(ti_key.task_id)}/xcom"
