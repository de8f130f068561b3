"""Airflow's REST API, as far as the demo and the tests use it: JSON in, JSON out."""

from __future__ import annotations

import contextlib
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import httpx

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_PAGE = 100
#: SQLite may make a request wait for the scheduler's transaction.
_TIMEOUT_SECONDS = 60.0
_FINISHED = frozenset({"success", "failed"})


class AirflowApiError(Exception):
    """Airflow refused a request; says which, and what it answered."""


class AirflowTimeoutError(Exception):
    """Something did not come to pass in time; says what."""


class AirflowApi:
    """A client with one account; it logs in when it is first used."""

    def __init__(self, url: str, user: str, password: str) -> None:
        self._credentials = {"username": user, "password": password}
        # A proxy named in the environment is not for loopback.
        self._client = httpx.Client(base_url=url, trust_env=False, timeout=_TIMEOUT_SECONDS)
        self._logged_in = False

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def token(self) -> str:
        """Return a new token, which is also the value of the UI's cookie."""
        return str(self._decoded(self._client.post("/auth/token", json=self._credentials))["access_token"])

    def health(self) -> dict[str, str]:
        """Return the state of each component; raises httpx.HTTPError while nothing answers."""
        answer = self._decoded(self._client.get("/api/v2/monitor/health"))
        return {name: str(component["status"]) for name, component in answer.items()}

    def dag_ids(self) -> set[str]:
        """Return the DAGs that were parsed so far."""
        return {dag["dag_id"] for dag in self.pages("/dags", "dags")}

    def import_errors(self) -> list[str]:
        """Return what went wrong with DAG files."""
        return [error["stack_trace"] for error in self.pages("/importErrors", "import_errors")]

    def add_connection(self, connection_id: str, uri: str) -> None:
        """Make a connection of type ``mysql``."""
        parts = urlsplit(uri)
        server = {"host": parts.hostname, "port": parts.port, "login": parts.username, "password": parts.password}
        self.request("POST", "/connections", {"connection_id": connection_id, "conn_type": "mysql", **server})

    def add_pool(self, name: str, slots: int) -> None:
        """Make a pool."""
        self.request("POST", "/pools", {"name": name, "slots": slots})

    def runs(self, dag_id: str) -> dict[str, str]:
        """Return the states of a DAG's runs, by their ids."""
        return {run["dag_run_id"]: run["state"] for run in self.pages(f"/dags/{dag_id}/dagRuns", "dag_runs")}

    def unpause(self, dag_id: str) -> None:
        """Let the scheduler run a DAG."""
        self.request("PATCH", f"/dags/{dag_id}", {"is_paused": False})

    def trigger(self, dag_id: str, run_id: str | None = None, conf: dict[str, Any] | None = None) -> str:
        """Start a run; return its id."""
        body = {"logical_date": None, "conf": conf or {}} | ({"dag_run_id": run_id} if run_id else {})
        return str(self.request("POST", f"/dags/{dag_id}/dagRuns", body)["dag_run_id"])

    def run(self, dag_id: str, run_id: str) -> dict[str, Any]:
        """Return a run: state, start_date, end_date and more."""
        return self.request("GET", f"/dags/{dag_id}/dagRuns/{run_id}")

    def task_instances(self, dag_id: str, run_id: str) -> list[dict[str, Any]]:
        """Return the run's task instances: task_id, map_index, rendered_map_index, state, try_number, pid and more."""
        return self.pages(f"/dags/{dag_id}/dagRuns/{run_id}/taskInstances", "task_instances")

    def xcom(self, dag_id: str, run_id: str, task_id: str, key: str = "return_value", map_index: int = -1) -> Any:
        """Return an XCom's value."""
        path = f"/dags/{dag_id}/dagRuns/{run_id}/taskInstances/{task_id}/xcomEntries/{key}"
        return self.request("GET", path, parameters={"map_index": map_index, "deserialize": False})["value"]

    def log(self, dag_id: str, run_id: str, task_id: str, try_number: int = 1, map_index: int = -1) -> str:
        """Return a task's log as text, one event a line, with the text of errors."""
        path = f"/dags/{dag_id}/dagRuns/{run_id}/taskInstances/{task_id}/logs/{try_number}"
        answer = self.request("GET", path, parameters={"map_index": map_index, "full_content": True})
        return "\n".join(_line(entry) for entry in answer["content"])

    def clear_task(
        self, dag_id: str, run_id: str, task_id: str, map_index: int | None = None, downstream: bool = False
    ) -> None:
        """Clear one task, or one of its mapped instances, and what comes after it only if so said."""
        which = task_id if map_index is None else [task_id, map_index]
        body = {"dry_run": False, "dag_run_id": run_id, "task_ids": [which], "only_failed": False}
        body["include_downstream"] = downstream
        self.request("POST", f"/dags/{dag_id}/clearTaskInstances", body)

    def mark_task(self, dag_id: str, run_id: str, task_id: str, map_index: int, state: str) -> None:
        """Say that a task has ended in this state, whatever it does."""
        path = f"/dags/{dag_id}/dagRuns/{run_id}/taskInstances/{task_id}/{map_index}"
        self.request("PATCH", path, {"new_state": state})

    def clear_run(self, dag_id: str, run_id: str) -> None:
        """Clear a whole run."""
        self.request("POST", f"/dags/{dag_id}/dagRuns/{run_id}/clear", {"dry_run": False, "only_failed": False})

    def await_run(self, dag_id: str, run_id: str, seconds: float, look: Callable[[], object] = lambda: None) -> str:
        """Return the run's state when it has ended; call `look` meanwhile. Raises AirflowTimeoutError.

        A server that is away for a while is waited for.
        """
        deadline = time.monotonic() + seconds
        while (state := self._state(dag_id, run_id)) not in _FINISHED:
            look()
            if time.monotonic() > deadline:
                raise AirflowTimeoutError(f"Run {run_id} of {dag_id} is still {state} after {seconds:.0f} s.")
            time.sleep(0.5)
        look()
        return state

    def _state(self, dag_id: str, run_id: str) -> str:
        with contextlib.suppress(httpx.TransportError):
            return str(self.run(dag_id, run_id)["state"])
        return "unknown"

    def pages(self, path: str, field: str) -> list[dict[str, Any]]:
        """Return a listing, whole."""
        found: list[dict[str, Any]] = []
        while True:
            answer = self.request("GET", path, parameters={"limit": _PAGE, "offset": len(found)})
            found += answer[field]
            if not answer[field] or len(found) >= answer["total_entries"]:
                return found

    def request(
        self, method: str, path: str, body: Any = None, parameters: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        """Send a request below /api/v2 and return the answer. Raises AirflowApiError, httpx.HTTPError."""
        if not self._logged_in:
            self._client.headers["Authorization"] = f"Bearer {self.token()}"
            self._logged_in = True
        return self._decoded(self._client.request(method, f"/api/v2{path}", json=body, params=parameters))

    @staticmethod
    def _decoded(response: httpx.Response) -> dict[str, Any]:
        if response.is_error:
            request = response.request
            raise AirflowApiError(
                f"Airflow answers {response.status_code} to {request.method} {request.url.path}: {response.text[:500]}"
            )
        return response.json() if response.content else {}


def _line(entry: Mapping[str, Any] | str) -> str:
    if isinstance(entry, str):
        return entry
    errors = (f"{error['exc_type']}: {error['exc_value']}" for error in entry.get("error_detail") or ())
    return " | ".join([str(entry.get("event", "")), *errors])
