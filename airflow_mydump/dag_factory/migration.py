"""Migrations as DAGs and task groups: a direct copy from one server to another.

The graph has nine tasks, whatever the number of tables, and it is the only thing that keeps data behind schema: a data
task cannot start before every schema task has succeeded::

    preflight -> prefetch_metadata -> chunk_plan -> schema_phase[] -> data_phase[] -> index_phase[] -> verify[]
              -> post_phase -> report

Making it touches no server, Variable or connection.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

from airflow.sdk import DAG, TaskGroup, TriggerRule, XComArg, chain
from airflow.sdk.definitions.mappedoperator import MappedOperator

from airflow_mydump.dag_factory.config import ExecutionConfig, PlanConfig, SelectionConfig, SourceConfig, TargetConfig
from airflow_mydump.engine.phases.plan import PlanSettings
from airflow_mydump.engine.selection import Selection
from airflow_mydump.engine.size import parse_size
from airflow_mydump.operators.bundle import BundleOperator
from airflow_mydump.operators.chunk_plan import PLAN, ChunkPlanOperator
from airflow_mydump.operators.data_phase import DataPhaseOperator
from airflow_mydump.operators.index_phase import IndexPhaseOperator
from airflow_mydump.operators.part import PartOperator
from airflow_mydump.operators.phase import RUN_KEY
from airflow_mydump.operators.post_phase import PostPhaseOperator
from airflow_mydump.operators.prefetch_metadata import PrefetchMetadataOperator
from airflow_mydump.operators.preflight import PreflightOperator
from airflow_mydump.operators.report import ReportOperator
from airflow_mydump.operators.schema_phase import SchemaPhaseOperator
from airflow_mydump.operators.verify import VerifyOperator


@dataclass(frozen=True)
class MigrationTasks:
    """The tasks of a migration, for wiring other tasks before, between and after them."""

    preflight: PreflightOperator
    prefetch_metadata: PrefetchMetadataOperator
    chunk_plan: ChunkPlanOperator
    schema_phase: MappedOperator
    data_phase: MappedOperator
    index_phase: MappedOperator
    verify: MappedOperator
    post_phase: PostPhaseOperator
    report: ReportOperator


class MigrationTaskGroup(TaskGroup):
    """The tasks of a migration as a task group inside a DAG of yours; ``tasks`` has their handles.

    Two runs that move the same tables to the same target cannot both succeed: give the DAG ``max_active_runs=1``.

    :param group_id: the group's name; also a part of the run's key, so that a DAG may hold several migrations
    :param operator_args: arguments for every operator, such as ``queue`` or ``on_failure_callback``

    Raises ConfigurationError or SelectionError, naming the field, if a config cannot be right.
    """

    def __init__(
        self,
        group_id: str = "migration",
        *,
        source: SourceConfig,
        target: TargetConfig,
        selection: SelectionConfig | None = None,
        plan: PlanConfig | None = None,
        execution: ExecutionConfig | None = None,
        operator_args: Mapping[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(group_id, **kwargs)
        with self:
            self.tasks = add_migration_tasks(
                source, target, selection, plan, execution, operator_args, run_key=f"{RUN_KEY}/{self.group_id}"
            )


class MigrationDag(DAG):
    """A migration as a DAG; ``tasks_of_migration`` has its tasks' handles.

    Arguments that are not listed go to `airflow.sdk.DAG`. ``max_active_runs`` is 1 unless given: two runs over the same
    tables cannot both succeed. ``catchup`` is off unless given: a migration moves what the source holds now.

    :param operator_args: arguments for every operator, such as ``queue`` or ``on_failure_callback``

    Raises ConfigurationError or SelectionError, naming the field, if a config cannot be right.
    """

    def __init__(
        self,
        dag_id: str,
        *,
        source: SourceConfig,
        target: TargetConfig,
        selection: SelectionConfig | None = None,
        plan: PlanConfig | None = None,
        execution: ExecutionConfig | None = None,
        operator_args: Mapping[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        concurrency = (execution or ExecutionConfig()).concurrency
        defaults = {"max_active_runs": 1, "catchup": False, "max_active_tasks": max(16, concurrency)}
        super().__init__(dag_id, **(defaults | kwargs))
        # Airflow takes the file that called its own __init__, which is this one, for the DAG's.
        self.fileloc = sys._getframe(1).f_code.co_filename
        with self:
            self.tasks_of_migration = add_migration_tasks(source, target, selection, plan, execution, operator_args)


def add_migration_tasks(
    source: SourceConfig,
    target: TargetConfig,
    selection: SelectionConfig | None = None,
    plan: PlanConfig | None = None,
    execution: ExecutionConfig | None = None,
    operator_args: Mapping[str, Any] | None = None,
    run_key: str = RUN_KEY,
) -> MigrationTasks:
    """Add a migration's tasks to the DAG or task group whose context is open. Raises as `MigrationDag` does."""
    selection, plan, execution = selection or SelectionConfig(), plan or PlanConfig(), execution or ExecutionConfig()
    chosen = Selection(
        tuple(source.schemas),
        tuple(selection.include),
        tuple(selection.exclude),
        dict(target.rename),
        dict(selection.where),
    )
    settings = plan_settings(plan, execution, target)
    shared = shared_arguments(execution, run_key, target, source_conn_id=source.conn_id)
    shared |= dict(operator_args or {})
    mapped = shared | {"max_active_tis_per_dagrun": execution.concurrency}

    preflight = PreflightOperator(task_id="preflight", selection=chosen, **shared)
    prefetch = PrefetchMetadataOperator(task_id="prefetch_metadata", selection=chosen, **shared)
    chunk_plan = ChunkPlanOperator(
        task_id="chunk_plan", catalog=prefetch.output, selection=chosen, settings=settings, **shared
    )
    identity = XComArg(chunk_plan, PLAN)
    by_part = mapped | {"plan": identity, "map_index_template": PartOperator.MAP_INDEX_TEMPLATE}
    by_bundle = mapped | {"map_index_template": BundleOperator.MAP_INDEX_TEMPLATE}
    parts, bundles = list(range(execution.concurrency)), chunk_plan.output
    tasks = MigrationTasks(
        preflight=preflight,
        prefetch_metadata=prefetch,
        chunk_plan=chunk_plan,
        schema_phase=SchemaPhaseOperator.partial(task_id="schema_phase", **by_part).expand(part=parts),
        data_phase=DataPhaseOperator.partial(task_id="data_phase", **by_bundle).expand(bundle=bundles),
        index_phase=IndexPhaseOperator.partial(task_id="index_phase", **by_part).expand(part=parts),
        verify=VerifyOperator.partial(task_id="verify", **by_bundle).expand(bundle=bundles),
        post_phase=PostPhaseOperator(task_id="post_phase", plan=identity, **shared),
        report=ReportOperator(
            task_id="report", plan_task_id=chunk_plan.task_id, **(shared | {"trigger_rule": TriggerRule.ALL_DONE})
        ),
    )
    chain(*(getattr(tasks, field.name) for field in fields(tasks)))
    # The report waits for every mapped task, also for those that go on when one of their siblings has failed.
    chain([tasks.schema_phase, tasks.data_phase, tasks.index_phase, tasks.verify], tasks.report)
    return tasks


def plan_settings(plan: PlanConfig, execution: ExecutionConfig, target: TargetConfig | None = None) -> PlanSettings:
    """What the configs say about a plan, in the engine's words."""
    settings = PlanSettings(
        chunk_bytes=parse_size(str(plan.chunk_bytes)),
        concurrency=execution.concurrency,
        max_bundles=plan.max_bundles,
        defer_keys=plan.defer_keys,
        strategy=plan.strategy,
        max_key_prefix_length=plan.max_key_prefix_length,
    )
    return replace(settings, if_exists=target.if_exists) if target else settings


def shared_arguments(
    execution: ExecutionConfig, run_key: str, target: TargetConfig | None = None, **connections: str
) -> dict[str, Any]:
    """The arguments that all operators of a run have in common; ``connections`` are their connections' ids."""
    arguments = {
        **connections,
        **({"target_conn_id": target.conn_id, "target_binlog": target.binlog} if target else {}),
        "work_directory": execution.work_directory,
        "run_key": run_key,
        "retries": execution.retries,
        "retry_delay": execution.retry_delay,
    }
    return arguments | ({"pool": execution.pool} if execution.pool else {})
