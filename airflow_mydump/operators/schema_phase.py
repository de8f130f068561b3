"""Schema phase: creates, empties or replaces the tables of a part."""

from __future__ import annotations

from typing import Any

from airflow_mydump.engine.phases.schema import schema_phase
from airflow_mydump.operators.part import PartOperator
from airflow_mydump.operators.phase import engine_errors
from airflow_mydump.operators.progress_log import ProgressLog


class SchemaPhaseOperator(PartOperator):
    """Brings the tables of a part into being, empty, without foreign keys and triggers; see `PartOperator`."""

    def execute(self, context: Any) -> int:
        """Make the tables; returns how many were made now."""
        progress = ProgressLog(self.log, context["ti"])
        with engine_errors():
            made = sum(schema_phase(self.target, self.directory, file, progress) for file in self.files)
        progress.speak()
        return made
