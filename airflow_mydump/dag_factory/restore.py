"""Restores as DAGs and task groups: a dump directory, of this package or of mydumper, into a server.

The graph has seven tasks, whatever the number of tables::

    load_plan -> schema_phase[] -> load_phase[] -> index_phase[] -> verify[] -> post_phase -> report

Making it touches no server, Variable or connection.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from airflow.sdk import DAG, TaskGroup, TriggerRule, XComArg, chain
from airflow.sdk.definitions.mappedoperator import MappedOperator

from airflow_mydump.dag_factory.config import ExecutionConfig, PlanConfig, TargetConfig
from airflow_mydump.dag_factory.migration import plan_settings, shared_arguments
from airflow_mydump.dag_factory.staging import StagingConfig
from airflow_mydump.operators.bundle import BundleOperator
from airflow_mydump.operators.chunk_plan import PLAN
from airflow_mydump.operators.index_phase import IndexPhaseOperator
from airflow_mydump.operators.load_phase import LoadPhaseOperator
from airflow_mydump.operators.load_plan import LoadPlanOperator
from airflow_mydump.operators.part import PartOperator
from airflow_mydump.operators.phase import RUN_KEY
from airflow_mydump.operators.post_phase import PostPhaseOperator
from airflow_mydump.operators.report import ReportOperator
from airflow_mydump.operators.schema_phase import SchemaPhaseOperator
from airflow_mydump.operators.verify_load import VerifyLoadOperator


@dataclass(frozen=True)
class RestoreTasks:
    """The tasks of a restore, for wiring other tasks before, between and after them."""

    load_plan: LoadPlanOperator
    schema_phase: MappedOperator
    load_phase: MappedOperator
    index_phase: MappedOperator
    verify: MappedOperator
    post_phase: PostPhaseOperator
    report: ReportOperator


class RestoreTaskGroup(TaskGroup):
    """The tasks of a restore as a task group inside a DAG of yours; ``tasks`` has their handles.

    Two runs that restore the same tables into the same target cannot both succeed: give the DAG ``max_active_runs=1``.

    :param group_id: the group's name; also a part of the run's key
    :param dynamic_sql: whether routines, triggers and events may compose statements; only for dumps you trust
    :param operator_args: arguments for every operator, such as ``queue`` or ``on_failure_callback``

    Raises ConfigurationError, naming the field, if a config cannot be right.
    """

    def __init__(
        self,
        group_id: str = "restore",
        *,
        staging: StagingConfig,
        target: TargetConfig,
        plan: PlanConfig | None = None,
        execution: ExecutionConfig | None = None,
        dynamic_sql: bool = False,
        operator_args: Mapping[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(group_id, **kwargs)
        run_key = f"{RUN_KEY}/{self.group_id}"
        with self:
            self.tasks = add_restore_tasks(staging, target, plan, execution, dynamic_sql, operator_args, run_key)


class RestoreDag(DAG):
    """A restore as a DAG; ``tasks_of_restore`` has its tasks' handles.

    Arguments that are not listed go to `airflow.sdk.DAG`. ``max_active_runs`` is 1 and ``catchup`` off unless given.

    :param dynamic_sql: whether routines, triggers and events may compose statements; only for dumps you trust
    :param operator_args: arguments for every operator, such as ``queue`` or ``on_failure_callback``

    Raises ConfigurationError, naming the field, if a config cannot be right.
    """

    def __init__(
        self,
        dag_id: str,
        *,
        staging: StagingConfig,
        target: TargetConfig,
        plan: PlanConfig | None = None,
        execution: ExecutionConfig | None = None,
        dynamic_sql: bool = False,
        operator_args: Mapping[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        concurrency = (execution or ExecutionConfig()).concurrency
        defaults = {"max_active_runs": 1, "catchup": False, "max_active_tasks": max(16, concurrency)}
        super().__init__(dag_id, **(defaults | kwargs))
        # Airflow takes the file that called its own __init__, which is this one, for the DAG's.
        self.fileloc = sys._getframe(1).f_code.co_filename
        with self:
            self.tasks_of_restore = add_restore_tasks(staging, target, plan, execution, dynamic_sql, operator_args)


def add_restore_tasks(
    staging: StagingConfig,
    target: TargetConfig,
    plan: PlanConfig | None = None,
    execution: ExecutionConfig | None = None,
    dynamic_sql: bool = False,
    operator_args: Mapping[str, Any] | None = None,
    run_key: str = RUN_KEY,
) -> RestoreTasks:
    """Add a restore's tasks to the DAG or task group whose context is open. Raises as `RestoreDag` does."""
    plan, execution = plan or PlanConfig(), execution or ExecutionConfig()
    settings = plan_settings(plan, execution, target)
    shared = shared_arguments(execution, run_key, target) | dict(operator_args or {})
    staged = {"dump_directory": staging.path}
    mapped = shared | {"max_active_tis_per_dagrun": execution.concurrency}
    planned = LoadPlanOperator(
        task_id="load_plan", rename=target.rename, settings=settings, dynamic_sql=dynamic_sql, **shared, **staged
    )
    identity = XComArg(planned, PLAN)
    by_part = mapped | {"plan": identity, "map_index_template": PartOperator.MAP_INDEX_TEMPLATE}
    by_bundle = mapped | {"map_index_template": BundleOperator.MAP_INDEX_TEMPLATE}
    parts, bundles = list(range(execution.concurrency)), planned.output
    tasks = RestoreTasks(
        load_plan=planned,
        schema_phase=SchemaPhaseOperator.partial(task_id="schema_phase", **by_part).expand(part=parts),
        load_phase=LoadPhaseOperator.partial(task_id="load_phase", **by_bundle, **staged).expand(bundle=bundles),
        index_phase=IndexPhaseOperator.partial(task_id="index_phase", **by_part).expand(part=parts),
        verify=VerifyLoadOperator.partial(task_id="verify", **by_bundle).expand(bundle=bundles),
        post_phase=PostPhaseOperator(task_id="post_phase", plan=identity, **shared),
        report=ReportOperator(
            task_id="report", plan_task_id=planned.task_id, **(shared | {"trigger_rule": TriggerRule.ALL_DONE})
        ),
    )
    chain(*(getattr(tasks, field.name) for field in fields(tasks)))
    # The report waits for every mapped task, also for those that go on when one of their siblings has failed.
    chain([tasks.schema_phase, tasks.load_phase, tasks.index_phase, tasks.verify], tasks.report)
    return tasks
