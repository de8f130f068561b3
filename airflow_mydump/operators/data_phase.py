"""Data phase: copies the chunks of a bundle."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from airflow_mydump.operators.bundle import BundleOperator
from airflow_mydump.operators.phase import engine_errors
from airflow_mydump.operators.progress_log import ProgressLog


class DataPhaseOperator(BundleOperator):
    """Loads every chunk of a bundle that is not loaded yet, each exactly once."""

    def execute(self, context: Any) -> dict[str, int]:
        """Copy the chunks; returns what was moved now."""
        # Imported when the task runs: its driver is no part of parsing a DAG.
        from airflow_mydump.engine.phases.data import data_phase

        progress = ProgressLog(self.log, context["ti"])
        with engine_errors():
            moved = data_phase(self.source, self.target, self.directory, self.file, progress)
        progress.speak()
        return asdict(moved)
