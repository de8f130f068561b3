"""Dump phase: writes the chunks of a bundle into the dump directory."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from airflow_mydump.engine.phases.dump import dump_phase
from airflow_mydump.operators.phase import engine_errors
from airflow_mydump.operators.progress_log import ProgressLog
from airflow_mydump.operators.staged_bundle import StagedBundleOperator


class DumpPhaseOperator(StagedBundleOperator):
    """Dumps every chunk of a bundle that is not in the directory yet."""

    def execute(self, context: Any) -> dict[str, int]:
        """Dump the chunks; returns what was written now."""
        progress = ProgressLog(self.log, context["ti"])
        with engine_errors():
            dumped = dump_phase(self.source, self.storage, self.file, progress)
        progress.speak()
        return asdict(dumped)
