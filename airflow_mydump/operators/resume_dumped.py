"""Lets the applier of a replica that was dumped run again, after the dump phase."""

from __future__ import annotations

from typing import Any

from airflow_mydump.operators.pause_dumped import PauseDumpedOperator
from airflow_mydump.operators.phase import engine_errors
from airflow_mydump.operators.progress_log import ProgressLog


class ResumeDumpedOperator(PauseDumpedOperator):
    """Lets the applier run again if this dump has paused it; a teardown task, which runs in any case."""

    def execute(self, context: Any) -> None:
        """Let it run; harmless when it does."""
        # Imported when the task runs: its driver is no part of parsing a DAG.
        from airflow_mydump.engine.phases.dump import resume_dumped

        with engine_errors():
            resume_dumped(self.source, self.storage, self.consistency, ProgressLog(self.log, context["ti"]))
