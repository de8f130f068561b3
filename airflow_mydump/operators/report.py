"""Report: the accounting at the end, which decides whether the run may be trusted."""

from __future__ import annotations

from typing import Any

from airflow_mydump.engine.errors import IncompleteRunError
from airflow_mydump.engine.plan import PlanIdentity
from airflow_mydump.operators.chunk_plan import PLAN
from airflow_mydump.operators.phase import PhaseOperator, engine_errors
from airflow_mydump.operators.xcom_value import plain

REPORT = "report"
"""Key of the XCom with the whole report: `engine.phases.report.Report`, or `finish_dump.DumpReport`."""


class ReportOperator(PhaseOperator):
    """Fails, naming the difference, unless everything planned was done and verified.

    Run it with trigger rule ``all_done``, so that a failed run has a report too.

    :param plan_task_id: the task of the run's `ChunkPlanOperator`; by name, because that task may have failed, and then
        there is nothing that a template could be filled with
    """

    def __init__(self, *, plan_task_id: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.plan_task_id = plan_task_id

    def execute(self, context: Any) -> dict[str, Any]:
        """Compare plan and ledger, log the report and return what it comes to."""
        # Imported when the task runs: its driver is no part of parsing a DAG.
        from airflow_mydump.engine.phases.report import as_markdown, report_phase, require_complete

        plan = context["ti"].xcom_pull(task_ids=self.plan_task_id, key=PLAN)
        with engine_errors():
            if not plan:
                raise IncompleteRunError("the run has no plan, because an earlier task failed; its log says why")
            report = report_phase(self.target, self.directory, PlanIdentity(**plan))
            self.log.info("\n%s", as_markdown(report))
            # Pushed before the verdict: who is alerted wants to see it too.
            context["ti"].xcom_push(key=REPORT, value=plain(report))
            require_complete(report)
        return {"complete": report.complete, "rows": report.rows, "tenants": len(report.tenants)}
