"""Migrations as DAGs and task groups: a direct copy from one server to another.

The graph has nine tasks, and three more to pause a replica, whatever the number of tables, and it is the only thing
that keeps data behind schema: a data task cannot start before every schema task has succeeded::

    preflight -> prefetch_metadata -> chunk_plan -> schema_phase[] -> data_phase[] -> index_phase[] -> verify[]
              -> post_phase -> report

Making it touches no server, Variable or connection.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any

from airflow.sdk import Param, TriggerRule, XComArg, chain
from airflow.sdk.definitions.mappedoperator import MappedOperator

from airflow_mydump.dag_factory.config import (
    ConsistencyConfig,
    ExecutionConfig,
    PlanConfig,
    SelectionConfig,
    SourceConfig,
    TargetConfig,
    VerifyConfig,
)
from airflow_mydump.dag_factory.replica_pause import pause_around
from airflow_mydump.dag_factory.run_params import content_param, dry_run_param, if_exists_param, tenants_param
from airflow_mydump.dag_factory.workflow import Workflow, WorkflowDag, WorkflowTaskGroup
from airflow_mydump.engine.plan.settings import PlanSettings
from airflow_mydump.engine.selection.open_selection import OpenSelection
from airflow_mydump.engine.selection.selection import Selection
from airflow_mydump.engine.size import parse_size
from airflow_mydump.engine.translation.choice import TranslationChoice
from airflow_mydump.operators.bundle import BundleOperator
from airflow_mydump.operators.chunk_plan import PLAN, ChunkPlanOperator
from airflow_mydump.operators.data_phase import DataPhaseOperator
from airflow_mydump.operators.index_phase import IndexPhaseOperator
from airflow_mydump.operators.part import PartOperator
from airflow_mydump.operators.pause_applier import PauseApplierOperator
from airflow_mydump.operators.post_phase import PostPhaseOperator
from airflow_mydump.operators.prefetch_metadata import PrefetchMetadataOperator
from airflow_mydump.operators.preflight import PreflightOperator
from airflow_mydump.operators.report import ReportOperator
from airflow_mydump.operators.resume_applier import ResumeApplierOperator
from airflow_mydump.operators.schema_phase import SchemaPhaseOperator
from airflow_mydump.operators.snapshot_data import SnapshotDataOperator
from airflow_mydump.operators.verify import VerifyOperator
from airflow_mydump.operators.worker import WorkerOperator


@dataclass(frozen=True)
class MigrationTasks:
    """The tasks of a migration, for wiring other tasks before, between and after them."""

    preflight: PreflightOperator
    prefetch_metadata: PrefetchMetadataOperator
    chunk_plan: ChunkPlanOperator
    schema_phase: MappedOperator
    data_phase: MappedOperator
    index_phase: MappedOperator
    verify: MappedOperator | None
    post_phase: PostPhaseOperator
    report: ReportOperator


@dataclass(frozen=True, kw_only=True)
class Migration(Workflow):
    """What a migration is made of."""

    NAME = "migration"

    source: SourceConfig
    target: TargetConfig
    selection: SelectionConfig = field(default_factory=SelectionConfig)
    plan: PlanConfig = field(default_factory=PlanConfig)
    consistency: ConsistencyConfig = field(default_factory=ConsistencyConfig)
    verify: VerifyConfig = field(default_factory=VerifyConfig)

    def params(self) -> dict[str, Param]:
        """Tenants, dry run, tables that exist, content."""
        return {
            "tenants": tenants_param(self.source.schemas),
            "dry_run": dry_run_param(),
            "if_exists": if_exists_param(self.target.if_exists),
            "content": content_param(self.selection.content),
        }

    def chosen(self) -> Selection | OpenSelection:
        """What is to be moved."""
        return selected(self.source, self.selection, self.target.rename)

    def add_tasks(self, run_key: str, run_params: bool = False) -> MigrationTasks:
        """Add the nine tasks; see `Workflow.add_tasks`."""
        selecting: dict[str, Any] = {"selection": self.chosen(), "run_params": run_params}
        settings = replace(plan_settings(self.plan, self.execution, self.target), verify=self.verify.rows)
        shared = self.shared_arguments(run_key, self.target, source_conn_id=self.source.conn_id)
        on_source, on_target = shared | self.on_source(), shared | self.on_target()
        mapped = {"max_active_tis_per_dagrun": self.execution.concurrency}

        preflight = PreflightOperator(
            task_id="preflight",
            consistency=self.consistency,
            ledger=self.target.ledger,
            **selecting,
            **on_source,
        )
        prefetch = PrefetchMetadataOperator(task_id="prefetch_metadata", **selecting, **on_source)
        chunk_plan = ChunkPlanOperator(
            task_id="chunk_plan",
            catalog=prefetch.output,
            settings=settings,
            mode=self.consistency.mode,
            **selecting,
            **on_source,
        )
        identity = XComArg(chunk_plan, PLAN)
        by_part = on_target | mapped | part_arguments(identity, self.execution)
        by_bundle = mapped | {"map_index_template": BundleOperator.MAP_INDEX_TEMPLATE}
        parts, bundles = list(range(self.execution.concurrency)), chunk_plan.output
        tasks = MigrationTasks(
            preflight=preflight,
            prefetch_metadata=prefetch,
            chunk_plan=chunk_plan,
            schema_phase=SchemaPhaseOperator.partial(task_id="schema_phase", **by_part).expand(part=parts),
            data_phase=self._data_phase(identity, bundles, on_source | mapped),
            index_phase=IndexPhaseOperator.partial(task_id="index_phase", **by_part).expand(part=parts),
            verify=VerifyOperator.partial(task_id="verify", **on_target, **by_bundle).expand(bundle=bundles)
            if self.verify.rows
            else None,
            post_phase=PostPhaseOperator(task_id="post_phase", plan=identity, **on_target),
            report=ReportOperator(
                task_id="report",
                plan_task_id=chunk_plan.task_id,
                keep_ledger=self.target.keep_ledger,
                emit_assets=self.target.emit_assets,
                **(on_target | {"trigger_rule": TriggerRule.ALL_DONE}),
            ),
        )
        in_order(tasks)
        if self.consistency.mode == "replica":
            self._add_pause(identity, on_source, tasks)
        return tasks

    def _add_pause(self, identity: XComArg, on_source: Mapping[str, Any], tasks: MigrationTasks) -> None:
        """Three tasks more around the data phase, of which the last runs whatever becomes of it."""
        arguments = dict(on_source) | {"consistency": self.consistency}
        pause = PauseApplierOperator(task_id="pause_applier", plan=identity, **arguments)
        resume = ResumeApplierOperator(task_id="resume_applier", **arguments)
        pause_around(tasks.schema_phase, pause, tasks.data_phase, resume, self.operator_args)

    def _data_phase(self, identity: XComArg, bundles: XComArg, mapped: Mapping[str, Any]) -> MappedOperator:
        """Tasks for bundles where each may run when it likes, and workers that run together for a snapshot."""
        if self.consistency.mode == "none":
            arguments = dict(mapped) | {"map_index_template": BundleOperator.MAP_INDEX_TEMPLATE}
            return DataPhaseOperator.partial(task_id="data_phase", **arguments).expand(bundle=bundles)
        arguments = worker_arguments(mapped, self.execution, self.consistency) | {"plan": identity}
        workers = list(range(self.execution.concurrency))
        return SnapshotDataOperator.partial(task_id="data_phase", **arguments).expand(worker=workers)


class _Head:
    """The signature that the DAG and the task group share."""

    phases: MigrationTasks

    def __init__(
        self,
        name: str | None = None,
        /,
        *,
        source: SourceConfig,
        target: TargetConfig,
        selection: SelectionConfig | None = None,
        plan: PlanConfig | None = None,
        consistency: ConsistencyConfig | None = None,
        verify: VerifyConfig | None = None,
        execution: ExecutionConfig | None = None,
        operator_args: Mapping[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        migration = Migration(
            source=source,
            target=target,
            selection=selection or SelectionConfig(),
            plan=plan or PlanConfig(),
            consistency=consistency or ConsistencyConfig(),
            verify=verify or VerifyConfig(),
            execution=execution or ExecutionConfig(),
            operator_args=operator_args or {},
        )
        super().__init__(name, workflow=migration, **kwargs)  # type: ignore[call-arg]  # of the class beside this


class MigrationDag(_Head, WorkflowDag):
    """A migration as a DAG: ``MigrationDag("nightly", source=…, target=…)``; ``phases`` has its tasks' handles.

    Arguments that are not listed go to `airflow.sdk.DAG`. ``max_active_runs`` is 1 unless given: two runs over the same
    tables cannot both succeed. ``catchup`` is off unless given: a migration moves what the source holds now.

    :param operator_args: arguments for every operator, such as ``queue`` or ``on_failure_callback``

    Raises ConfigurationError or SelectionError, naming the field, if a config cannot be right.
    """


class MigrationTaskGroup(_Head, WorkflowTaskGroup):
    """The tasks of a migration as a task group inside a DAG of yours; ``phases`` has their handles.

    Two runs that move the same tables to the same target cannot both succeed: give the DAG ``max_active_runs=1``.
    Arguments are those of `MigrationDag`; what is not listed goes to `airflow.sdk.TaskGroup`. The group's name, by
    default ``migration``, is a part of the run's key, so that a DAG may hold several migrations.
    """


def in_order(tasks: Any) -> None:
    """Put the tasks one behind the other, in the order of their fields; the last is the report, which also waits for
    every mapped task: some go on when one of their siblings has failed."""
    found = [task for each in fields(tasks) if (task := getattr(tasks, each.name)) is not None]
    chain(*found)
    chain([task for task in found if isinstance(task, MappedOperator)], found[-1])


def selected(source: SourceConfig, selection: SelectionConfig, rename: Mapping[str, str] | None = None) -> Selection:
    """What the configs say is to be moved, in the engine's words."""
    partitions = {table: tuple(names) for table, names in selection.partitions.items()}
    return Selection(
        **choice(selection),
        schemas=tuple(source.schemas),
        rename=dict(rename or {}),
        where=dict(selection.where),
        partitions=partitions,
    )


