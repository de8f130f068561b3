"""What the operators that map over parts of the plan's tables share."""

from __future__ import annotations

from typing import Any, ClassVar

from airflow_mydump.engine.phases.plan import schema_files
from airflow_mydump.operators.plan import PlanOperator


class PartOperator(PlanOperator):
    """A phase over a part of the plan's tables; map it with ``.partial(plan=…, parts=n).expand(part=range(n))``.

    The plan cuts its tables into as many parts as its settings had concurrency; some are empty when there are few
    tables. A DAG may have changed since the plan was made, and map over another number: each task takes every
    ``parts``-th of the plan's parts, so that together they leave none out.

    :param part: the task's number, from 0
    :param parts: how many such tasks there are
    """

    MAP_INDEX_TEMPLATE: ClassVar[str] = "part {{ task.part + 1 }}"
    """Names a mapped task in the UI."""

    def __init__(self, *, part: int, parts: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.part = part
        self.parts = parts

    @property
    def files(self) -> list[str]:
        """The files of the task's parts, relative to the run's directory; none if there are more tasks than parts."""
        return schema_files(self.directory, self.identity, self.part, self.parts)
