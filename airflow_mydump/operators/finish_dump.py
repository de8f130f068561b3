"""Finish-dump: the accounting at the end of a dump, which declares it complete."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from airflow_mydump.engine.phases.finish_dump import finish_dump
from airflow_mydump.operators.phase import engine_errors
from airflow_mydump.operators.report import REPORT
from airflow_mydump.operators.staged import StagedOperator


class FinishDumpOperator(StagedOperator):
    """Fails, naming what is missing, unless every planned chunk is in the directory; else writes ``metadata``."""

    def execute(self, context: Any) -> dict[str, Any]:
        """Finish the dump; returns what it holds."""
        with engine_errors():
            report = finish_dump(self.source, self.storage, run_key=self.run_key)
        self.log.info(
            "Dump complete: %s tables, %s rows, %.1f MB of rows in %.1f MB of files. Consistency %s",
            f"{report.tables:,}",
            f"{report.rows:,}",
            report.bytes / 1e6,
            report.file_bytes / 1e6,
            report.consistency,
        )
        context["ti"].xcom_push(key=REPORT, value=asdict(report))
        return asdict(report)
