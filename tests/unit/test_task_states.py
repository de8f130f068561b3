"""What became of a run's tasks, by Airflow's word for each instance."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import AirflowFailException, AirflowSkipException

from airflow_mydump.dag_factory import FleetConfig, FleetDag, MigrationDag, SourceConfig, TargetConfig
from airflow_mydump.operators.fleet_report import FleetReportOperator
from airflow_mydump.operators.report import ReportOperator
from airflow_mydump.operators.task_states import TaskStates

RUN = "manual__1"
PLAN = {"run_key": "k", "plan": "p", "epoch": "", "ledger": "airflow_mydump"}


class Instance:
    """A task instance whose XComs are an earlier time's, as far as ``xcoms`` goes."""

    map_index = -1
    log_url = ""

    def __init__(self, states: dict[str, str | None], xcoms: dict[str, Any]) -> None:
        self._states, self._xcoms = states, xcoms
        self.pushed: dict[str, Any] = {}

    def get_task_states(self, dag_id: str, task_ids: list[str], run_ids: list[str]) -> dict[str, dict[str, str | None]]:
        assert run_ids == [RUN]
        return {RUN: self._states}

    def xcom_pull(self, task_ids: Any, key: str = "return_value", **more: Any) -> Any:
        found = [self._xcoms.get(f"{task}/{key}") for task in ([task_ids] if isinstance(task_ids, str) else task_ids)]
        return found[0] if isinstance(task_ids, str) else found

    def xcom_push(self, key: str, value: Any) -> None:
        self.pushed[key] = value

    def get_dagrun_state(self, dag_id: str, run_id: str) -> str:
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
    dag = MigrationDag("m", source=SourceConfig("a", schemas=["s"]), target=TargetConfig("b"), schedule=None)
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
        ({"find_tenants": "upstream_failed", "start_tenant_0": "success"}, "no tenant was moved"),
        (
            {"find_tenants": "success", "start_tenant_0": "success", "start_tenant_1": "failed"},
            "1 of 2 tenants failed: b",
        ),
        ({"find_tenants": "success", "start_tenant_0": "success", "start_tenant_1": "success"}, ""),
    ],
)
def test_a_fleets_tenants_count_only_if_they_were_started_now(states: dict[str, str | None], said: str) -> None:
    dag = FleetDag("fleet", fleet=FleetConfig("a", names=["a", "b"]), target=TargetConfig("b"), schedule=None)
    task = dag.phases.fleet_report
    assert isinstance(task, FleetReportOperator)
    found = [{"conf": {"tenant": name}, "trigger_run_id": name} for name in "ab"]
    instance = Instance(states, {"find_tenants/return_value": found, "start_tenant/trigger_run_id": "a"})
    if not said:
        assert FleetReportOperator.execute(task, context(task, instance)) == {"tenants": 2, "rows": 0}
        return
    with pytest.raises(AirflowFailException, match=said):
        FleetReportOperator.execute(task, context(task, instance))
