"""Lets the applier of a replica that is the source run again, after the data phase."""

from __future__ import annotations

from typing import Any

from airflow_mydump.operators.pause_applier import PauseApplierOperator
from airflow_mydump.operators.phase import engine_errors
from airflow_mydump.operators.progress_log import ProgressLog


class ResumeApplierOperator(PauseApplierOperator):
    """Lets the applier run again if this run has paused it; a teardown task, which runs in any case."""

    def execute(self, context: Any) -> None:
        """Let it run; harmless when it does."""
        # Imported when the task runs: its driver is no part of parsing a DAG.
        from airflow_mydump.engine.phases.data import resume_source

        with engine_errors():
            resume_source(
                self.source, self.directory, self.identity, self.consistency, ProgressLog(self.log, context["ti"])
            )
