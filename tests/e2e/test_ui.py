"""A migration in Airflow's UI: a constant number of tasks, mapped ones by name; and the page of this package."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

import httpx
import pytest
from sandbox.demo_progress import PHASES

from tests.e2e.browser import find_browser, photograph
from tests.e2e.dag_run import DagRun
from tests.integration.pair import run_sql

if TYPE_CHECKING:
    from sandbox.airflow import Airflow

    from tests.integration.pair import Pair


@pytest.fixture(scope="module")
def run(airflow: Airflow, mariadb: Pair) -> DagRun:
    run_sql(
        mariadb.source,
        "CREATE DATABASE pictured",
        "CREATE TABLE pictured.orders (id INT PRIMARY KEY)",
        "CREATE TABLE pictured.customers (id INT PRIMARY KEY)",
        "INSERT INTO pictured.customers SELECT seq FROM pictured.seq_1_to_1234",
        "CREATE TABLE pictured.`<b>odd</b>` (id INT PRIMARY KEY)",
    )
    run = DagRun.triggered(airflow, "pictured")
    assert run.end() == "success"
    return run


@pytest.fixture(scope="module")
def profile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One for all pictures: what the browser has fetched and compiled once it has."""
    return tmp_path_factory.mktemp("profile")


def picture(airflow: Airflow, profile: Path, path: str, name: str) -> str:
    browser = find_browser()
    if browser is None:
        pytest.skip("chromium is not installed")
    pictures = Path(os.environ.get("MYDUMP_SCREENSHOTS") or profile.parent)
    pictures.mkdir(parents=True, exist_ok=True)
    document = photograph(browser, airflow, path, pictures / f"{name}.png", profile)
    assert (pictures / f"{name}.png").stat().st_size > 10_000
    return document


@pytest.mark.parametrize("page", ["grid", "data_phase"])
def test_airflows_page_shows_the_run(run: DagRun, airflow: Airflow, profile: Path, page: str) -> None:
    path = f"/dags/{run.dag_id}/runs/{run.run_id}" + ("/tasks/data_phase/mapped" if page == "data_phase" else "")
    document = picture(airflow, profile, path, page)
    expected = list(PHASES) if page == "grid" else ["worker 1", "worker 2"]
    for name in (run.dag_id, *expected):
        assert name in document


def test_our_page_lists_the_run(run: DagRun, airflow: Airflow, profile: Path) -> None:
    document = picture(airflow, profile, "/mydump/", "migrations")
    for text in (run.dag_id, run.run_id, "verified", "1,234"):
        assert text in document


def test_our_page_shows_all_about_the_run(run: DagRun, airflow: Airflow, profile: Path) -> None:
    path = f"/mydump/#dag={run.dag_id}&run={run.run_id}"  # unquoted, as Airflow 3.1 fills it in
    document = picture(airflow, profile, path, "migration")
    for text in (run.run_id, *PHASES, "1,234", "every chunk compared", "Slowest chunks", "Consistency"):
        assert text in document
    assert "pictured.&lt;b&gt;odd&lt;/b&gt;" in document
    assert "<b>" not in document


def test_airflow_frames_our_page(run: DagRun, airflow: Airflow, profile: Path) -> None:
    path = f"/dags/{run.dag_id}/runs/{run.run_id}/plugin/migration"
    document = picture(airflow, profile, path, "framed")
    assert re.search(r'<iframe[^>]*src="mydump/#dag=pictured&amp;run=manual', document)


@pytest.mark.parametrize("path", ["/mydump/api/runs", "/mydump/api/dags/pictured/runs/{run_id}"])
def test_our_page_has_no_data_for_strangers(run: DagRun, airflow: Airflow, path: str) -> None:
    url = airflow.url + path.format(run_id=quote(run.run_id))
    with httpx.Client(trust_env=False, timeout=60) as client:
        assert client.get(url).status_code == 401
        assert client.get(url, headers={"Authorization": "Bearer forged"}).status_code == 403
        answer = client.get(url, headers={"Authorization": f"Bearer {airflow.api.token()}"})
        assert answer.status_code == 200
        assert run.run_id in answer.text
