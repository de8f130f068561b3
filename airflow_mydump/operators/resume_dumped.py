"""Lets the applier of a replica that was dumped run again, after the dump phase."""

from __future__ import annotations

from typing import Any

from airflow_mydump.engine.consistency.settings import Consistency
from airflow_mydump.operators.phase import engine_errors
from airflow_mydump.operators.progress_log import ProgressLog
from airflow_mydump.operators.staged import StagedOperator


class ResumeDumpedOperator(StagedOperator):
    """Lets the applier run again if a dump into this directory has paused it; a teardown task, which runs in any case.

    :param consistency: how long it may take
    """

    def __init__(self, *, consistency: Consistency, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.consistency = consistency

    def execute(self, context: Any) -> None:
        """Let it run; harmless when it does."""
        # Imported when the task runs: its driver is no part of parsing a DAG.
        from airflow_mydump.engine.consistency.pause import resume_applier

        with engine_errors():
            resume_applier(self.source, self.storage.private, self.consistency, ProgressLog(self.log, context["ti"]))
