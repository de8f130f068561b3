"""What the operators that map over bundles share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from airflow_mydump.operators.phase import PhaseOperator

MAP_INDEX_TEMPLATE = "{{ task.bundle['id'] }}: {{ task.bundle['label'] }}"
"""Names a mapped task in the UI by what it moves."""


class BundleOperator(PhaseOperator):
    """A phase over one bundle; map it with ``.partial(…).expand(bundle=…)``.

    :param bundle: a reference that `ChunkPlanOperator` pushed
    """

    template_fields: Sequence[str] = (*PhaseOperator.template_fields, "bundle")

    def __init__(self, *, bundle: Mapping[str, Any], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.bundle = bundle

    @property
    def file(self) -> str:
        """The bundle's file, relative to the run's directory."""
        return str(self.bundle["file"])
