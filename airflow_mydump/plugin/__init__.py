"""What this package adds to Airflow's UI."""

from __future__ import annotations

from typing import Any

from airflow.plugins_manager import AirflowPlugin

from airflow_mydump.operators.plan_link import PlanLink


async def page(scope: Any, receive: Any, send: Any) -> None:
    """The web application behind `airflow_mydump.plugin.app`.

    It is imported with its first request: every process of Airflow loads plugins, and only the API server serves.
    """
    from airflow_mydump.plugin.app import app

    await app(scope, receive, send)


class MydumpPlugin(AirflowPlugin):
    """Adds the page ``Migrations`` to the UI and a tab with the same name to each DAG run, and makes the link ``Plan``
    of the chunk_plan task known."""

    # No address begins with a slash: the UI may live below a path of its own ([api] base_url).
    name = "airflow_mydump"
    operator_extra_links = [PlanLink()]  # noqa: RUF012
    fastapi_apps = [{"app": page, "url_prefix": "/mydump", "name": "Migrations"}]  # noqa: RUF012
    external_views = [  # noqa: RUF012
        {
            "name": "Migrations",
            "href": "mydump/",
            "destination": "nav",
            "category": "browse",
            "url_route": "migrations",
        },
        {
            "name": "Migration",
            # A fragment is never sent to a server, and keeps the plus signs of run ids.
            "href": "mydump/#dag={DAG_ID}&run={RUN_ID}",
            "destination": "dag_run",
            "url_route": "migration",
            "icon": "mydump/icon.svg",
            "icon_dark_mode": "mydump/icon-dark.svg",
        },
    ]
