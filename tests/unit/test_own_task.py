"""Tasks of the user's beside ours are left to the user: no report counts them, no dry run skips them."""

from __future__ import annotations

from typing import Any

import pytest
from airflow.models.dagrun import DagRun
from airflow.models.taskinstance import TaskInstance
from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG, TriggerRule
from sandbox.demo_progress import PHASES as MIGRATION

from airflow_mydump.dag_factory import (
    ConsistencyConfig,
    MigrationDag,
    MigrationTaskGroup,
    SourceConfig,
    TargetConfig,
)
from airflow_mydump.operators.own_task import is_own, own_relatives
from airflow_mydump.operators.post_phase import PostPhaseOperator

*PHASES, REPORT = MIGRATION
CONFIGS: dict[str, Any] = {"source": SourceConfig("there", schemas=["s"]), "target": TargetConfig("here")}


def with_the_users_tasks() -> MigrationDag:
    """A migration whose DAG has a task of the user's between the phases, one beside them and one behind."""
    with MigrationDag("m", **CONFIGS, schedule=None) as dag:
        between, publish = EmptyOperator(task_id="count_rows"), EmptyOperator(task_id="publish")
        EmptyOperator(task_id="beside")
        dag.phases.data_phase >> between >> dag.phases.index_phase
        dag.phases.report >> publish
    return dag


def test_a_report_judges_the_phases_before_it() -> None:
    assert own_relatives(with_the_users_tasks().phases.report, upstream=True) == PHASES


def test_a_dry_run_skips_the_phases_behind_the_plan() -> None:
    dag = with_the_users_tasks()
    assert own_relatives(dag.phases.chunk_plan, upstream=False) == [*PHASES[3:], REPORT]
    assert {task_id for task_id, _ in dag.phases.chunk_plan._followers()} == {*PHASES[3:], REPORT}


def test_a_groups_report_judges_the_group_alone() -> None:
    with DAG("nightly", schedule=None):
        first, second = (MigrationTaskGroup(name, **CONFIGS) for name in ("first", "second"))
        first >> second
    assert own_relatives(second.phases.report, upstream=True) == [f"second.{phase}" for phase in PHASES]


def test_the_end_of_a_replicas_pause_is_judged_by_airflow_and_not_by_the_report() -> None:
    dag = MigrationDag("m", **CONFIGS, consistency=ConsistencyConfig("replica"), schedule=None)
    before = own_relatives(dag.phases.report, upstream=True)
    assert "pause_applier" in before
    assert "resume_applier" not in before
    assert judged_by(dag) == {"report", "resume_applier"}


def judged_by(dag: DAG) -> set[str]:
    """The tasks that Airflow judges a run by."""
    instances: Any = [TaskInstance(dag.get_task(task_id), dag_version_id=None) for task_id in dag.task_ids]  # type: ignore[arg-type]
    return {each.task_id for each in DagRun._tis_for_dagrun_state(None, dag=dag, tis=instances)}  # type: ignore[arg-type, no-untyped-call]


def test_clean_up_behind_a_report_that_is_a_teardown_leaves_the_verdict_to_the_report() -> None:
    with MigrationDag("m", **CONFIGS, consistency=ConsistencyConfig("replica"), schedule=None) as dag:
        assert judged_by(dag) == {"report", "resume_applier"}
        dag.phases.report >> EmptyOperator(task_id="clean_up").as_teardown()
    assert judged_by(dag) == {"report", "resume_applier"}
    with dag:
        dag.phases.report >> EmptyOperator(task_id="other", trigger_rule=TriggerRule.ALL_DONE)
    assert judged_by(dag) == {"other", "resume_applier"}, "then the how-to about it is out of date"


def test_a_users_class_made_of_ours_is_ours() -> None:
    class Mine(PostPhaseOperator):
        pass

    with MigrationDag("m", **CONFIGS, schedule=None) as dag:
        mine, other = Mine(task_id="mine", plan={}), EmptyOperator(task_id="other")
    assert [is_own(task) for task in (mine, other, dag.phases.data_phase)] == [True, False, True]


@pytest.mark.parametrize("upstream", [True, False])
def test_a_task_is_none_of_its_relatives(upstream: bool) -> None:
    dag = with_the_users_tasks()
    assert "data_phase" not in own_relatives(dag.get_task("data_phase"), upstream=upstream)
