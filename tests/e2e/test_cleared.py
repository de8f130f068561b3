"""A run that was right and is cleared is judged by what its tasks do now, not by what they left before."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.e2e.dag_run import DagRun
from tests.integration.contents import assert_same_contents
from tests.integration.pair import run_sql

if TYPE_CHECKING:
    from sandbox.airflow import Airflow

    from tests.integration.pair import Pair

MAKE = ("CREATE DATABASE cleared", "CREATE TABLE cleared.t (id INT PRIMARY KEY)", "INSERT INTO cleared.t VALUES (1)")


def test_a_run_that_cannot_begin_again_is_no_success(airflow: Airflow, mariadb: Pair) -> None:
    run_sql(mariadb.source, *MAKE)
    run = DagRun.triggered(airflow, "cleared")
    assert run.end() == "success"

    run_sql(mariadb.source, "DROP DATABASE cleared")
    run.clear_all()
    assert run.end() == "failed"
    states = run.states()
    assert states["prefetch_metadata"] == states["report"] == {"failed"}
    assert states["chunk_plan"] == states["verify"] == {"upstream_failed"}
    told = run.log("report", 2)
    assert "the run has no plan, because an earlier task failed: prefetch_metadata: the source" in told
    assert "complete and verified" not in told

    run_sql(mariadb.source, *MAKE)
    run.clear_all()
    assert run.end() == "success"
    assert_same_contents(mariadb.source, mariadb.target, "cleared")
