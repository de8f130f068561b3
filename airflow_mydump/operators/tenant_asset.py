"""The asset that a database on a target is, for DAGs that are to run when it was moved."""

from __future__ import annotations

from urllib.parse import quote

from airflow.sdk import Asset


def tenant_asset(conn_id: str, schema: str) -> Asset:
    """The asset of a database, by the connection to its server: ``DAG("bills", schedule=[tenant_asset("mysql_new",
    "shop")])`` runs whenever a migration or restore into ``shop`` was complete."""
    return Asset(name=f"{conn_id}/{schema}", uri=f"mydump://{quote(conn_id)}/{quote(schema, safe='')}")
