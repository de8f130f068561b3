"""DAGs of the factory: constant shape, cheap and deterministic to parse, and wrong configs are named."""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from airflow.dag_processing.dagbag import DagBag
from airflow.providers_manager import ProvidersManager
from airflow.sdk import DAG, Param, TriggerRule
from airflow.sdk.definitions.mappedoperator import MappedOperator
from airflow.serialization.serialized_objects import DagSerialization

from airflow_mydump.dag_factory import (
    ConsistencyConfig,
    DumpTaskGroup,
    ExecutionConfig,
    MigrationDag,
    MigrationTaskGroup,
    PlanConfig,
    RestoreDag,
    RestoreTaskGroup,
    SelectionConfig,
    SourceConfig,
    StagingConfig,
    TargetConfig,
    VerifyConfig,
)
from airflow_mydump.engine.errors import ConfigurationError, SelectionError

if TYPE_CHECKING:
    from collections.abc import Callable

    from airflow_mydump.engine.consistency.settings import Mode

ROOT = Path(__file__).resolve().parents[2]
DAG_FILES = sorted((ROOT / "dags").glob("*.py"))
TASKS = [
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
STAGED_TASKS = [
    *(f"dump.{task}" for task in ("dump_plan", "dump_phase", "finish_dump")),
    *(f"restore.{task}" for task in ("load_plan", "schema_phase", "load_phase", "index_phase", "verify", "post_phase")),
    "restore.report",
]
EXAMPLES = {
    "demo_tenants.py": {"demo_tenants": TASKS},
    "dump_to_storage.py": {"dump_to_storage": ["dump_plan", "dump_phase", "finish_dump", "prune_dumps"]},
    "inside_your_dag.py": {"inside_your_dag": ["announce", *(f"migration.{task}" for task in TASKS), "switch_over"]},
    "nightly_dump.py": {"nightly_dump": STAGED_TASKS},
    "nightly_fleet.py": {
        "nightly_fleet": ["find_tenants", "start_tenant", "await_tenants", "fleet_report"],
        "nightly_fleet_tenant": TASKS,
    },
    "restore_dump.py": {"restore_dump": [task.removeprefix("restore.") for task in STAGED_TASKS[3:]]},
    "single_tenant.py": {"single_tenant_migration": TASKS},
}
MAPPED = {"schema_phase", "data_phase", "index_phase", "verify"}
#: What parsing may cost on top of importing Airflow itself, of a processor alone: a sixth of what Airflow allows. It is
#: 0.4 s on a quiet machine, 0.8 s for two fleets.
PARSE_SECONDS = 5.0


def migration(schemas: int = 1, **more: Any) -> MigrationDag:
    return MigrationDag(
        "migration",
        source=SourceConfig("there", schemas=[f"tenant_{number}" for number in range(schemas)]),
        **({"target": TargetConfig("here"), "schedule": None} | more),
    )


@pytest.mark.parametrize("file", DAG_FILES, ids=lambda file: file.name)
def test_every_example_is_imported_by_airflow(file: Path) -> None:
    bag = DagBag(dag_folder=str(file), bundle_path=file.parent, bundle_name="examples")
    assert bag.import_errors == {}
    assert {dag.fileloc for dag in bag.dags.values()} == {str(file)}
    tasks = {dag.dag_id: [task.task_id for task in dag.topological_sort()] for dag in bag.dags.values()}  # type: ignore[no-untyped-call]
    assert tasks == EXAMPLES[file.name]


@pytest.mark.parametrize("schemas", [1, 250])
def test_there_are_nine_tasks_in_a_row_whatever_is_moved(schemas: int) -> None:
    dag = migration(schemas)
    assert [task.task_id for task in dag.topological_sort()] == TASKS  # type: ignore[no-untyped-call]
    for earlier, later in itertools.pairwise(TASKS):
        assert later in dag.get_task(earlier).downstream_task_ids
    assert {task.task_id for task in dag.tasks if isinstance(task, MappedOperator)} == MAPPED


def test_mapped_tasks_map_over_one_short_list_and_have_names() -> None:
    dag = migration(execution=ExecutionConfig(concurrency=3))
    for name in MAPPED:
        task = dag.get_task(name)
        assert isinstance(task, MappedOperator)
        assert task.map_index_template
        assert task.max_active_tis_per_dagrun == 3


@pytest.mark.parametrize(
    ("mode", "over"), [("snapshot", "worker"), ("locked", "worker"), ("replica", "worker"), ("none", "bundle")]
)
def test_data_moves_by_workers_that_read_together_or_by_bundles(mode: Mode, over: str) -> None:
    consistency = ConsistencyConfig(mode, max_lock_seconds=3)
    with DAG("nightly", schedule=None) as dump:
        DumpTaskGroup(source=SourceConfig("there", schemas=["a"]), staging=StagingConfig("/d"), consistency=consistency)
    for dag, name in ((migration(consistency=consistency), "data_phase"), (dump, "dump.dump_phase")):
        task = dag.get_task(name)
        assert isinstance(task, MappedOperator)
        assert list(task.expand_input.value) == [over]  # type: ignore[arg-type]
        assert task.partial_kwargs.get("consistency") == (consistency if over == "worker" else None)


def test_a_replica_is_paused_before_its_data_and_resumed_whatever_becomes_of_it() -> None:
    consistency = ConsistencyConfig("replica")
    with DAG("nightly", schedule=None) as dump:
        DumpTaskGroup(
            "d", source=SourceConfig("there", schemas=["a"]), staging=StagingConfig("/d"), consistency=consistency
        )
    for dag, prefix, data in ((migration(consistency=consistency), "", "data_phase"), (dump, "d.", "d.dump_phase")):
        guard, pause, resume = (dag.get_task(f"{prefix}{name}_applier") for name in ("guard", "pause", "resume"))
        assert pause.is_setup
        assert resume.is_teardown
        assert dag.get_task(data).upstream_task_ids >= {pause.task_id}
        assert resume.upstream_task_ids == {guard.task_id, pause.task_id, data}
        assert not resume.downstream_task_ids
        # Airflow runs a teardown if all before it are done and one of its setups has succeeded. This one does in any
        # case: no worker runs it, and it waits for nobody's success.
        assert resume.trigger_rule == TriggerRule.ALL_DONE_SETUP_SUCCESS
        assert guard.is_setup
        assert guard.inherits_from_empty_operator
        assert guard.trigger_rule == TriggerRule.ALL_DONE
        assert not guard.upstream_task_ids
        assert resume.on_failure_fail_dagrun
        assert not hasattr(resume, "plan"), "a plan that is made anew would have another"


def test_the_report_waits_for_every_mapped_task() -> None:
    assert migration().get_task("report").upstream_task_ids >= MAPPED


def test_one_run_at_a_time_without_catching_up_unless_told_otherwise() -> None:
    assert (migration().max_active_runs, migration().catchup) == (1, False)
    assert migration(max_active_runs=2).max_active_runs == 2


def test_the_name_may_be_said_as_airflow_does_or_first() -> None:
    configs: dict[str, Any] = {"source": SourceConfig("there", schemas=["a"]), "target": TargetConfig("here")}
    with MigrationDag(dag_id="nightly", **configs, schedule=None) as dag:
        named = [MigrationTaskGroup("b", **configs), MigrationTaskGroup(group_id="c", **configs)]
    assert dag.dag_id == "nightly"
    assert [group.group_id for group in named] == ["b", "c"]


def test_a_run_may_be_chosen_in_a_form_and_the_users_params_go_beside() -> None:
    dag = migration(2, params={"ticket": "none", "if_exists": Param("fail", const="fail")})
    assert set(dag.params) == {"tenants", "dry_run", "if_exists", "content", "ticket"}
    assert dag.params["if_exists"] == "fail"
    schema = dag.params.get_param("tenants").schema
    assert schema["items"]["enum"] == ["tenant_0", "tenant_1"]
    for task in (dag.phases.preflight, dag.phases.prefetch_metadata, dag.phases.chunk_plan):
        assert task.run_params is True


def test_a_group_does_not_listen_to_the_params_of_the_users_dag() -> None:
    with DAG("nightly", schedule=None, params={"tenants": "of the user"}):
        group = MigrationTaskGroup(source=SourceConfig("there", schemas=["shop"]), target=TargetConfig("here"))
    assert group.phases.preflight.run_params is False


def test_without_verification_there_is_no_verify_task() -> None:
    dag = migration(verify=VerifyConfig(rows=False))
    assert [task.task_id for task in dag.topological_sort()] == [task for task in TASKS if task != "verify"]  # type: ignore[no-untyped-call]


def test_assets_are_told_of_unless_they_are_not_wanted() -> None:
    assert [outlet.name for outlet in migration().phases.report.outlets] == ["mydump:here"]
    quiet = MigrationDag(
        "quiet", source=SourceConfig("there", schemas=["a"]), target=TargetConfig("here", emit_assets=False)
    )
    assert quiet.phases.report.outlets == []


def test_the_file_of_the_dag_is_the_users() -> None:
    assert migration().fileloc == __file__


def test_serialising_twice_gives_the_same() -> None:
    assert DagSerialization.to_dict(migration()) == DagSerialization.to_dict(migration())


def test_serialising_in_two_processes_gives_the_same() -> None:
    first, second = (in_process(_SERIALISE, PYTHONHASHSEED=seed) for seed in ("1", "2"))
    assert first == second


def test_two_groups_in_a_dag_have_runs_of_their_own() -> None:
    with DAG("nightly", schedule=None) as dag:
        for name in ("first", "second"):
            MigrationTaskGroup(name, source=SourceConfig("there", schemas=[name]), target=TargetConfig("here"))
    assert set(dag.task_ids) == {f"{group}.{task}" for group in ("first", "second") for task in TASKS}
    keys = {group: run_key(dag.get_task(f"{group}.preflight")) for group in ("first", "second")}
    assert keys["first"] != keys["second"]
    for group, key in keys.items():
        assert {run_key(dag.get_task(f"{group}.{task}")) for task in TASKS} == {key}


def test_a_group_exposes_its_tasks_for_wiring() -> None:
    with DAG("nightly", schedule=None):
        group = MigrationTaskGroup(source=SourceConfig("there", schemas=["shop"]), target=TargetConfig("here"))
    assert group.phases.data_phase.task_id == "migration.data_phase"
    assert group.phases.report.task_id == "migration.report"


def test_arguments_for_every_operator_reach_every_operator() -> None:
    dag = migration(operator_args={"queue": "near_the_servers"}, execution=ExecutionConfig(pool="servers", retries=7))
    for task in dag.tasks:
        assert (task.queue, task.pool, task.retries) == ("near_the_servers", "servers", 7)


def test_what_is_chosen_for_a_target_of_another_vendor_reaches_the_planner() -> None:
    target = TargetConfig("here", collations={"utf8mb4_bin": "utf8mb4_general_ci"}, types={"uuid": "char(36)"})
    dag = MigrationDag("migration", source=SourceConfig("there", schemas=["a"]), target=target)
    translation = dag.phases.chunk_plan.settings.translation
    assert (translation.collations, translation.types) == (target.collations, target.types)


@pytest.mark.parametrize("binlog", [True, False])
def test_every_task_writes_to_the_targets_binary_log_or_none_does(binlog: bool) -> None:
    target = TargetConfig("here", binlog=binlog)
    with DAG("nightly", schedule=None) as restore:
        RestoreTaskGroup(staging=StagingConfig("/dumps"), target=target)
    for dag in (migration(target=target), restore):
        for task in dag.tasks:
            arguments = task.partial_kwargs if isinstance(task, MappedOperator) else vars(task)
            assert arguments["target_binlog"] is binlog


@pytest.mark.parametrize(
    ("make", "names"),
    [
        (lambda: SourceConfig("", schemas=["shop"]), "SourceConfig.conn_id"),
        (lambda: SourceConfig("there", schemas=[]), "SourceConfig.schemas"),
        (lambda: SourceConfig("there", schemas="shop"), "SourceConfig.schemas"),
        (lambda: TargetConfig("here", types={"uuid": "int"}), "TargetConfig.types"),
        (lambda: TargetConfig(""), "TargetConfig.conn_id"),
        (lambda: TargetConfig("here", if_exists="replace"), "TargetConfig.if_exists"),  # type: ignore[arg-type]
        (lambda: SelectionConfig(include="orders"), "SelectionConfig.include"),
        (lambda: SelectionConfig(exclude="orders"), "SelectionConfig.exclude"),
        (lambda: SelectionConfig(include=["re:("]), "SelectionConfig.include"),
        (lambda: SelectionConfig(no_data=[""]), "SelectionConfig.no_data"),
        (lambda: SelectionConfig(content="rows"), "SelectionConfig.content"),  # type: ignore[arg-type]
        (lambda: SelectionConfig(partitions={"orders": ["p"]}), "SelectionConfig.partitions"),
        (lambda: SelectionConfig(partitions={"a.orders": "p"}), "SelectionConfig.partitions"),
        (lambda: SelectionConfig(where={"orders": "1"}), "SelectionConfig.where"),
        (
            lambda: RestoreDag(
                "restore",
                staging=StagingConfig("/dumps"),
                target=TargetConfig("here"),
                selection=SelectionConfig(where={"a.t": "1"}),
            ),
            "SelectionConfig.where",
        ),
        (lambda: PlanConfig(chunk_bytes="big"), "PlanConfig.chunk_bytes"),
        (lambda: PlanConfig(max_bundles=0), "PlanConfig.max_bundles"),
        (lambda: PlanConfig(max_bundles=10_000), "PlanConfig.max_bundles"),
        (lambda: ConsistencyConfig(mode="all"), "ConsistencyConfig.mode"),  # type: ignore[arg-type]
        (lambda: ConsistencyConfig(max_lock_seconds=0), "ConsistencyConfig.max_lock_seconds"),
        (lambda: ConsistencyConfig(long_queries="ignore"), "ConsistencyConfig.long_queries"),  # type: ignore[arg-type]
        (lambda: ExecutionConfig(concurrency=0), "ExecutionConfig.concurrency"),
        (lambda: ExecutionConfig(retries=-1), "ExecutionConfig.retries"),
    ],
)
def test_a_wrong_config_is_named_with_its_field(make: Callable[[], object], names: str) -> None:
    with pytest.raises(ConfigurationError, match=rf"^{names}\b"):
        make()


def test_a_selection_that_cannot_be_right_fails_while_the_file_is_parsed() -> None:
    with pytest.raises((ConfigurationError, SelectionError), match="elsewhere"):
        MigrationDag(
            "migration",
            source=SourceConfig("there", schemas=["shop"]),
            target=TargetConfig("here", rename={"elsewhere": "x"}),
            schedule=None,
        )


def test_airflow_finds_the_provider() -> None:
    provider = ProvidersManager().providers["airflow-mydump"]  # type: ignore[no-untyped-call]
    assert provider.data["name"]


def test_parsing_touches_no_server_variable_or_connection() -> None:
    files = [str(file) for file in DAG_FILES]
    assert in_process(_PARSE_WITHOUT_ANYTHING, *files) == files


def test_parsing_takes_no_time_worth_mentioning() -> None:
    seconds = in_process(_PARSE_TIME, *map(str, DAG_FILES))
    slow = {
        file.name: float(best) for file, best in zip(DAG_FILES, seconds, strict=True) if float(best) > PARSE_SECONDS
    }
    assert not slow


def test_importing_the_packages_imports_no_operator_and_no_driver() -> None:
    assert in_process(_IMPORT_PACKAGES) == ["[]"]


def run_key(task: Any) -> str:
    key = task.partial_kwargs["run_key"] if isinstance(task, MappedOperator) else task.run_key
    assert isinstance(key, str)
    return key


def in_process(program: str, *arguments: str, **variables: str) -> list[str]:
    """The lines that a program of its own writes. Two connections are there and lead nowhere."""
    nowhere = "mysql://nobody@203.0.113.1:1/"
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", program, *arguments],
        env={**os.environ, "AIRFLOW_CONN_MYDUMP_SOURCE": nowhere, "AIRFLOW_CONN_MYDUMP_TARGET": nowhere, **variables},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines() if line.startswith('"')]


