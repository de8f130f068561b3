"""Index phase: adds foreign keys to the loaded tables of a part."""

from __future__ import annotations

from typing import Any

from airflow_mydump.engine.phases.index import index_phase
from airflow_mydump.operators.part import PartOperator
from airflow_mydump.operators.phase import engine_errors
from airflow_mydump.operators.progress_log import ProgressLog


class IndexPhaseOperator(PartOperator):
    """Adds to the tables of a part what had to wait for the data; see `PartOperator`."""

    def execute(self, context: Any) -> int:
        """Add the keys; returns how many were added now."""
        progress = ProgressLog(self.log, context["ti"])
        with engine_errors():
            added = sum(index_phase(self.target, self.directory, file, progress) for file in self.files)
        progress.speak()
        return added