def choice(selection: SelectionConfig) -> dict[str, Any]:
    """What a selection's config says of every database alike, as the engine's arguments."""
    return {
        "include": tuple(selection.include),
        "exclude": tuple(selection.exclude),
        "no_data": tuple(selection.no_data),
        "content": selection.content,
        "views": selection.views,
        "routines": selection.routines,
        "triggers": selection.triggers,
        "events": selection.events,
        "allow_empty": selection.allow_empty,
        "history": selection.history,
    }


def worker_arguments(
    mapped: Mapping[str, Any], execution: ExecutionConfig, consistency: ConsistencyConfig
) -> dict[str, Any]:
    """The arguments of an operator whose mapped tasks are workers that read together."""
    return dict(mapped) | {
        "workers": execution.concurrency,
        "consistency": consistency,
        "map_index_template": WorkerOperator.MAP_INDEX_TEMPLATE,
    }


def part_arguments(identity: XComArg, execution: ExecutionConfig) -> dict[str, Any]:
    """The arguments of an operator whose mapped tasks share the plan's tables."""
    return {
        "plan": identity,
        "parts": execution.concurrency,
        "map_index_template": PartOperator.MAP_INDEX_TEMPLATE,
    }


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
    if not target:
        return settings
    translation = TranslationChoice(dict(target.collations), dict(target.types))
    return replace(
        settings,
        if_exists=target.if_exists,
        translation=translation,
        adaptation=target.adaptation,
        users=tuple(target.users),
        ledger=target.ledger,
    )
