"""What the operators of dumps and restores share: the dump directory."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from airflow_mydump.engine.dump_directory.storage import Storage
from airflow_mydump.operators.object_store import directory_at
from airflow_mydump.operators.phase import PhaseOperator


class StagedOperator(PhaseOperator):
    """A phase over a dump directory.

    :param dump_directory: path or URL that every worker sees, as `object_store.directory_at` takes it; a template, such
        as ``s3://my_aws@bucket/{{ ds }}``
    """

    template_fields: Sequence[str] = (*PhaseOperator.template_fields, "dump_directory")

    def __init__(self, *, dump_directory: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.dump_directory = dump_directory

    @property
    def storage(self) -> Storage:
        """The dump directory. Raises ConfigurationError, AirflowNotFoundException."""
        return Storage(directory_at(self.dump_directory))
