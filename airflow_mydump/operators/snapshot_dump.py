"""Dump phase in one moment: workers that dump all chunks together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from airflow_mydump.operators.phase import engine_errors
from airflow_mydump.operators.progress_log import ProgressLog
from airflow_mydump.operators.staged import StagedOperator
from airflow_mydump.operators.worker import WorkerOperator


class SnapshotDumpOperator(WorkerOperator, StagedOperator):
    """Dumps chunks that are not in the directory yet, all as they were in one moment of the source."""

    template_fields: Sequence[str] = StagedOperator.template_fields

    def execute(self, context: Any) -> dict[str, int]:
        """Dump until no chunk is left; returns what was written by this worker."""
        # Imported when the task runs: its driver is no part of parsing a DAG.
        from airflow_mydump.engine.phases.dump import snapshot_dump_phase

        progress = ProgressLog(self.log, context["ti"])
        with engine_errors():
            dumped = snapshot_dump_phase(self.source, self.storage, self.consistency, self.member, progress)
        progress.speak()
        return asdict(dumped)
