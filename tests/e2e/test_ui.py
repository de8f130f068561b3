"""A migration in Airflow's UI: a constant number of tasks, mapped ones by name."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.e2e.browser import find_browser, photograph
from tests.e2e.dag_run import DagRun
from tests.integration.pair import run_sql

if TYPE_CHECKING:
    from sandbox.airflow import Airflow

    from tests.integration.pair import Pair

PHASES = [
    "preflight",
    "prefetch_metadata",
    "chunk_plan",
    "schema_phase",
    "data_phase",
    "index_phase",
    "verify",
    "post_phase",
    "report",
]


@pytest.fixture(scope="module")
def run(airflow: Airflow, mariadb: Pair) -> DagRun:
    run_sql(
        mariadb.source,
        "CREATE DATABASE pictured",
        "CREATE TABLE pictured.orders (id INT PRIMARY KEY)",
        "CREATE TABLE pictured.customers (id INT PRIMARY KEY)",
    )
    run = DagRun.triggered(airflow, "pictured")
    assert run.end() == "success"
    return run


@pytest.mark.parametrize("page", ["grid", "data_phase"])
def test_the_page_shows_the_run(run: DagRun, airflow: Airflow, tmp_path: Path, page: str) -> None:
    browser = find_browser()
    if browser is None:
        pytest.skip("chromium is not installed")
    pictures = Path(os.environ.get("MYDUMP_SCREENSHOTS") or tmp_path)
    pictures.mkdir(parents=True, exist_ok=True)
    path = f"/dags/{run.dag_id}/runs/{run.run_id}" + ("/tasks/data_phase/mapped" if page == "data_phase" else "")
    document = photograph(browser, airflow, path, pictures / f"{page}.png", tmp_path / "profile")
    assert (pictures / f"{page}.png").stat().st_size > 10_000
    expected = PHASES if page == "grid" else ["pictured.customers", "pictured.orders"]
    for name in (run.dag_id, *expected):
        assert name in document
