"""Lets the applier of a replica that is the source run again, after the data phase."""

from __future__ import annotations

from typing import Any

from airflow_mydump.engine.consistency.settings import Consistency
from airflow_mydump.operators.phase import PhaseOperator, engine_errors
from airflow_mydump.operators.progress_log import ProgressLog


class ResumeApplierOperator(PhaseOperator):
    """Lets the applier run again if this run has paused it, in whatever plan; a teardown task, which runs in any case.

    :param consistency: how long it may take
    """

    def __init__(self, *, consistency: Consistency, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.consistency = consistency

    def execute(self, context: Any) -> None:
        """Let it run; harmless when it does."""
        # Imported when the task runs: its driver is no part of parsing a DAG.
        from airflow_mydump.engine.consistency.pause import resume_applier

        with engine_errors():
            resume_applier(self.source, self.directory, self.consistency, ProgressLog(self.log, context["ti"]))
