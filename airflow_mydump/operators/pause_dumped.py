"""Pauses the applier of a replica that is dumped, before the dump phase."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from airflow_mydump.engine.consistency.settings import Consistency
from airflow_mydump.operators.phase import engine_errors
from airflow_mydump.operators.progress_log import ProgressLog
from airflow_mydump.operators.staged import StagedOperator


class PauseDumpedOperator(StagedOperator):
    """Pauses the applier and notes the moment; a setup task, see `ResumeDumpedOperator`.

    :param consistency: the mode, and what it may cost the source
    """

    template_fields: Sequence[str] = StagedOperator.template_fields

    def __init__(self, *, consistency: Consistency, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.consistency = consistency

    def execute(self, context: Any) -> None:
        """Pause it, unless all data is there."""
        # Imported when the task runs: its driver is no part of parsing a DAG.
        from airflow_mydump.engine.phases.dump import pause_dumped

        with engine_errors():
            pause_dumped(self.source, self.storage, self.consistency, ProgressLog(self.log, context["ti"]))
