"""Restores as DAGs and task groups: a dump directory, of this package or of mydumper, into a server.

The graph has seven tasks, whatever the number of tables::

    load_plan -> schema_phase[] -> load_phase[] -> index_phase[] -> verify[] -> post_phase -> report

Making it touches no server, Variable or connection.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from airflow.sdk import Param, TriggerRule, XComArg
from airflow.sdk.definitions.mappedoperator import MappedOperator

from airflow_mydump.dag_factory.config import ExecutionConfig, PlanConfig, SelectionConfig, TargetConfig, VerifyConfig
from airflow_mydump.dag_factory.migration import choice, in_order, part_arguments, plan_settings
from airflow_mydump.dag_factory.requirement import require
from airflow_mydump.dag_factory.run_params import content_param, if_exists_param
from airflow_mydump.dag_factory.staging import StagingConfig
from airflow_mydump.dag_factory.workflow import Workflow, WorkflowDag, WorkflowTaskGroup
from airflow_mydump.engine.selection.open_selection import OpenSelection
from airflow_mydump.operators.bundle import BundleOperator
from airflow_mydump.operators.chunk_plan import PLAN
from airflow_mydump.operators.index_phase import IndexPhaseOperator
from airflow_mydump.operators.load_phase import LoadPhaseOperator
from airflow_mydump.operators.load_plan import LoadPlanOperator
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
    verify: MappedOperator | None
    post_phase: PostPhaseOperator
    report: ReportOperator


@dataclass(frozen=True, kw_only=True)
class Restoring(Workflow):
    """What a restore is made of."""

    NAME = "restore"

    staging: StagingConfig
    target: TargetConfig
    selection: SelectionConfig = field(default_factory=SelectionConfig)
    plan: PlanConfig = field(default_factory=PlanConfig)
    verify: VerifyConfig = field(default_factory=VerifyConfig)
    dynamic_sql: bool = False

    def params(self) -> dict[str, Param]:
        """Tables that exist, content."""
        return {
            "if_exists": if_exists_param(self.target.if_exists),
            "content": content_param(self.selection.content),
        }

    def add_tasks(self, run_key: str, run_params: bool = False) -> RestoreTasks:
        """Add the seven tasks; see `Workflow.add_tasks`."""
        for name in ("where", "partitions"):
            require(self.selection, name, not getattr(self.selection, name), "cannot be used in a restore")
        require(self.target, "users", not self.target.users, "cannot be used in a restore: a dump has no accounts")
        require(self.selection, "history", self.selection.history == "current", "is the dump's, which has what it has")
        wanted = OpenSelection(**choice(self.selection), rename=dict(self.target.rename))
        settings = replace(plan_settings(self.plan, self.execution, self.target), verify=self.verify.rows)
        shared = self.shared_arguments(run_key, self.target) | self.on_target()
        staged: dict[str, Any] = {"dump_directory": self.staging.path}
        mapped = shared | {"max_active_tis_per_dagrun": self.execution.concurrency}
        planned = LoadPlanOperator(
            task_id="load_plan",
            wanted=wanted,
            settings=settings,
            dynamic_sql=self.dynamic_sql,
            run_params=run_params,
            **shared,
            **staged,
        )
        identity = XComArg(planned, PLAN)
        by_part = mapped | part_arguments(identity, self.execution)
        by_bundle = mapped | {"map_index_template": BundleOperator.MAP_INDEX_TEMPLATE}
        parts, bundles = list(range(self.execution.concurrency)), planned.output
        tasks = RestoreTasks(
            load_plan=planned,
            schema_phase=SchemaPhaseOperator.partial(task_id="schema_phase", **by_part).expand(part=parts),
            load_phase=LoadPhaseOperator.partial(task_id="load_phase", **by_bundle, **staged).expand(bundle=bundles),
            index_phase=IndexPhaseOperator.partial(task_id="index_phase", **by_part).expand(part=parts),
            verify=VerifyLoadOperator.partial(task_id="verify", **by_bundle).expand(bundle=bundles)
            if self.verify.rows
            else None,
            post_phase=PostPhaseOperator(task_id="post_phase", plan=identity, **shared),
            report=ReportOperator(
                task_id="report",
                plan_task_id=planned.task_id,
                keep_ledger=self.target.keep_ledger,
                emit_assets=self.target.emit_assets,
                **(shared | {"trigger_rule": TriggerRule.ALL_DONE}),
            ),
        )
        in_order(tasks)
        return tasks


class _Head:
    """The signature that the DAG and the task group share."""

    phases: RestoreTasks

    def __init__(
        self,
        name: str | None = None,
        /,
        *,
        staging: StagingConfig,
        target: TargetConfig,
        selection: SelectionConfig | None = None,
        plan: PlanConfig | None = None,
        verify: VerifyConfig | None = None,
        execution: ExecutionConfig | None = None,
        dynamic_sql: bool = False,
        operator_args: Mapping[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        restoring = Restoring(
            staging=staging,
            target=target,
            selection=selection or SelectionConfig(),
            plan=plan or PlanConfig(),
            verify=verify or VerifyConfig(),
            execution=execution or ExecutionConfig(),
            dynamic_sql=dynamic_sql,
            operator_args=operator_args or {},
        )
        super().__init__(name, workflow=restoring, **kwargs)  # type: ignore[call-arg]  # of the class beside this


class RestoreDag(_Head, WorkflowDag):
    """A restore as a DAG: ``RestoreDag("restore", staging=…, target=…)``; ``phases`` has its tasks' handles.

    Arguments that are not listed go to `airflow.sdk.DAG`. ``max_active_runs`` is 1 and ``catchup`` off unless given.

    :param dynamic_sql: whether routines, triggers and events may compose statements; only for dumps you trust
    :param operator_args: arguments for every operator, such as ``queue`` or ``on_failure_callback``

    Raises ConfigurationError, naming the field, if a config cannot be right.
    """


class RestoreTaskGroup(_Head, WorkflowTaskGroup):
    """The tasks of a restore as a task group inside a DAG of yours; ``phases`` has their handles.

    Two runs that restore the same tables into the same target cannot both succeed: give the DAG ``max_active_runs=1``.
    Arguments are those of `RestoreDag`; what is not listed goes to `airflow.sdk.TaskGroup`. The group's name, by
    default ``restore``, is a part of the run's key.
    """
