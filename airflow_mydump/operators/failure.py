"""Why a task of a run failed, in the words that reports and notifications pass on."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

RECORD = "failure"
"""Key of the XCom that a failed task leaves; after a try that succeeds there is none, for each try begins without."""


@dataclass(frozen=True)
class Failure:
    """The task, by its phase and what it moves, and the error, which names table, key range and number but no value.

    ``retryable`` says that the error may pass: Airflow has tried as often as it was told to. ``link`` leads to the log.
    """

    phase: str
    map_index: int
    label: str
    error: str
    retryable: bool
    link: str

    @classmethod
    def of(cls, context: Any, error: str, retryable: bool) -> Failure:
        """The failure of the task that a context is of."""
        task, instance = context["task"], context["ti"]
        bundle = getattr(task, "bundle", None)
        label = bundle.get("label", "") if isinstance(bundle, dict) else ""
        return cls(task.task_id, instance.map_index, label, error, retryable, instance.log_url)

    @classmethod
    def read(cls, record: dict[str, Any]) -> Failure:
        """The failure that an XCom holds."""
        return cls(**{field.name: record[field.name] for field in fields(cls)})

    @property
    def advice(self) -> str:
        """What is safe to do."""
        if self.retryable:
            return (
                "What was committed stays, and is not loaded again: when the cause has passed, clear the failed tasks "
                "and those after them."
            )
        return "Trying again unchanged will fail again. Remove the cause, then clear the run: it starts anew."

    @property
    def sentence(self) -> str:
        """The failure in one line."""
        of = f" ({self.label})" if self.label else ""
        return f"{self.phase}{of}: {self.error}"


def failures_of(
    instance: Any, task_ids: list[str], run_id: str | None = None, dag_id: str | None = None
) -> list[Failure]:
    """The failures that tasks of a run left, of every mapped one too."""
    found = instance.xcom_pull(task_ids=task_ids, key=RECORD, run_id=run_id, dag_id=dag_id) or []
    return [Failure.read(record) for record in found if record]