_SERIALISE = """
import hashlib, json, runpy
from airflow.serialization.serialized_objects import DagSerialization
from airflow_mydump.dag_factory import *
dag = MigrationDag("migration", source=SourceConfig("there", schemas=["b", "a", "c"]),
    target=TargetConfig("here", rename={"b": "x", "a": "y"}),
    selection=SelectionConfig(exclude=["log_*", "tmp_*"]), schedule=None, tags={"q", "r", "s", "t"})
print(json.dumps(json.dumps(DagSerialization.to_dict(dag), sort_keys=True)))
"""

_PARSE_WITHOUT_ANYTHING = """
import json, runpy, socket, sys
import airflow.sdk
from airflow.sdk.bases.hook import BaseHook

def refuse(*arguments, **more):
    raise AssertionError(f"parsing a DAG touched {arguments}")

socket.socket.connect = socket.socket.connect_ex = socket.getaddrinfo = refuse
airflow.sdk.Variable.get = airflow.sdk.Connection.get = BaseHook.get_connection = refuse
for file in sys.argv[1:]:
    runpy.run_path(file)
    print(json.dumps(file))
"""

_PARSE_TIME = """
import json, os, runpy, sys, time
import airflow.providers.common.compat.sdk, airflow.sdk
airflow.sdk.DAG, airflow.sdk.TaskGroup, airflow.sdk.XComArg

def parse(file):
    # in a process that has not imported what an earlier file did
    reading, writing = os.pipe()
    if not os.fork():
        begun = time.process_time()
        runpy.run_path(file)
        os.write(writing, str(time.process_time() - begun).encode())
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as told:
        return float(told.read())

for file in sys.argv[1:]:
    print(json.dumps(str(min(parse(file) for _ in range(3)))))
"""

_IMPORT_PACKAGES = """
import json, sys
import airflow_mydump, airflow_mydump.operators, airflow_mydump.hooks
heavy = ("airflow.", "airflow_mydump.operators.", "airflow_mydump.engine", "MySQLdb", "pymysql")
print(json.dumps(str([name for name in sys.modules if name.startswith(heavy)])))
"""
