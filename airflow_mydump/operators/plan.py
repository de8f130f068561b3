"""What the operators that act once for a whole plan share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from airflow_mydump.engine.errors import IncompleteRunError
from airflow_mydump.engine.plan import PlanIdentity
from airflow_mydump.operators.phase import PhaseOperator


class PlanOperator(PhaseOperator):
    """A phase over the whole plan.

    :param plan: the identity that `ChunkPlanOperator` pushed under the key ``plan``
    """

    template_fields: Sequence[str] = (*PhaseOperator.template_fields, "plan")

    def __init__(self, *, plan: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.plan = plan

    @property
    def identity(self) -> PlanIdentity:
        """The plan's identity. Raises IncompleteRunError if no plan was made."""
        if not isinstance(self.plan, Mapping):
            raise IncompleteRunError("the run has no plan, because an earlier task failed; its log says why")
        return PlanIdentity(**self.plan)
