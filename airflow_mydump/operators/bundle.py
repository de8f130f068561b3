"""What the operators that map over the plan's data bundles share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from airflow_mydump.operators.phase import PhaseOperator


class BundleOperator(PhaseOperator):
    """A phase over one data bundle; map it with ``.partial(…).expand(bundle=chunk_plan.output)``.

    :param bundle: a reference that `ChunkPlanOperator` returned
    """

    template_fields: Sequence[str] = (*PhaseOperator.template_fields, "bundle")

    MAP_INDEX_TEMPLATE: ClassVar[str] = "{{ task.bundle['id'] }}: {{ task.bundle['label'] }}"
    """Names a mapped task in the UI by what it moves."""

    def __init__(self, *, bundle: Mapping[str, Any], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.bundle = bundle

    @property
    def file(self) -> str:
        """The bundle's file, relative to the run's directory."""
        return str(self.bundle["file"])
