"""What the operators that act for a whole plan share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from airflow_mydump.engine.plan_identity import PlanIdentity
from airflow_mydump.operators.phase import PhaseOperator


class PlanOperator(PhaseOperator):
    """A phase of a plan.

    :param plan: the identity that `ChunkPlanOperator` pushed under the key ``plan``
    """

    template_fields: Sequence[str] = (*PhaseOperator.template_fields, "plan")

    def __init__(self, *, plan: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.plan = plan

    @property
    def identity(self) -> PlanIdentity:
        """The plan's identity."""
        return PlanIdentity(**self.plan)
