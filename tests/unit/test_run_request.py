"""What a run's params ask for is checked again where it is done, and never is more than the DAG was given."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import AirflowFailException
from airflow.sdk import DAG
from airflow.sdk.definitions.param import process_params

from airflow_mydump.dag_factory import (
    DumpDag,
    FleetConfig,
    FleetDag,
    MigrationDag,
    MigrationTaskGroup,
    RestoreDag,
    SourceConfig,
    StagingConfig,
    TargetConfig,
)
from airflow_mydump.engine.errors import ConfigurationError, SelectionError
from airflow_mydump.engine.plan.settings import PlanSettings
from airflow_mydump.engine.selection.open_selection import OpenSelection
from airflow_mydump.engine.selection.selection import Selection
from airflow_mydump.operators.run_request import RunRequest

CONFIGURED = Selection(("a", "b"), rename={"b": "x"})
FLEET = OpenSelection(("tenant_*",), rename={"tenant_a": "x", "tenant_b": "y"}, no_data=("log",))


def test_nothing_asked_for_is_what_was_configured() -> None:
    request = RunRequest.of({"tenants": [], "dry_run": False})
    assert request.narrowed(CONFIGURED) == CONFIGURED
    assert request.settled(PlanSettings("drop")) == PlanSettings("drop")
    assert not request.dry_run


def test_what_is_asked_for_narrows_what_was_configured() -> None:
    request = RunRequest.of({"tenants": ["b"], "dry_run": True, "if_exists": "fail", "content": "schema"})
    assert request.narrowed(CONFIGURED) == Selection(("b",), rename={"b": "x"}, content="schema")
    assert request.settled(PlanSettings("drop")) == PlanSettings("fail")
    assert request.dry_run


@pytest.mark.parametrize(
    "params",
    [
        {"tenants": "a"},
        {"tenants": [1]},
        {"if_exists": "replace"},
        {"if_exists": "; DROP TABLE t"},
        {"content": "rows"},
    ],
)
def test_a_value_that_is_none_of_the_choices_is_refused(params: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError, match=f"param {next(iter(params))}"):
        RunRequest.of(params)


@pytest.mark.parametrize("tenants", [["mysql"], ["a", "c"]])
def test_a_tenant_that_was_not_configured_is_refused(tenants: list[str]) -> None:
    with pytest.raises(SelectionError, match="configured"):
        RunRequest.of({"tenants": tenants}).narrowed(CONFIGURED)


def test_a_fleets_run_is_of_one_tenant() -> None:
    chosen = RunRequest.of({"tenant": "tenant_a"}).narrowed(FLEET)
    assert chosen == Selection(("tenant_a",), rename={"tenant_a": "x"}, no_data=("log",))


@pytest.mark.parametrize("tenant", ["", "mysql", "other", "Tenant_a", None])
def test_a_fleets_run_is_of_no_other_database(tenant: str | None) -> None:
    with pytest.raises(SelectionError, match="none of those"):
        RunRequest.of({"tenant": tenant}).narrowed(FLEET)


def test_a_servers_own_database_is_no_tenant_whatever_the_pattern() -> None:
    with pytest.raises(SelectionError, match="belongs to the server"):
        RunRequest.of({"tenant": "mysql"}).narrowed(OpenSelection(("*",)))


def test_globs_choose_among_the_databases_of_a_dump() -> None:
    there = ["tenant_a", "tenant_b", "shop"]
    assert OpenSelection(("tenant_*",)).of(there).schemas == ("tenant_a", "tenant_b")
    assert OpenSelection().of(there).schemas == tuple(there)
    with pytest.raises(SelectionError, match="elsewhere"):
        OpenSelection(("shop", "elsewhere")).of(there)


SOURCE, TARGET, STAGING = SourceConfig("there", schemas=["a", "b"]), TargetConfig("here"), StagingConfig("/dumps")


def asked(task: Any, conf: dict[str, Any] | None, run_params: bool = True) -> RunRequest:
    """What a task hears of a run that was triggered with a conf, by way of Airflow's own params."""
    params = process_params(task.dag, task, conf, suppress_exception=False)
    return RunRequest.of_run({"dag_run": SimpleNamespace(conf=conf), "params": params}, task, run_params)


def restore() -> Any:
    return RestoreDag("r", staging=STAGING, target=TARGET, schedule=None).phases.load_plan


def dump() -> Any:
    return DumpDag("d", source=SOURCE, staging=STAGING, schedule=None).phases.dump_plan


def migration() -> Any:
    return MigrationDag("m", source=SOURCE, target=TARGET, schedule=None, params={"ticket": "none"}).phases.chunk_plan


def fleet() -> FleetDag:
    return FleetDag("f", fleet=FleetConfig("there", pattern="t_*"), target=TARGET, schedule=None)


