"""Data phase in one moment: workers that copy all chunks together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from airflow_mydump.operators.phase import engine_errors
from airflow_mydump.operators.plan import PlanOperator
from airflow_mydump.operators.progress_log import ProgressLog
from airflow_mydump.operators.worker import WorkerOperator


class SnapshotDataOperator(WorkerOperator, PlanOperator):
    """Loads chunks that are not loaded yet, each exactly once, and all as they were in one moment of the source."""

    template_fields: Sequence[str] = PlanOperator.template_fields

    def execute(self, context: Any) -> dict[str, int]:
        """Copy until no chunk is left; returns what was moved by this worker."""
        # Imported when the task runs: its driver is no part of parsing a DAG.
        from airflow_mydump.engine.phases.data import snapshot_data_phase

        progress = ProgressLog(self.log, context["ti"])
        with engine_errors():
            moved = snapshot_data_phase(
                self.source, self.target, self.directory, self.identity, self.consistency, self.member, progress
            )
        progress.speak()
        return asdict(moved)
