"""Load phase: loads the chunks of a bundle from the dump directory."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from airflow_mydump.operators.phase import engine_errors
from airflow_mydump.operators.progress_log import ProgressLog
from airflow_mydump.operators.staged_bundle import StagedBundleOperator


class LoadPhaseOperator(StagedBundleOperator):
    """Loads every chunk of a bundle that is not loaded yet, each exactly once."""

    def execute(self, context: Any) -> dict[str, int]:
        """Load the chunks; returns what was moved now."""
        # Imported when the task runs: its driver is no part of parsing a DAG.
        from airflow_mydump.engine.phases.load import load_phase

        progress = ProgressLog(self.log, context["ti"])
        with engine_errors():
            moved = load_phase(self.target, self.storage, self.directory, self.file, progress)
        progress.speak()
        return asdict(moved)