def tenant() -> Any:
    return fleet().tenant_dag.phases.preflight


@pytest.mark.parametrize(
    ("task", "conf", "named"),
    [
        (restore(), {"dry_run": True}, "dry_run.*params are content, if_exists"),
        (dump(), {"dry_run": True}, "dry_run.*params are tenants"),
        (migration(), {"dryrun": True}, "dryrun.*params are content, dry_run, if_exists, tenants, ticket"),
        (migration(), {"tenant": ["a"]}, "has tenant,"),
        (fleet().phases.find_tenants, {"tenants": ["t_a"]}, "has tenants,"),
        (tenant(), {"tenant": "t_a", "dryrun": True}, "has dryrun,"),
    ],
)
def test_what_a_dag_does_not_know_is_refused_and_not_ignored(task: Any, conf: dict[str, Any], named: str) -> None:
    with pytest.raises(ConfigurationError, match=named):
        asked(task, conf)


def test_what_a_dag_knows_is_heard() -> None:
    assert asked(migration(), {"tenants": ["a"], "dry_run": True, "ticket": "7"}) == RunRequest(
        ("a",), dry_run=True, if_exists="truncate", content="all"
    )
    assert asked(migration(), None) == asked(migration(), {}) == RunRequest(if_exists="truncate", content="all")
    assert asked(tenant(), {"tenant": "t_a", "content": "schema"}).content == "schema"


def test_what_airflows_own_triggers_add_is_no_request() -> None:
    assert asked(tenant(), {"tenant": "t_a", "openlineage": {"parentRunId": "1"}}).tenant == "t_a"


def test_a_conf_that_airflow_does_not_pass_on_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW__CORE__DAG_RUN_CONF_OVERRIDES_PARAMS", "False")
    with pytest.raises(ConfigurationError, match=r"dry_run, tenants.*dag_run_conf_overrides_params"):
        asked(migration(), {"tenants": ["a"], "dry_run": True, "content": "all"})
    assert not asked(migration(), {"dry_run": False}).dry_run


def test_a_group_refuses_what_it_would_ignore_and_leaves_the_users_conf_alone() -> None:
    with DAG("mine", schedule=None):
        task = MigrationTaskGroup(source=SOURCE, target=TARGET).phases.preflight
    with pytest.raises(ConfigurationError, match=r"dry_run.*migration\.preflight would ignore"):
        asked(task, {"dry_run": True}, run_params=False)
    assert asked(task, {"ticket": "7"}, run_params=False) == RunRequest()


def test_a_group_leaves_params_alone_that_the_users_dag_declares() -> None:
    with DAG("mine", schedule=None, params={"tenant": "none"}):
        task = MigrationTaskGroup(source=SOURCE, target=TARGET).phases.preflight
    assert asked(task, {"tenant": "of the user"}, run_params=False) == RunRequest()


def test_a_group_inside_a_dag_of_ours_refuses_what_the_dag_is_asked_and_it_would_ignore() -> None:
    with MigrationDag("m", source=SOURCE, target=TARGET, schedule=None):
        task = MigrationTaskGroup("more", source=SOURCE, target=TargetConfig("elsewhere")).phases.preflight
    with pytest.raises(ConfigurationError, match=r"has dry_run, which more\.preflight"):
        asked(task, {"dry_run": True}, run_params=False)
    form = {"tenants": [], "dry_run": False, "if_exists": "truncate", "content": "all"}
    assert asked(task, form, run_params=False) == RunRequest()


class Instance:
    """As much of a task instance as a task needs before it looks at its servers."""

    map_index = -1
    log_url = ""

    def xcom_push(self, key: str, value: Any) -> None:
        pass


@pytest.mark.parametrize(
    "task",
    [migration().dag.phases.preflight, migration().dag.phases.prefetch_metadata, migration(), dump(), restore()],
    ids=lambda task: str(task.task_id),
)
def test_every_task_that_looks_at_the_request_refuses(task: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    for connection in ("THERE", "HERE"):
        monkeypatch.setenv(f"AIRFLOW_CONN_{connection}", "mysql://nobody@203.0.113.1:1/")
    conf = {"no_such_thing": True}
    run = SimpleNamespace(conf=conf)
    with pytest.raises(AirflowFailException, match="no_such_thing"):
        type(task).execute(task, {"dag_run": run, "params": conf, "ti": Instance(), "task": task, "run_id": "r"})


def test_a_fleet_that_is_asked_for_what_it_would_ignore_starts_no_tenant() -> None:
    task = fleet().phases.find_tenants
    run = SimpleNamespace(conf={"dryrun": True})
    with pytest.raises(AirflowFailException, match="dryrun"):
        type(task).execute(task, {"dag_run": run, "params": {"dryrun": True}, "ti": Instance(), "task": task})
