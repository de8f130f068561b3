"""A run of one of the tests' DAGs, from the trigger to what the tests ask about its end."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sandbox.airflow import Airflow

SECONDS = 180.0


@dataclass(frozen=True)
class DagRun:
    airflow: Airflow
    dag_id: str
    run_id: str

    @classmethod
    def triggered(cls, airflow: Airflow, dag_id: str, conf: dict[str, Any] | None = None) -> DagRun:
        airflow.await_dag(dag_id)
        airflow.api.unpause(dag_id)
        return cls(airflow, dag_id, airflow.api.trigger(dag_id, conf=conf))

    def end(self) -> str:
        """The state, once it has ended."""
        return self.airflow.api.await_run(self.dag_id, self.run_id, SECONDS)

    def instances(self, task_id: str) -> list[dict[str, Any]]:
        """A task's instances, by map index."""
        found = self.airflow.api.task_instances(self.dag_id, self.run_id)
        return sorted((each for each in found if each["task_id"] == task_id), key=lambda each: each["map_index"])

    def states(self) -> dict[str, set[str]]:
        """The states of each task's instances."""
        states: dict[str, set[str]] = {}
        for each in self.airflow.api.task_instances(self.dag_id, self.run_id):
            states.setdefault(each["task_id"], set()).add(each["state"])
        return states

    def tries(self) -> dict[str, int]:
        """How often each task was tried, at most."""
        tries: dict[str, int] = {}
        for each in self.airflow.api.task_instances(self.dag_id, self.run_id):
            tries[each["task_id"]] = max(each["try_number"], tries.get(each["task_id"], 0))
        return tries

    def xcom(self, task_id: str, key: str = "return_value", map_index: int = -1) -> Any:
        return self.airflow.api.xcom(self.dag_id, self.run_id, task_id, key, map_index)

    def report(self, task_id: str = "report") -> dict[str, Any]:
        report: dict[str, Any] = self.xcom(task_id, "report")
        return report

    def log(self, task_id: str, try_number: int = 1, map_index: int = -1) -> str:
        return self.airflow.api.log(self.dag_id, self.run_id, task_id, try_number, map_index)

    def clear(self, task_id: str, map_index: int) -> None:
        self.airflow.api.clear_task(self.dag_id, self.run_id, task_id, map_index)

    def clear_all(self) -> None:
        self.airflow.api.clear_run(self.dag_id, self.run_id)

    def clear_from(self, task_id: str) -> None:
        """Clear a task and all that come after it."""
        self.airflow.api.clear_task(self.dag_id, self.run_id, task_id, downstream=True)

    def mark(self, task_id: str, map_index: int, state: str) -> None:
        """Have it that a task has ended in a state."""
        self.airflow.api.mark_task(self.dag_id, self.run_id, task_id, map_index, state)
