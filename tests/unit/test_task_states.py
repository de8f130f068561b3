"""What became of a run's tasks, by Airflow's word for each instance."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import AirflowFailException, AirflowSkipException
from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk.exceptions import AirflowRuntimeError, ErrorType
from airflow.sdk.execution_time.comms import ErrorResponse

from airflow_mydump.dag_factory import (
    ConsistencyConfig,
    FleetConfig,
    FleetDag,
    MigrationDag,
    SourceConfig,
    TargetConfig,
)
from airflow_mydump.engine.phases.report import Report
from airflow_mydump.operators.fleet_report import FleetReportOperator
from airflow_mydump.operators.report import ReportOperator
from airflow_mydump.operators.task_states import TaskStates

RUN = "manual__1"
PLAN = {"run_key": "k", "plan": "p", "epoch": "", "ledger": "airflow_mydump"}


class Instance:
    """A task instance whose XComs are an earlier time's, as far as ``xcoms`` goes; ``runs`` are those of other DAGs,
    with the states of their tasks."""

    map_index = -1
    log_url = ""

    def __init__(
        self, states: dict[str, str | None], xcoms: dict[str, Any], runs: dict[str, dict[str, str | None]] | None = None
    ) -> None:
        self._states, self._xcoms, self._runs = states, xcoms, runs or {}
        self.pushed: dict[str, Any] = {}

    def get_task_states(self, dag_id: str, task_ids: list[str], run_ids: list[str]) -> dict[str, dict[str, str | None]]:
        (run_id,) = run_ids
        found = self._states if run_id == RUN else self._runs[run_id]
        names = [name for name in found if any(name == task or name.startswith(f"{task}_") for task in task_ids)]
        return {run_id: {name: found[name] for name in names}}

    def xcom_pull(self, task_ids: Any, key: str = "return_value", map_indexes: Any = None, **more: Any) -> Any:
        if isinstance(map_indexes, list):
            return [self._xcoms.get(f"{task_ids}_{index}/{key}") for index in map_indexes]
        found = [self._xcoms.get(f"{task}/{key}") for task in ([task_ids] if isinstance(task_ids, str) else task_ids)]
        return found[0] if isinstance(task_ids, str) else found

    def xcom_push(self, key: str, value: Any) -> None:
        self.pushed[key] = value

    def get_dagrun_state(self, dag_id: str, run_id: str) -> str:
        if run_id not in self._runs:
            detail = {"status_code": 404, "message": "The DagRun was not found"}
            raise AirflowRuntimeError(ErrorResponse(error=ErrorType.API_SERVER_ERROR, detail=detail))
        return "success"


def context(task: Any, instance: Instance) -> dict[str, Any]:
    return {"ti": instance, "task": task, "run_id": RUN, "params": {}}


def test_instances_of_mapped_tasks_are_told_from_tasks_with_longer_names() -> None:
    states = {"g.a": "success", "g.a_0": "failed", "g.a_b": "failed", "g.c": None}
    task = SimpleNamespace(dag_id="d")
    found = TaskStates.of(context(task, Instance(states, {})), ["g.a", "g.a_b", "g.c", "g.d"])
    assert found.of_task("g.a") == {"success", "failed"}
    assert found.of_task("g.c") == {"None"}
    assert found.failed() == ["g.a", "g.a_b"]
    assert found.succeeded("g.a")
    assert not found.succeeded("g.a", 0)
    assert not found.succeeded("g.d")


def report(states: dict[str, str | None], **xcoms: Any) -> Instance:
    dag = MigrationDag(
        "m",
        source=SourceConfig("a", schemas=["s"]),
        target=TargetConfig("b", emit_assets=False),
        consistency=ConsistencyConfig("replica"),
        schedule=None,
    )
    with dag:
        dag.phases.report >> EmptyOperator(task_id="publish")
    instance = Instance(states, {"chunk_plan/plan": PLAN, **xcoms})
    ReportOperator.execute(dag.phases.report, context(dag.phases.report, instance))
    return instance


def test_a_plan_of_an_earlier_time_is_none() -> None:
    stale = {"phase": "data_phase", "map_index": -1, "label": "", "error": "long ago", "retryable": True, "link": ""}
    fresh = stale | {"phase": "preflight", "error": "no such server"}
    xcoms = {"preflight/failure": fresh, "data_phase/failure": stale}
    states: dict[str, str | None] = {"preflight": "failed", "chunk_plan": "upstream_failed"}
    states["data_phase_0"] = "upstream_failed"
    with pytest.raises(
        AirflowFailException, match="no plan, because an earlier task failed: preflight: no such server"
    ):
        report(states, **xcoms)


def test_where_the_plan_was_skipped_the_report_is_too() -> None:
    with pytest.raises(AirflowSkipException):
        report({"chunk_plan": "skipped"})


@pytest.mark.parametrize(
    ("states", "said"),
    [
        (
            {"verify_0": "failed", "post_phase": "upstream_failed"},
            "but verify, post_phase failed, or could",
        ),
        ({"resume_applier": "failed", "guard_applier": "failed", "publish": "upstream_failed"}, ""),
    ],
)
def test_a_complete_run_is_none_if_a_phase_of_it_failed_now(
    states: dict[str, str | None], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_B", "mysql://nobody@203.0.113.1:1/")
    complete = Report("k", "p", "a", "b", "", tenants=(), differences=(), notes=())
    monkeypatch.setattr("airflow_mydump.engine.phases.report.report_phase", lambda *arguments: complete)
    if not said:
        assert report({"chunk_plan": "success", **states}).pushed["failures"] == []
        return
    with pytest.raises(AirflowFailException, match=said):
        report({"chunk_plan": "success", **states})


GOOD: dict[str, str | None] = {"find_tenants": "success", "start_tenant_0": "success", "start_tenant_1": "success"}
TRIGGERED = {"start_tenant_0/trigger_run_id": "a", "start_tenant_1/trigger_run_id": "b"}
REPORTED: dict[str, dict[str, str | None]] = {name: {"report": "success"} for name in "ab"}


def fleet_report(
    states: dict[str, str | None],
    xcoms: dict[str, Any],
    runs: dict[str, dict[str, str | None]],
    **asked: Any,
) -> tuple[str, list[dict[str, Any]]]:
    """What the report of a fleet of two tenants says, which is nothing if it succeeds, and its table."""
    dag = FleetDag("fleet", fleet=FleetConfig("a", names=["a", "b"]), target=TargetConfig("b"), schedule=None)
    task = dag.phases.fleet_report
    found = [{"conf": {"tenant": name, **asked}, "trigger_run_id": name} for name in "ab"]
    instance = Instance(states, {"find_tenants/return_value": found, **xcoms}, runs)
    try:
        assert FleetReportOperator.execute(task, context(task, instance)) == {"tenants": 2, "rows": 0}
    except AirflowFailException as error:
        return str(error), instance.pushed.get("fleet", [])
    return "", instance.pushed["fleet"]


@pytest.mark.parametrize(
    ("states", "said"),
    [
        ({"find_tenants": "upstream_failed", "start_tenant_0": "success"}, "no tenant was moved"),
        (
            {"find_tenants": "success", "start_tenant_0": "success", "start_tenant_1": "failed"},
            "1 of 2 tenants failed: b",
        ),
        (GOOD, ""),
    ],
)
def test_a_fleets_tenants_count_only_if_they_were_started_now(states: dict[str, str | None], said: str) -> None:
    assert fleet_report(states, TRIGGERED, REPORTED)[0].startswith(said)


def test_a_trigger_that_was_marked_as_success_by_hand_has_started_no_tenant() -> None:
    said, outcomes = fleet_report(GOOD, {"start_tenant_0/trigger_run_id": "a"}, REPORTED)
    assert said == "1 of 2 tenants failed: b"
    assert [outcome["state"] for outcome in outcomes] == ["success", "not started"]


def test_a_tenants_run_that_is_not_there_was_not_started() -> None:
    said, outcomes = fleet_report(GOOD, TRIGGERED, {"a": {"report": "success"}})
    assert said == "1 of 2 tenants failed: b"
    assert outcomes[1]["state"] == "not started"


@pytest.mark.parametrize("state", ["failed", "upstream_failed", "skipped", None])
def test_a_tenants_run_is_no_success_if_its_report_is_none(state: str | None) -> None:
    said, outcomes = fleet_report(GOOD, TRIGGERED, REPORTED | {"b": {"report": state, "clean_up": "success"}})
    assert said == "1 of 2 tenants failed: b"
    assert (outcomes[1]["state"], outcomes[1]["error"]) == (
        "incomplete",
        "its report did not succeed; its log says why",
    )


def test_a_fleet_that_only_looks_has_no_reports() -> None:
    skipped: dict[str, dict[str, str | None]] = {name: {"report": "skipped"} for name in "ab"}
    assert fleet_report(GOOD, TRIGGERED, skipped, dry_run=True)[0] == ""
