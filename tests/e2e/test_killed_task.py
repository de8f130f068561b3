"""A task that is killed while it loads is tried again by Airflow, and every row is there once."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from typing import TYPE_CHECKING

import pymysql

from airflow_mydump.engine.ledger import LEDGER
from tests.e2e.dag_run import DagRun
from tests.e2e.ordered_rows import ordered_rows
from tests.integration.pair import run_sql, value_of

if TYPE_CHECKING:
    from sandbox.airflow import Airflow

    from tests.integration.pair import Pair

ROWS = 60_000


def test_a_killed_data_task_goes_on_where_it_was(airflow: Airflow, mariadb: Pair) -> None:
    fill(mariadb, "killed")
    run = DagRun.triggered(airflow, "killed")
    await_chunks(mariadb, run, 10)
    (task,) = run.instances("data_phase")
    os.kill(task["pid"], signal.SIGKILL)
    assert run.end() == "success"
    (task,) = run.instances("data_phase")
    assert task["try_number"] == 2
    second = run.xcom("data_phase", map_index=0)
    assert second["skipped"] >= 10, "the chunks that the first try had committed"
    assert second["chunks"] > 0, "the kill came too late to show anything"
    assert second["rows"] < 2 * ROWS
    assert ordered_rows(mariadb.target, "killed") == ordered_rows(mariadb.source, "killed")
    assert run.report()["tenants"][0]["rows"] == 2 * ROWS


def test_the_others_finish_what_a_killed_worker_of_a_snapshot_leaves(airflow: Airflow, mariadb: Pair) -> None:
    fill(mariadb, "bereaved")
    run = DagRun.triggered(airflow, "bereaved")
    await_chunks(mariadb, run, 10)
    run_sql(mariadb.source, "DELETE FROM bereaved.with_key")  # nobody can read that again but in the snapshot
    os.kill(run.instances("data_phase")[0]["pid"], signal.SIGKILL)
    assert run.end() == "success"
    first, second = run.instances("data_phase")
    assert (first["try_number"], second["try_number"]) == (2, 1)
    assert run.xcom("data_phase", map_index=0)["chunks"] == 0
    assert run.report()["tenants"][0]["rows"] == 2 * ROWS
    assert value_of(mariadb.target, "SELECT COUNT(DISTINCT id) FROM bereaved.with_key") == ROWS
    assert run.report()["consistency"].startswith("snapshot: all rows")


def fill(pair: Pair, database: str) -> None:
    """A table with a key, in many chunks, and one without any, in which a row loaded twice would stay."""
    numbers = f"SELECT seq, REPEAT(MD5(seq), 3) FROM seq_1_to_{ROWS}"
    run_sql(
        pair.source,
        f"CREATE DATABASE {database}",
        f"USE {database}",
        f"CREATE TABLE {database}.with_key (id INT PRIMARY KEY, text VARCHAR(100))",
        f"CREATE TABLE {database}.without_key (id INT, text VARCHAR(100))",
        f"INSERT INTO {database}.with_key {numbers}",
        f"INSERT INTO {database}.without_key {numbers}",
        f"ANALYZE TABLE {database}.with_key, {database}.without_key",
    )


def await_chunks(pair: Pair, run: DagRun, wanted: int) -> None:
    """Return when so many chunks were committed."""
    query = (
        f"SELECT COUNT(*) FROM {LEDGER.sql} WHERE run_key LIKE '{run.dag_id}/%' AND step = 'load' AND state = 'done'"
    )
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        # there is no ledger before the first plan
        with contextlib.suppress(pymysql.err.ProgrammingError, pymysql.err.OperationalError):
            if value_of(pair.target, query) >= wanted:
                return
        time.sleep(0.02)
    raise AssertionError(f"no {wanted} chunks after 60 s: {run.states()}")
