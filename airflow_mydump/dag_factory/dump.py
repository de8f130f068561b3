"""Dumps as DAGs and task groups: databases into a dump directory, which myloader can read too.

The graph has three tasks, whatever the number of tables::

    dump_plan -> dump_phase[] -> finish_dump

Making it touches no server, Variable or connection.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from airflow.sdk import Param, XComArg, chain
from airflow.sdk.definitions.mappedoperator import MappedOperator

from airflow_mydump.dag_factory.config import (
    ConsistencyConfig,
    ExecutionConfig,
    PlanConfig,
    SelectionConfig,
    SourceConfig,
)
from airflow_mydump.dag_factory.migration import plan_settings, selected, worker_arguments
from airflow_mydump.dag_factory.replica_pause import pause_around
from airflow_mydump.dag_factory.run_params import tenants_param
from airflow_mydump.dag_factory.staging import StagingConfig
from airflow_mydump.dag_factory.workflow import Workflow, WorkflowDag, WorkflowTaskGroup
from airflow_mydump.engine.dump_directory.dump_plan import DumpSettings
from airflow_mydump.operators.bundle import BundleOperator
from airflow_mydump.operators.dump_phase import DumpPhaseOperator
from airflow_mydump.operators.dump_plan import DumpPlanOperator
from airflow_mydump.operators.finish_dump import FinishDumpOperator
from airflow_mydump.operators.pause_dumped import PauseDumpedOperator
from airflow_mydump.operators.resume_dumped import ResumeDumpedOperator
from airflow_mydump.operators.snapshot_dump import SnapshotDumpOperator


@dataclass(frozen=True)
class DumpTasks:
    """The tasks of a dump, for wiring other tasks before, between and after them."""

    dump_plan: DumpPlanOperator
    dump_phase: MappedOperator
    finish_dump: FinishDumpOperator


@dataclass(frozen=True, kw_only=True)
class Dumping(Workflow):
    """What a dump is made of."""

    NAME = "dump"

    source: SourceConfig
    staging: StagingConfig
    selection: SelectionConfig = field(default_factory=SelectionConfig)
    plan: PlanConfig = field(default_factory=PlanConfig)
    consistency: ConsistencyConfig = field(default_factory=ConsistencyConfig)

    def params(self) -> dict[str, Param]:
        """Tenants."""
        return {"tenants": tenants_param(self.source.schemas)}

    def add_tasks(self, run_key: str, run_params: bool = False) -> DumpTasks:
        """Add the three tasks; see `Workflow.add_tasks`."""
        shared = self.shared_arguments(run_key, source_conn_id=self.source.conn_id)
        shared |= {"dump_directory": self.staging.path, **self.on_source()}
        planned = DumpPlanOperator(
            task_id="dump_plan",
            selection=selected(self.source, self.selection),
            run_params=run_params,
            settings=DumpSettings(plan_settings(self.plan, self.execution), self.staging.level, self.consistency.mode),
            consistency=self.consistency,
            replace_existing=self.staging.if_exists == "replace",
            **shared,
        )
        tasks = DumpTasks(
            dump_plan=planned,
            dump_phase=self._dump_phase(planned.output, shared),
            finish_dump=FinishDumpOperator(task_id="finish_dump", **shared),
        )
        chain(tasks.dump_plan, tasks.dump_phase, tasks.finish_dump)
        if self.consistency.mode == "replica":
            arguments = shared | {"consistency": self.consistency}
            pause = PauseDumpedOperator(task_id="pause_applier", **arguments)
            resume = ResumeDumpedOperator(task_id="resume_applier", **arguments)
            pause_around(tasks.dump_plan, pause, tasks.dump_phase, resume, self.operator_args)
        return tasks

    def _dump_phase(self, bundles: XComArg, shared: Mapping[str, Any]) -> MappedOperator:
        """Tasks for bundles where each may run when it likes, and workers that run together for a snapshot."""
        mapped = dict(shared) | {"max_active_tis_per_dagrun": self.execution.concurrency}
        if self.consistency.mode == "none":
            arguments = mapped | {"map_index_template": BundleOperator.MAP_INDEX_TEMPLATE}
            return DumpPhaseOperator.partial(task_id="dump_phase", **arguments).expand(bundle=bundles)
        arguments = worker_arguments(mapped, self.execution, self.consistency)
        workers = list(range(self.execution.concurrency))
        return SnapshotDumpOperator.partial(task_id="dump_phase", **arguments).expand(worker=workers)


class _Head:
    """The signature that the DAG and the task group share."""

    phases: DumpTasks

    def __init__(
        self,
        name: str | None = None,
        /,
        *,
        source: SourceConfig,
        staging: StagingConfig,
        selection: SelectionConfig | None = None,
        plan: PlanConfig | None = None,
        consistency: ConsistencyConfig | None = None,
        execution: ExecutionConfig | None = None,
        operator_args: Mapping[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        dumping = Dumping(
            source=source,
            staging=staging,
            selection=selection or SelectionConfig(),
            plan=plan or PlanConfig(),
            consistency=consistency or ConsistencyConfig(),
            execution=execution or ExecutionConfig(),
            operator_args=operator_args or {},
        )
        super().__init__(name, workflow=dumping, **kwargs)  # type: ignore[call-arg]  # of the class beside this


class DumpDag(_Head, WorkflowDag):
    """A dump as a DAG: ``DumpDag("nightly_dump", source=…, staging=…)``; ``phases`` has its tasks' handles.

    Arguments that are not listed go to `airflow.sdk.DAG`. ``max_active_runs`` is 1 and ``catchup`` off unless given: a
    dump holds what the source holds now.

    :param operator_args: arguments for every operator, such as ``queue`` or ``on_failure_callback``

    Raises ConfigurationError or SelectionError, naming the field, if a config cannot be right.
    """


class DumpTaskGroup(_Head, WorkflowTaskGroup):
    """The tasks of a dump as a task group inside a DAG of yours; ``phases`` has their handles.

    Arguments are those of `DumpDag`; what is not listed goes to `airflow.sdk.TaskGroup`. The group's name, by default
    ``dump``, is a part of the run's key.
    """
