"""A fleet is two DAGs of constant shape; each tenant has a run with a name of its own, always the same."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from airflow.sdk import Param
from airflow.sdk.definitions.mappedoperator import MappedOperator
from airflow.sdk.definitions.param import process_params
from airflow.serialization.serialized_objects import DagSerialization

from airflow_mydump.dag_factory import (
    ConsistencyConfig,
    ExecutionConfig,
    FleetConfig,
    FleetDag,
    SelectionConfig,
    TargetConfig,
)
from airflow_mydump.engine.errors import ConfigurationError
from airflow_mydump.operators.find_tenants import FindTenantsOperator, run_id_of

if TYPE_CHECKING:
    from collections.abc import Callable

TASKS = ["find_tenants", "start_tenant", "await_tenants", "fleet_report"]


def fleet(config: FleetConfig | None = None, **more: Any) -> FleetDag:
    config = config or FleetConfig("there", pattern="tenant_*")
    return FleetDag("fleet", fleet=config, target=TargetConfig("here"), **({"schedule": "@daily"} | more))


class Instance:
    """As much of a task instance as an operator needs."""

    map_index = -1
    log_url = ""

    def xcom_push(self, key: str, value: Any) -> None:
        self.pushed = (key, value)


def found(dag: FleetDag, **conf: Any) -> list[dict[str, Any]]:
    """What a fleet's run starts that was triggered with a conf."""
    task = dag.phases.find_tenants
    params = process_params(dag, task, conf, suppress_exception=False)
    run = SimpleNamespace(conf=conf or None)
    context = {"params": params, "run_id": "r", "ti": Instance(), "task": task, "dag_run": run}
    return FindTenantsOperator.execute(task, context)


def test_the_parent_has_four_tasks_and_the_tenants_dag_those_of_a_migration() -> None:
    dag = fleet()
    assert [task.task_id for task in dag.topological_sort()] == TASKS  # type: ignore[no-untyped-call]
    assert isinstance(dag.phases.start_tenant, MappedOperator)
    tenant = dag.tenant_dag
    assert (tenant.dag_id, tenant.max_active_runs) == ("fleet_tenant", 4)
    assert tenant.schedule is None
    assert tenant.is_paused_upon_creation is False
    assert "data_phase" in tenant.task_ids
    assert {dag.fileloc, tenant.fileloc} == {__file__}
    assert (dag.max_active_runs, dag.catchup) == (1, False)


def test_serialising_twice_gives_the_same() -> None:
    for get in (lambda: fleet(), lambda: fleet().tenant_dag):
        assert DagSerialization.to_dict(get()) == DagSerialization.to_dict(get())


def test_pools_cap_the_load_on_each_server() -> None:
    tenant = fleet(execution=ExecutionConfig(pool="both", source_pool="reading", target_pool="writing")).tenant_dag
    pools = {task.task_id: task.pool for task in tenant.tasks}
    assert {pools[task] for task in ("preflight", "prefetch_metadata", "chunk_plan", "data_phase")} == {"reading"}
    assert {pools[task] for task in ("schema_phase", "index_phase", "verify", "post_phase", "report")} == {"writing"}


def test_the_parents_tasks_run_as_the_execution_says() -> None:
    execution = ExecutionConfig(pool="both", retries=7, retry_delay=timedelta(seconds=3), attempts=2)
    dag = fleet(execution=execution)
    assert {task.pool for task in dag.tasks} == {"both"}
    for task in (dag.phases.find_tenants, dag.phases.start_tenant, dag.phases.fleet_report):
        assert (task.retries, task.retry_delay) == (7, timedelta(seconds=3))
    assert dag.phases.find_tenants.patience == execution.patience
    assert fleet(execution=ExecutionConfig(pool="both", source_pool="reading")).phases.find_tenants.pool == "reading"


def test_consistency_is_that_of_each_tenants_run() -> None:
    locked = ConsistencyConfig("locked", max_lock_seconds=3)
    assert fleet(consistency=locked).tenant_dag.phases.preflight.consistency == locked
    alone = FleetConfig("there", names=["a"], max_active_tenants=1)
    assert "pause_applier" in fleet(alone, consistency=ConsistencyConfig("replica")).tenant_dag.task_ids


