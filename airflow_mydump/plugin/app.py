"""The page's web application: a shell without data for everybody, and data for whoever may read the DAG.

Airflow mounts a plugin's application without any authentication, so every route with data asks Airflow's own
dependencies. On Airflow 3.1 these take no cookie, and what a browser frames sends no header: the shell cannot be
guarded, and therefore holds nothing.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import msgspec
from airflow.api_fastapi.app import get_auth_manager
from airflow.api_fastapi.auth.managers.models.resource_details import DagAccessEntity, DagDetails
from airflow.api_fastapi.common.db.common import SessionDep
from airflow.api_fastapi.core_api.security import GetUserDep, requires_access_dag
from airflow.models.dag import DagModel
from fastapi import Depends, FastAPI, HTTPException, Query, Request, Response
from fastapi.responses import FileResponse
from fastapi.staticfiles import StaticFiles

from airflow_mydump.plugin.move import moves_of
from airflow_mydump.plugin.recorded_run import dags_with_runs, read_run, read_runs
from airflow_mydump.plugin.run_line import run_line

_ASSETS = Path(__file__).parent / "assets"
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}
_NEEDED = (DagAccessEntity.RUN, DagAccessEntity.TASK_INSTANCE, DagAccessEntity.XCOM)
"""What a user must be allowed to read of a DAG to see its runs here."""

app = FastAPI(title="Migrations", docs_url=None, redoc_url=None, openapi_url=None)


@app.middleware("http")
async def _guard_content(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
    response = await call_next(request)
    response.headers.update(_HEADERS)
    # Data is never kept; of the page's own files a browser asks whether they have changed.
    response.headers["Cache-Control"] = "no-store" if "/api/" in request.url.path else "no-cache"
    return response


@app.get("/", include_in_schema=False)
def shell() -> FileResponse:
    """The page, without data."""
    return FileResponse(_ASSETS / "index.html")


@app.get("/api/runs")
def runs(user: GetUserDep, session: SessionDep, limit: int = Query(50, ge=1, le=200)) -> Response:
    """The last runs of all DAGs that the user may read."""
    permitted = [dag_id for dag_id in dags_with_runs(session) if _may_read(user, dag_id)]
    lines = [run_line(run) for run in read_runs(session, permitted, limit)]
    return _json({"now": time.time(), "runs": lines})


@app.get(
    "/api/dags/{dag_id}/runs/{run_id:path}",
    dependencies=[Depends(requires_access_dag("GET", entity)) for entity in _NEEDED],
)
def run(dag_id: str, run_id: str, session: SessionDep) -> Response:
    """All about one run; 404 if it has no task of this package."""
    found = read_run(session, dag_id, run_id)
    if found is None:
        raise HTTPException(404, "This run has no migration, dump or restore.")
    return _json({"now": time.time(), "run": run_line(found), "moves": moves_of(found)})


# Last, because it answers for every path.
app.mount("/", StaticFiles(directory=_ASSETS))


def _may_read(user: Any, dag_id: str) -> bool:
    details = DagDetails(id=dag_id, team_name=DagModel.get_team_name(dag_id))
    manager = get_auth_manager()
    return all(
        manager.is_authorized_dag(method="GET", access_entity=entity, details=details, user=user) for entity in _NEEDED
    )


def _json(content: Any) -> Response:
    return Response(msgspec.json.encode(content), media_type="application/json")
