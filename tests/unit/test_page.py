"""The page gives data to nobody who may not read the DAG, and nothing that a browser could run."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from airflow.api_fastapi.common.db.common import _get_session
from airflow.api_fastapi.core_api import security
from airflow.api_fastapi.core_api.security import get_user
from airflow.models import import_all_models
from airflow.models.dag import DagModel
from airflow.models.dagrun import DagRun
from airflow.models.taskinstance import TaskInstance
from airflow.models.xcom import XComModel
from fastapi import HTTPException
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient
from sqlalchemy import create_engine, insert
from sqlalchemy.orm import Session
from sqlalchemy.pool import StaticPool

from airflow_mydump.engine.phases.report import Report, TenantReport
from airflow_mydump.operators.outline import BEGUN
from airflow_mydump.operators.report import REPORT
from airflow_mydump.operators.xcom_value import plain
from airflow_mydump.plugin import MydumpPlugin
from airflow_mydump.plugin import app as page
from airflow_mydump.plugin.app import _ASSETS, app

NOW = datetime(2026, 11, 1, tzinfo=timezone.utc)
RUN_ID = "manual__2026-11-01T00:00:00+00:00"


class Manager:
    """An auth manager under which Ann reads the DAGs named for her, but of one no XComs."""

    def is_authorized_dag(self, *, method: str, access_entity: Any, details: Any, user: str) -> bool:
        if details.id == "ann_without_xcoms":
            return bool(access_entity.name != "XCOM")
        return method == "GET" and str(details.id).startswith(user)


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> Iterator[TestClient]:
    engine = create_engine("sqlite://", connect_args={"check_same_thread": False}, poolclass=StaticPool)
    import_all_models()  # type: ignore[no-untyped-call]
    DagRun.metadata.create_all(engine)
    monkeypatch.setattr(security, "get_auth_manager", Manager)
    monkeypatch.setattr(page, "get_auth_manager", Manager)
    monkeypatch.setattr(DagModel, "get_team_name", lambda dag_id: None)  # asks Airflow's own database
    with Session(engine) as session:
        for number, dag_id in enumerate(("ann_one", "ann_two", "ann_without_xcoms", "bob_one")):
            record(session, number + 1, dag_id)
        record(session, 9, "ann_without_mydump", key="return_value", operator="BashOperator")
        app.dependency_overrides[_get_session] = lambda: session
        app.dependency_overrides[get_user] = lambda: "ann"
        yield TestClient(app)
    app.dependency_overrides.clear()


def record(session: Session, number: int, dag_id: str, key: str = BEGUN, operator: str = "PreflightOperator") -> None:
    common = {"dag_id": dag_id, "run_id": RUN_ID, "task_id": "preflight"}
    run = {"id": number, "dag_id": dag_id, "run_id": RUN_ID, "state": "running", "run_type": "manual"}
    session.execute(
        insert(DagRun.__table__).values(**run, run_after=NOW + timedelta(hours=number), start_date=NOW, clear_number=0)
    )
    session.execute(
        insert(TaskInstance.__table__).values(
            **common,
            map_index=-1,
            operator=operator,
            state="running",
            start_date=NOW,
            try_number=1,
            pool="p",
            pool_slots=1,
        )
    )
    session.execute(
        insert(XComModel.__table__).values(**common, dag_run_id=number, map_index=-1, key=key, value="migration")
    )
    session.commit()


def runs(client: TestClient) -> list[str]:
    return [run["dag_id"] for run in client.get("/api/runs").json()["runs"]]


def test_only_runs_of_dags_that_the_user_may_read_are_listed_newest_first(client: TestClient) -> None:
    assert runs(client) == ["ann_two", "ann_one"]
    app.dependency_overrides[get_user] = lambda: "bob"
    assert runs(client) == ["bob_one"]
    app.dependency_overrides[get_user] = lambda: "nobody"
    assert runs(client) == []


@pytest.mark.parametrize(("state", "rows"), [("success", 7), ("failed", None), ("running", None), (None, None)])
def test_a_runs_rows_are_listed_when_its_report_has_ended(client: TestClient, state: str | None, rows: int) -> None:
    session: Session = app.dependency_overrides[_get_session]()
    tenant = TenantReport("d", 1, 0, 0, 7, 70, 1.0, True)
    report = plain(Report("k", "p", "s", "t", "none", (tenant,), (), ()))
    common = {"dag_id": "ann_one", "run_id": RUN_ID, "task_id": "report", "map_index": -1}
    task = {"operator": "ReportOperator", "state": state, "try_number": 1, "pool": "p", "pool_slots": 1}
    session.execute(insert(TaskInstance.__table__).values(**common, **task))
    session.execute(insert(XComModel.__table__).values(**common, dag_run_id=1, key=REPORT, value=report))
    listed = {run["dag_id"]: run for run in client.get("/api/runs").json()["runs"]}
    assert (listed["ann_one"]["rows"], listed["ann_one"]["verified"]) == (rows, True if rows else None)
    assert listed["ann_two"]["rows"] is None


def test_one_run_is_shown_to_those_who_may_read_its_dag(client: TestClient) -> None:
    answer = client.get(f"/api/dags/ann_one/runs/{RUN_ID}")
    assert answer.status_code == 200
    assert answer.json()["run"]["run_id"] == RUN_ID
    assert [move["kind"] for move in answer.json()["moves"]] == ["migration"]


@pytest.mark.parametrize("dag_id", ["bob_one", "ann_without_xcoms", "~", "no_such_dag"])
def test_one_run_is_refused_to_others(client: TestClient, dag_id: str) -> None:
    answer = client.get(f"/api/dags/{dag_id}/runs/{RUN_ID}")
    assert (answer.status_code, list(answer.json())) == (403, ["detail"])


@pytest.mark.parametrize("dag_id", ["ann_without_mydump", "ann_unknown"])
def test_a_run_without_our_tasks_is_not_found(client: TestClient, dag_id: str) -> None:
    assert client.get(f"/api/dags/{dag_id}/runs/{RUN_ID}").status_code == 404


def test_no_route_gives_data_to_a_user_who_is_not_known(client: TestClient) -> None:
    def unknown() -> None:
        raise HTTPException(401, "Not authenticated")

    app.dependency_overrides[get_user] = unknown
    routes = [route.path for route in app.routes if isinstance(route, APIRoute)]
    assert len(routes) == 3
    for path in routes:
        answer = client.get(path.replace("{dag_id}", "ann_one").replace("{run_id:path}", RUN_ID))
        expected = 200 if path == "/" else 401
        assert answer.status_code == expected, path


def test_the_browser_is_told_to_run_the_pages_own_files_only(client: TestClient) -> None:
    for path in ("/", "/main.js", "/api/runs"):
        policy = client.get(path).headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "script-src 'self'" in policy
        assert "unsafe" not in policy
    assert client.get("/api/runs").headers["Cache-Control"] == "no-store"


def test_text_never_becomes_markup() -> None:
    scripts = sorted(_ASSETS.glob("*.js"))
    assert scripts
    for script in scripts:
        assert not re.search(r"innerHTML|outerHTML|insertAdjacent|document\.write|eval\(", script.read_text()), script
    shell = (_ASSETS / "index.html").read_text()
    assert re.findall(r"<script[^>]*>([^<]*)</script>", shell) == [""]
    assert not re.search(r"\son\w+=|\sstyle=", shell)


def test_every_file_that_the_page_names_is_there() -> None:
    for file in (*_ASSETS.glob("*.js"), _ASSETS / "index.html"):
        for name in re.findall(r'(?:from "\./|(?:src|href)=")([\w.-]+)"', file.read_text()):
            assert (_ASSETS / name).is_file(), (file, name)
    for view in MydumpPlugin.external_views:
        for key in ("icon", "icon_dark_mode"):
            assert not view.get(key) or (_ASSETS / view[key].removeprefix("mydump/")).is_file()


def test_addresses_are_relative_so_that_airflow_may_live_below_a_path() -> None:
    for view in MydumpPlugin.external_views:
        assert view["href"].startswith("mydump/")
    for script in _ASSETS.glob("*.js"):
        assert not re.search(r"""["'`]/(?:mydump|dags|api)""", script.read_text()), script