def test_every_tenant_has_a_run_of_its_own() -> None:
    dag = fleet(FleetConfig("there", names=["a", "b"]))
    assert found(dag) == [
        {"conf": {"tenant": "a"}, "trigger_run_id": "fleet__r__a"},
        {"conf": {"tenant": "b"}, "trigger_run_id": "fleet__r__b"},
    ]
    assert found(dag, tenants=["b"], dry_run=True, content="schema") == [
        {"conf": {"tenant": "b", "dry_run": True, "content": "schema"}, "trigger_run_id": "fleet__r__b"}
    ]


def test_what_was_asked_for_is_passed_on_also_where_it_is_as_usual() -> None:
    dag = fleet(FleetConfig("there", names=["a"]))
    asked = {"dry_run": False, "if_exists": "truncate", "content": "all"}
    (started,) = found(dag, tenants=["a"], **asked)
    assert started["conf"] == {"tenant": "a", **asked}
    assert found(dag, content="all")[0]["conf"] == {"tenant": "a", "content": "all"}


def test_what_the_parent_does_by_default_is_done_by_its_tenants() -> None:
    dag = fleet(FleetConfig("there", names=["a"]), params={"dry_run": Param(True, type="boolean"), "content": "schema"})
    assert found(dag)[0]["conf"] == {"tenant": "a", "dry_run": True, "content": "schema"}


def test_tenants_may_come_from_a_function() -> None:
    dag = fleet(FleetConfig("there", find=lambda: ["tenant_a"], pattern="tenant_*"))
    assert [each["conf"]["tenant"] for each in found(dag)] == ["tenant_a"]


@pytest.mark.parametrize(
    ("names", "reason"),
    [([], "no tenant"), (["tenant_a", "tenant_a"], "twice"), (["mysql"], "none of those"), (["a*"], "none of those")],
)
def test_what_a_function_finds_is_checked(names: list[str], reason: str) -> None:
    with pytest.raises(Exception, match=reason):
        found(fleet(FleetConfig("there", find=lambda: names, pattern="tenant_*")))


def test_no_tenant_may_be_in_order() -> None:
    assert found(fleet(FleetConfig("there", find=lambda: [], allow_empty=True))) == []


class Waiting:
    """A task instance of a fleet whose runs were triggered; it notes what it is asked about."""

    def __init__(self, triggered: list[str | None], ended: set[str]) -> None:
        self._triggered, self._ended = triggered, ended
        self.asked: list[list[str]] = []

    def xcom_pull(self, **which: Any) -> list[str | None]:
        return self._triggered

    def get_dr_count(self, *, dag_id: str, run_ids: list[str], states: list[str]) -> int:
        self.asked.append(run_ids)
        return len(self._ended.intersection(run_ids))


def test_a_thousand_runs_are_asked_about_in_slices() -> None:
    names = [f"fleet__r__{number}" for number in range(1024)]
    sensor = fleet().phases.await_tenants
    waiting = Waiting([None, *names], set(names) - {names[-1]})
    assert not sensor.poke({"ti": waiting})
    assert [name for some in waiting.asked for name in some] == names
    assert max(map(len, waiting.asked)) == 50
    assert sensor.poke({"ti": Waiting([*names, None], set(names))})


def test_different_tenants_have_different_runs() -> None:
    names = ["a b", "a-b", "a.b", "a/b", "ä", "ö"]
    assert len({run_id_of("r", name) for name in names}) == len(names)
    assert all(run_id_of("r", name).isascii() and "/" not in run_id_of("r", name) for name in names)


@pytest.mark.parametrize(
    ("make", "names"),
    [
        (lambda: FleetConfig("", names=["a"]), "FleetConfig.conn_id"),
        (lambda: FleetConfig("there"), "FleetConfig.pattern"),
        (lambda: FleetConfig("there", names="a"), "FleetConfig.names"),
        (lambda: FleetConfig("there", names=["a"], query="SELECT 1"), "FleetConfig.query"),
        (lambda: FleetConfig("there", find="a"), "FleetConfig.find"),  # type: ignore[arg-type]
        (lambda: FleetConfig("there", names=["a"], max_active_tenants=0), "FleetConfig.max_active_tenants"),
        (lambda: FleetConfig("there", names=["a"], poll_seconds=0), "FleetConfig.poll_seconds"),
        (lambda: fleet(consistency=ConsistencyConfig("replica")), "FleetConfig.max_active_tenants"),
        (lambda: fleet(selection=SelectionConfig(where={"a.t": "1"})), "SelectionConfig.where"),
    ],
)
def test_a_wrong_config_is_named_with_its_field(make: Callable[[], object], names: str) -> None:
    with pytest.raises(ConfigurationError, match=rf"^{names}\b"):
        make()
