"""A run that cannot be right fails at once, at the right task, with one clear sentence, and changes nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.e2e.dag_run import DagRun
from tests.integration.contents import everything
from tests.integration.pair import run_sql

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sandbox.airflow import Airflow

    from tests.integration.pair import Pair

#: The task that finds it out, and what its sentence names.
FINDINGS = {
    "unknown_connection": ("preflight", "nobody_made_this"),
    "unknown_target_connection": ("preflight", "nobody_made_this"),
    "unknown_database": ("prefetch_metadata", "there_is_no_such_database"),
    "onto_itself": ("preflight", "database refused"),
    "misspelt": ("preflight", "has dryrun, which would be ignored"),
}
CONFS = {"misspelt": {"dryrun": True}}


@pytest.fixture(scope="module")
def runs(airflow: Airflow, mariadb: Pair) -> Iterator[Mapping[str, DagRun]]:
    """All of them, one after the other; the target is the same before and after."""
    for server in (mariadb.source, mariadb.target):
        run_sql(server, "CREATE DATABASE refused", "CREATE TABLE refused.t (id INT PRIMARY KEY)")
    run_sql(mariadb.target, "INSERT INTO refused.t VALUES (1), (2)")
    before = everything(mariadb.target)
    runs = {name: DagRun.triggered(airflow, name, CONFS.get(name)) for name in FINDINGS}
    for run in runs.values():
        run.end()
    assert everything(mariadb.target) == before
    yield runs


@pytest.mark.parametrize("name", FINDINGS)
def test_it_fails_before_anything_changes_and_without_a_retry(runs: Mapping[str, DagRun], name: str) -> None:
    run, finder = runs[name], FINDINGS[name][0]
    assert run.end() == "failed"
    states = run.states()
    assert {task for task, state in states.items() if state == {"failed"}} == {finder, "report"}
    assert states["schema_phase"] == states["data_phase"] == {"upstream_failed"}
    assert run.tries()[finder] == 1


@pytest.mark.parametrize("name", FINDINGS)
def test_the_log_has_a_clear_sentence(runs: Mapping[str, DagRun], name: str) -> None:
    finder, words = FINDINGS[name]
    errors = [line for line in runs[name].log(finder).splitlines() if "Exception: " in line]
    assert len(errors) == 1
    assert words in errors[0]


@pytest.mark.parametrize("name", FINDINGS)
def test_the_report_says_that_there_is_nothing_to_report(runs: Mapping[str, DagRun], name: str) -> None:
    assert runs[name].tries()["report"] == 1
    assert "the run has no plan, because an earlier task failed" in runs[name].log("report")
