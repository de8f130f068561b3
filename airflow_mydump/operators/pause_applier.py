"""Pauses the applier of a replica that is the source, before the data phase."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from airflow_mydump.engine.consistency.settings import Consistency
from airflow_mydump.operators.phase import engine_errors
from airflow_mydump.operators.plan import PlanOperator
from airflow_mydump.operators.progress_log import ProgressLog


class PauseApplierOperator(PlanOperator):
    """Pauses the applier and notes the moment; a setup task, see `ResumeApplierOperator`.

    :param consistency: the mode, and what it may cost the source
    """

    template_fields: Sequence[str] = PlanOperator.template_fields

    def __init__(self, *, consistency: Consistency, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.consistency = consistency

    def execute(self, context: Any) -> None:
        """Pause it, unless all data is there."""
        # Imported when the task runs: its driver is no part of parsing a DAG.
        from airflow_mydump.engine.phases.data import pause_source

        with engine_errors():
            pause_source(
                self.source,
                self.target,
                self.directory,
                self.identity,
                self.consistency,
                ProgressLog(self.log, context["ti"]),
            )
