"""Report: the accounting at the end, which decides whether the run may be trusted."""

from __future__ import annotations

from typing import Any

import msgspec

from airflow_mydump.engine.phases.report import as_markdown, report_phase, require_complete
from airflow_mydump.operators.phase import engine_errors
from airflow_mydump.operators.plan import PlanOperator


class ReportOperator(PlanOperator):
    """Fails, naming the difference, unless everything planned was done and verified.

    Run it with trigger rule ``all_done``, so that a failed run has a report too.
    """

    def execute(self, context: Any) -> dict[str, Any]:
        """Compare plan and ledger, log the report and return it."""
        with engine_errors():
            report = report_phase(self.target, self.directory, self.identity)
            self.log.info("\n%s", as_markdown(report))
            # Pushed before the verdict: who is alerted wants to see it too.
            context["ti"].xcom_push(key="report", value=msgspec.json.decode(msgspec.json.encode(report)))
            require_complete(report)
        return {"complete": report.complete, "rows": report.rows, "tenants": len(report.tenants)}
