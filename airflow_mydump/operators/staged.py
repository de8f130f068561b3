"""What the operators of dumps and restores share: the dump directory."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from airflow_mydump.engine.dump_directory.storage import Storage
from airflow_mydump.operators.phase import PhaseOperator


class StagedOperator(PhaseOperator):
    """A phase over a dump directory.

    :param dump_directory: path or fsspec URL that every worker sees; a template, such as ``/dumps/{{ ds }}``
    """

    template_fields: Sequence[str] = (*PhaseOperator.template_fields, "dump_directory")

    def __init__(self, *, dump_directory: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.dump_directory = dump_directory

    @property
    def storage(self) -> Storage:
        """The dump directory. Raises ConfigurationError."""
        return Storage.at(self.dump_directory)
