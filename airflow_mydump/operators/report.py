"""Report: the accounting at the end, which decides whether the run may be trusted."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from airflow.providers.common.compat.sdk import AirflowSkipException, AssetAlias

from airflow_mydump.engine.errors import IncompleteRunError
from airflow_mydump.engine.plan_identity import PlanIdentity
from airflow_mydump.operators.chunk_plan import PLAN
from airflow_mydump.operators.failure import failures_of
from airflow_mydump.operators.own_task import own_relatives
from airflow_mydump.operators.phase import PhaseOperator, engine_errors
from airflow_mydump.operators.task_states import TaskStates
from airflow_mydump.operators.tenant_asset import tenant_asset
from airflow_mydump.operators.xcom_value import plain

if TYPE_CHECKING:
    from airflow_mydump.engine.phases.report import Report

REPORT = "report"
"""Key of the XCom with the whole report: `engine.phases.report.Report`, or `finish_dump.DumpReport`."""

FAILURES = "failures"
"""Key of the XCom with the `failure.Failure` of every task that failed."""


class ReportOperator(PhaseOperator):
    """Fails, naming the difference, unless everything planned was done and verified, and every phase before it has done
    its work in this run: of a run that was cleared, an earlier time is not reported. A user's tasks, and what runs
    beside it, are judged by Airflow.

    Run it with trigger rule ``all_done``, so that a failed run has a report too. Where the plan was skipped, so is it.

    The XCom with the key `REPORT` has all of it, `FAILURES` says why tasks of the run failed, in the order of the
    phases, and for each database that is complete an event of its asset tells rows, tables and what was proved.

    :param plan_task_id: the task of the run's `ChunkPlanOperator`; by name, because that task may have failed, and then
        there is nothing that a template could be filled with
    :param keep_ledger: whether all that a complete run recorded in the ledger stays there; else one row does
    :param emit_assets: whether the databases' assets get events, see `tenant_asset.tenant_asset`
    """

    def __init__(
        self, *, plan_task_id: str, keep_ledger: bool = False, emit_assets: bool = True, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.plan_task_id = plan_task_id
        self.keep_ledger = keep_ledger
        # An alias: which databases a run moves may be known only while it runs.
        self.alias = AssetAlias(f"mydump:{self.target_conn_id}") if emit_assets else None
        if self.alias:
            self.outlets = [*self.outlets, self.alias]

    def execute(self, context: Any) -> dict[str, Any]:
        """Compare plan and ledger, log the report and return what it comes to."""
        # Imported when the task runs: its driver is no part of parsing a DAG.
        from airflow_mydump.engine.phases.report import as_markdown, report_phase, require_complete

        states = TaskStates.of(context, [*dict.fromkeys([*own_relatives(self, upstream=True), self.plan_task_id])])
        if states.of_task(self.plan_task_id) == {"skipped"}:
            raise AirflowSkipException("nothing was to be done")
        planned = states.succeeded(self.plan_task_id)
        plan = context["ti"].xcom_pull(task_ids=self.plan_task_id, key=PLAN) if planned else None
        failures = failures_of(context["ti"], states.in_state("failed"))
        context["ti"].xcom_push(key=FAILURES, value=[asdict(failure) for failure in failures])
        for failure in failures:
            self.log.error("%s. %s", failure.sentence, failure.advice)
        with engine_errors():
            if not plan:
                why = f": {failures[0].sentence}" if failures else "; its log says why"
                raise IncompleteRunError(f"the run has no plan, because an earlier task failed{why}")
            report = report_phase(self.target, self.directory, PlanIdentity(**plan), self.keep_ledger)
            self.log.info("\n%s", as_markdown(report))
            # Pushed before the verdict: who is alerted wants to see it too.
            context["ti"].xcom_push(key=REPORT, value=plain(report))
            require_complete(report)
            if failed := states.failed():
                raise IncompleteRunError(
                    f"all that is planned is there, but {', '.join(failed)} failed, or could not begin, in this run: "
                    "clear them and what comes after them"
                )
        self._emit(context, report)
        return {"complete": report.complete, "rows": report.rows, "tenants": len(report.tenants)}

    def _emit(self, context: Any, report: Report) -> None:
        if not self.alias:
            return
        for tenant in report.tenants:
            context["outlet_events"][self.alias].add(
                tenant_asset(str(self.target_conn_id), tenant.schema),
                extra={
                    "run_key": report.run_key,
                    "source": report.source,
                    "consistency": report.consistency,
                    "tables": tenant.tables,
                    "rows": tenant.rows,
                    "bytes": tenant.bytes,
                    "seconds": tenant.seconds,
                    "verified": tenant.verified,
                },
            )
