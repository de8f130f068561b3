"""Post phase: creates sequences, routines, views, triggers and events after the data was verified."""

from __future__ import annotations

from typing import Any

from airflow_mydump.operators.phase import engine_errors
from airflow_mydump.operators.plan import PlanOperator
from airflow_mydump.operators.progress_log import ProgressLog


class PostPhaseOperator(PlanOperator):
    """Creates every planned object under the session state it was written in."""

    def execute(self, context: Any) -> int:
        """Create the objects; returns how many were created now."""
        # Imported when the task runs: its driver is no part of parsing a DAG.
        from airflow_mydump.engine.phases.post import post_phase

        progress = ProgressLog(self.log, context["ti"])
        with engine_errors():
            source = self.source if self.source_conn_id else None
            created = post_phase(self.target, self.directory, self.identity, progress, source)
        progress.speak()
        return created
