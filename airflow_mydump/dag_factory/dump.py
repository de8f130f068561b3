"""Dumps as DAGs and task groups: databases into a dump directory, which myloader can read too.

The graph has three tasks, whatever the number of tables::

    dump_plan -> dump_phase[] -> finish_dump

Making it touches no server, Variable or connection.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from airflow.sdk import DAG, TaskGroup, chain
from airflow.sdk.definitions.mappedoperator import MappedOperator

from airflow_mydump.dag_factory.config import ExecutionConfig, PlanConfig, SelectionConfig, SourceConfig
from airflow_mydump.dag_factory.migration import plan_settings, shared_arguments
from airflow_mydump.dag_factory.staging import StagingConfig
from airflow_mydump.engine.dump_plan import DumpSettings
from airflow_mydump.engine.selection import Selection
from airflow_mydump.operators.bundle import BundleOperator
from airflow_mydump.operators.dump_phase import DumpPhaseOperator
from airflow_mydump.operators.dump_plan import DumpPlanOperator
from airflow_mydump.operators.finish_dump import FinishDumpOperator
from airflow_mydump.operators.phase import RUN_KEY


@dataclass(frozen=True)
class DumpTasks:
    """The tasks of a dump, for wiring other tasks before, between and after them."""

    dump_plan: DumpPlanOperator
    dump_phase: MappedOperator
    finish_dump: FinishDumpOperator


class DumpTaskGroup(TaskGroup):
    """The tasks of a dump as a task group inside a DAG of yours; ``tasks`` has their handles.

    :param group_id: the group's name; also a part of the run's key
    :param operator_args: arguments for every operator, such as ``queue`` or ``on_failure_callback``

    Raises ConfigurationError or SelectionError, naming the field, if a config cannot be right.
    """

    def __init__(
        self,
        group_id: str = "dump",
        *,
        source: SourceConfig,
        staging: StagingConfig,
        selection: SelectionConfig | None = None,
        plan: PlanConfig | None = None,
        execution: ExecutionConfig | None = None,
        operator_args: Mapping[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(group_id, **kwargs)
        with self:
            self.tasks = add_dump_tasks(
                source, staging, selection, plan, execution, operator_args, run_key=f"{RUN_KEY}/{self.group_id}"
            )


class DumpDag(DAG):
    """A dump as a DAG; ``tasks_of_dump`` has its tasks' handles.

    Arguments that are not listed go to `airflow.sdk.DAG`. ``max_active_runs`` is 1 and ``catchup`` off unless given: a
    dump holds what the source holds now.

    :param operator_args: arguments for every operator, such as ``queue`` or ``on_failure_callback``

    Raises ConfigurationError or SelectionError, naming the field, if a config cannot be right.
    """

    def __init__(
        self,
        dag_id: str,
        *,
        source: SourceConfig,
        staging: StagingConfig,
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
            self.tasks_of_dump = add_dump_tasks(source, staging, selection, plan, execution, operator_args)


def add_dump_tasks(
    source: SourceConfig,
    staging: StagingConfig,
    selection: SelectionConfig | None = None,
    plan: PlanConfig | None = None,
    execution: ExecutionConfig | None = None,
    operator_args: Mapping[str, Any] | None = None,
    run_key: str = RUN_KEY,
) -> DumpTasks:
    """Add a dump's tasks to the DAG or task group whose context is open. Raises as `DumpDag` does."""
    selection, plan, execution = selection or SelectionConfig(), plan or PlanConfig(), execution or ExecutionConfig()
    chosen = Selection(
        tuple(source.schemas), tuple(selection.include), tuple(selection.exclude), where=dict(selection.where)
    )
    settings = DumpSettings(plan_settings(plan, execution), staging.level)
    shared = shared_arguments(execution, run_key, source_conn_id=source.conn_id) | {"dump_directory": staging.path}
    shared |= dict(operator_args or {})
    mapped = shared | {
        "max_active_tis_per_dagrun": execution.concurrency,
        "map_index_template": BundleOperator.MAP_INDEX_TEMPLATE,
    }
    planned = DumpPlanOperator(
        task_id="dump_plan",
        selection=chosen,
        settings=settings,
        replace_existing=staging.if_exists == "replace",
        **shared,
    )
    tasks = DumpTasks(
        dump_plan=planned,
        dump_phase=DumpPhaseOperator.partial(task_id="dump_phase", **mapped).expand(bundle=planned.output),
        finish_dump=FinishDumpOperator(task_id="finish_dump", **shared),
    )
    chain(tasks.dump_plan, tasks.dump_phase, tasks.finish_dump)
    return tasks
