"""Verify, after a restore: compares the chunks of a bundle with what the dump says of them."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from airflow_mydump.engine.phases.verify_load import verify_load_phase
from airflow_mydump.operators.bundle import BundleOperator
from airflow_mydump.operators.phase import engine_errors
from airflow_mydump.operators.progress_log import ProgressLog


class VerifyLoadOperator(BundleOperator):
    """Fails, naming every chunk, if the target does not hold what was dumped."""

    def execute(self, context: Any) -> dict[str, int]:
        """Compare; returns the chunks and rows that were seen to be equal."""
        progress = ProgressLog(self.log, context["ti"])
        with engine_errors():
            verified = verify_load_phase(self.target, self.directory, self.file, progress)
        progress.speak()
        return asdict(verified)
