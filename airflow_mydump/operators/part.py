"""What the operators that map over parts of the plan's tables share."""

from __future__ import annotations

from typing import Any, ClassVar

from airflow_mydump.engine.phases.plan import schema_file
from airflow_mydump.operators.plan import PlanOperator


class PartOperator(PlanOperator):
    """A phase over one part of the plan's tables; map it with ``.partial(plan=…).expand(part=range)``.

    There are as many parts as the plan's settings have concurrency; some are empty when there are few tables.

    :param part: the part's number, from 0
    """

    MAP_INDEX_TEMPLATE: ClassVar[str] = "part {{ task.part + 1 }}"
    """Names a mapped task in the UI."""

    def __init__(self, *, part: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.part = part

    @property
    def file(self) -> str:
        """The part's file, relative to the run's directory."""
        return schema_file(self.identity, self.part)
