"""What became of the tasks of a run.

XComs do not tell: a task that never began after its run was cleared, because one before it failed, still has those of
the time before.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class TaskStates:
    """Airflow's states of the instances of some tasks, by name, that of a mapped one with its index."""

    task_ids: tuple[str, ...]
    by_instance: dict[str, str]

    @classmethod
    def of(cls, context: Any, task_ids: Sequence[str]) -> TaskStates:
        """Those of the run that a context is of."""
        return cls.of_run(context["ti"], context["task"].dag_id, context["run_id"], task_ids)

    @classmethod
    def of_run(cls, instance: Any, dag_id: str, run_id: str, task_ids: Sequence[str]) -> TaskStates:
        """Those of any run, asked for by a task instance."""
        found = instance.get_task_states(dag_id=dag_id, task_ids=list(task_ids), run_ids=[run_id])
        states = {name: str(getattr(state, "value", state)) for name, state in found.get(run_id, {}).items()}
        return cls(tuple(task_ids), states)

    def of_task(self, task_id: str) -> set[str]:
        """The states of a task's instances."""
        return {state for name, state in self.by_instance.items() if _is_of(name, task_id)}

    def succeeded(self, task_id: str, map_index: int = -1) -> bool:
        """Whether a task, or a mapped one's instance, has done its work in this run."""
        return self.by_instance.get(task_id if map_index < 0 else f"{task_id}_{map_index}") == "success"

    def failed(self) -> list[str]:
        """The tasks of which an instance failed or could not begin, in order."""
        return self.in_state("failed", "upstream_failed")

    def in_state(self, *states: str) -> list[str]:
        """The tasks of which an instance is in one of the states, in order."""
        return [task for task in self.task_ids if not self.of_task(task).isdisjoint(states)]


def _is_of(name: str, task_id: str) -> bool:
    index = name.removeprefix(f"{task_id}_")
    return name == task_id or (index != name and index.isdigit())
