"""A fleet: every tenant in a run of its own; one that is broken fails alone, and all are told of at the end."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest

from tests.e2e.dag_run import DagRun
from tests.integration.pair import rows_of, run_sql, value_of

if TYPE_CHECKING:
    from sandbox.airflow import Airflow

    from tests.integration.pair import Pair

TENANTS = ("fleet_one", "fleet_three", "fleet_two")
BROKEN = "fleet_two"


@pytest.fixture(scope="module")
def run(airflow: Airflow, mariadb: Pair) -> DagRun:
    for tenant in TENANTS:
        run_sql(
            mariadb.source,
            f"CREATE DATABASE {tenant}",
            f"CREATE TABLE {tenant}.t (id INT PRIMARY KEY)",
            f"INSERT INTO {tenant}.t VALUES {', '.join(f'({number})' for number in range(100))}",
        )
    run_sql(mariadb.source, f"CREATE VIEW {BROKEN}.v AS SELECT id FROM {BROKEN}.t", f"DROP TABLE {BROKEN}.t")
    for dag_id in ("fleet_tenant", "waiting_for_fleet_one"):
        airflow.await_dag(dag_id)
        airflow.api.unpause(dag_id)
    run = DagRun.triggered(airflow, "fleet")
    run.end()
    return run


def outcomes(run: DagRun) -> dict[str, dict[str, Any]]:
    return {outcome["tenant"]: outcome for outcome in run.xcom("fleet_report", "fleet")}


def test_one_broken_tenant_fails_alone_and_is_named(run: DagRun, mariadb: Pair) -> None:
    assert {tenant: outcome["state"] for tenant, outcome in outcomes(run).items()} == {
        "fleet_one": "success",
        "fleet_three": "success",
        BROKEN: "failed",
    }
    assert "v does not work on the source" in outcomes(run)[BROKEN]["error"]
    assert outcomes(run)["fleet_one"]["rows"] == 100
    assert value_of(mariadb.target, "SELECT COUNT(*) FROM fleet_three.t") == 100
    assert run.end() == "failed"
    assert run.states()["start_tenant"] == {"success"}
    assert f"1 of 3 tenants failed: {BROKEN}" in run.log("fleet_report")


def test_a_waiting_dag_is_told_what_was_moved(run: DagRun, airflow: Airflow) -> None:
    deadline = time.monotonic() + 60
    while not (runs := airflow.api.request("GET", "/dags/waiting_for_fleet_one/dagRuns")["dag_runs"]):
        assert time.monotonic() < deadline
        time.sleep(0.5)
    waiting = DagRun(airflow, "waiting_for_fleet_one", runs[0]["dag_run_id"])
    assert waiting.end() == "success"
    told = waiting.xcom("told")["extras"]
    assert [(event["rows"], event["verified"]) for event in told] == [(100, True)], told


def test_the_run_of_the_parent_cleared_runs_the_same_runs_of_the_tenants_again(
    run: DagRun, airflow: Airflow, mariadb: Pair
) -> None:
    assert outcomes(run)
    run_sql(mariadb.source, f"CREATE TABLE {BROKEN}.t (id INT PRIMARY KEY)", f"INSERT INTO {BROKEN}.t VALUES (1)")
    run_sql(mariadb.source, "INSERT INTO fleet_one.t VALUES (1000)")
    run.clear_all()
    assert run.end() == "success"
    assert {tenant: outcome["state"] for tenant, outcome in outcomes(run).items()} == dict.fromkeys(TENANTS, "success")
    assert len(airflow.api.request("GET", "/dags/fleet_tenant/dagRuns")["dag_runs"]) == 3
    assert rows_of(mariadb.target, "SELECT COUNT(*) FROM fleet_one.t") == [(101,)]


def test_a_tenants_run_that_is_gone_is_no_success(run: DagRun, airflow: Airflow) -> None:
    (gone,) = (run_id for run_id in airflow.api.runs("fleet_tenant") if run_id.endswith("__fleet_one"))
    airflow.api.request("DELETE", f"/dags/fleet_tenant/dagRuns/{quote(gone)}")
    run.clear_from("fleet_report")
    assert run.end() == "failed"
    assert outcomes(run)["fleet_one"]["state"] == "not started"
    assert outcomes(run)["fleet_three"]["state"] == "success"


def test_a_tenants_report_that_failed_is_seen_behind_clean_up_that_succeeded(airflow: Airflow, mariadb: Pair) -> None:
    run_sql(
        mariadb.source,
        "CREATE DATABASE hidden_one",
        "CREATE TABLE hidden_one.t (id INT PRIMARY KEY)",
        "CREATE VIEW hidden_one.v AS SELECT id FROM hidden_one.t",
        "DROP TABLE hidden_one.t",
    )
    airflow.await_dag("hiding_fleet_tenant")
    airflow.api.unpause("hiding_fleet_tenant")
    run = DagRun.triggered(airflow, "hiding_fleet")
    assert run.end() == "failed"
    assert set(airflow.api.runs("hiding_fleet_tenant").values()) == {"success"}
    (outcome,) = run.xcom("fleet_report", "fleet")
    assert outcome["state"] == "incomplete"
    assert "v does not work on the source" in outcome["error"]
