"""There is one message for a run, from Airflow's own callbacks, and it says what failed and what was moved."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import TYPE_CHECKING

from tests.e2e.dag_run import DagRun
from tests.integration.pair import rows_of, run_sql

if TYPE_CHECKING:
    from sandbox.airflow import Airflow

    from tests.integration.pair import Pair


def messages(airflow: Airflow, number: int) -> list[dict[str, str]]:
    """The messages, when there are as many. One too many is seen by the next who looks."""
    file = Path(airflow.environment()["MYDUMP_WORK_DIRECTORY"]) / "alerts.jsonl"
    deadline = time.monotonic() + 120
    while not file.exists() or len(file.read_text().splitlines()) < number:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    return [json.loads(line) for line in file.read_text().splitlines()]


def test_a_run_that_fails_and_one_that_does_not_have_a_message_each(airflow: Airflow, mariadb: Pair) -> None:
    run = DagRun.triggered(airflow, "alerted")
    assert run.end() == "failed"
    (failed,) = messages(airflow, 1)
    assert failed["subject"] == "alerted: FAILED in prefetch_metadata"
    assert "has no database alerted" in failed["text"]
    assert run.run_id in failed["text"]

    run_sql(
        mariadb.source,
        "CREATE DATABASE alerted",
        "CREATE TABLE alerted.t (id INT PRIMARY KEY)",
        "INSERT INTO alerted.t VALUES (1), (2)",
    )
    run.clear_all()
    assert run.end() == "success"
    _, good = messages(airflow, 2)
    assert good["subject"] == "alerted: 1 database, 2 rows moved"


def test_a_dry_run_chosen_in_the_form_changes_nothing_and_skips_the_rest(airflow: Airflow, mariadb: Pair) -> None:
    before = rows_of(mariadb.target, "SELECT * FROM alerted.t")
    run_sql(mariadb.source, "INSERT INTO alerted.t VALUES (3)")
    body = {"conf": {"dry_run": True, "tenants": ["alerted"]}, "logical_date": None}
    run_id = airflow.api.request("POST", "/dags/alerted/dagRuns", body)["dag_run_id"]
    run = DagRun(airflow, "alerted", run_id)
    assert run.end() == "success"
    states = run.states()
    done = {"preflight", "prefetch_metadata", "chunk_plan"}
    assert {task for task, found in states.items() if found == {"success"}} == done
    assert {task for task, found in states.items() if found == {"skipped"}} == states.keys() - done
    assert "alerted: 1 tables" in run.xcom("chunk_plan", "plan summary")
    assert rows_of(mariadb.target, "SELECT * FROM alerted.t") == before
    assert len(messages(airflow, 3)) == 3
