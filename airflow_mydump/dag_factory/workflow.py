"""How configs become a DAG, or a task group inside a DAG of the user's: the same tasks in both."""

from __future__ import annotations

import sys
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from airflow.sdk import DAG, Param, TaskGroup

from airflow_mydump.dag_factory.config import ExecutionConfig, TargetConfig
from airflow_mydump.operators.phase import RUN_KEY


@dataclass(frozen=True, kw_only=True)
class Workflow(ABC):
    """Configs that belong together, and the tasks they make.

    :param operator_args: arguments for every operator, such as ``queue`` or ``on_failure_callback``
    """

    NAME: ClassVar[str]
    """What a task group is called unless it is given a name."""

    execution: ExecutionConfig = field(default_factory=ExecutionConfig)
    operator_args: Mapping[str, Any] = field(default_factory=dict)

    @abstractmethod
    def add_tasks(self, run_key: str, run_params: bool = False) -> Any:
        """Add the tasks to the DAG or task group whose context is open, and return their handles.

        ``run_params`` says that the DAG has the workflow's params, and that they choose among what it does.

        Raises ConfigurationError or SelectionError, naming the field, if the configs cannot be right together.
        """

    @abstractmethod
    def params(self) -> dict[str, Param]:
        """What a user may want of a single run, as a form. None of it can name a connection, a path or SQL."""

    def shared_arguments(self, run_key: str, target: TargetConfig | None = None, **connections: str) -> dict[str, Any]:
        """The arguments that all operators of a run have in common; ``connections`` are their connections' ids."""
        execution = self.execution
        arguments = {
            **connections,
            **({"target_conn_id": target.conn_id, "target_binlog": target.binlog} if target else {}),
            "work_directory": execution.work_directory,
            "run_key": run_key,
            "retries": execution.retries,
            "retry_delay": execution.retry_delay,
            "patience": execution.patience,
        }
        return arguments | ({"pool": execution.pool} if execution.pool else {}) | dict(self.operator_args)

    def on_source(self) -> dict[str, str]:
        """The pool of tasks that read the source, if there is one for them."""
        return {"pool": self.execution.source_pool} if self.execution.source_pool else {}

    def on_target(self) -> dict[str, str]:
        """The pool of tasks that work on the target alone, if there is one for them."""
        return {"pool": self.execution.target_pool} if self.execution.target_pool else {}


class WorkflowDag(DAG):
    """A workflow as a DAG. ``max_active_runs`` is 1 and ``catchup`` off unless given. Its params are the workflow's and
    the user's; of the same name, the user's."""

    def __init__(self, name: str | None, /, workflow: Workflow, **kwargs: Any) -> None:
        defaults = {
            "max_active_runs": 1,
            "catchup": False,
            "max_active_tasks": max(16, workflow.execution.concurrency),
        }
        named = {"dag_id": name} if name else {}
        params = workflow.params() | dict(kwargs.pop("params", None) or {})
        super().__init__(**(defaults | named | kwargs), params=params)
        # Airflow takes the file that called its own __init__, which is this one, for the DAG's. The caller of the
        # class that has the configs' names in its signature is the user.
        self.fileloc = sys._getframe(2).f_code.co_filename
        with self:
            self.phases = workflow.add_tasks(RUN_KEY, run_params=True)


class WorkflowTaskGroup(TaskGroup):
    """A workflow as a task group, with a run key of its own, so that a DAG may hold several."""

    def __init__(self, name: str | None, /, workflow: Workflow, **kwargs: Any) -> None:
        super().__init__(**({"group_id": name or workflow.NAME} | kwargs))
        with self:
            self.phases = workflow.add_tasks(f"{RUN_KEY}/{self.group_id}")
