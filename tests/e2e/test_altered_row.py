"""A row that changes on the target after it was loaded makes the run red, and the report says where."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.e2e.dag_run import DagRun
from tests.integration.pair import run_sql

if TYPE_CHECKING:
    from sandbox.airflow import Airflow

    from tests.integration.pair import Pair


def test_the_run_is_red_and_the_report_names_the_database(airflow: Airflow, mariadb: Pair) -> None:
    for database in ("altered", "unaltered"):
        run_sql(
            mariadb.source,
            f"CREATE DATABASE {database}",
            f"USE {database}",
            f"CREATE TABLE {database}.prices (id INT PRIMARY KEY, price DECIMAL(9,2))",
            f"INSERT INTO {database}.prices SELECT seq, seq / 7 FROM seq_1_to_100",
        )
    run = DagRun.triggered(airflow, "altered")
    assert run.end() == "failed"
    states = run.states()
    assert states["alter_a_row"] == {"success"}
    assert "failed" in states["migration.verify"]
    assert states["migration.report"] == {"failed"}
    report = run.report("migration.report")
    assert {tenant["schema"]: tenant["verified"] for tenant in report["tenants"]}["altered"] is False
    assert any(difference.startswith("altered: ") for difference in report["differences"])
    assert "altered" in run.log("migration.report")
