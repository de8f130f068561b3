"""Fleet-report: what became of every tenant, in one table, and the verdict over all of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from http import HTTPStatus
from typing import Any

from airflow.providers.common.compat.sdk import AirflowFailException, BaseOperator, DagRunState
from airflow.sdk.exceptions import AirflowRuntimeError

from airflow_mydump.operators.await_tenants import TRIGGERED
from airflow_mydump.operators.failure import Failure
from airflow_mydump.operators.task_states import TaskStates

INCOMPLETE = "incomplete"
"""State of a tenant whose run Airflow takes for a success although its report is none."""


@dataclass(frozen=True)
class TenantOutcome:
    """What became of a tenant's run. ``state`` is Airflow's, or ``not started``, or ``incomplete`` where Airflow takes
    the run for a success although its report is none; ``seconds`` are those of its data."""

    tenant: str
    run_id: str
    state: str
    rows: int = 0
    seconds: float = 0.0
    error: str = ""

    @property
    def failed(self) -> bool:
        """Whether the tenant was not moved."""
        return self.state != "success"


class FleetReportOperator(BaseOperator):
    """Fails, naming the tenants, unless every one's run was triggered in this run and succeeded, and so did its report:
    Airflow judges a run by its last tasks, and what a user put behind the report may succeed whatever became of it.

    The table is in the log and in the XCom ``fleet``. Run it with trigger rule ``all_done``.

    :param find_task_id: the task that found the tenants
    :param start_task_id: the mapped task that triggered their runs
    :param tenant_dag_id: the DAG whose runs they are
    :param report_task_id: the report of such a run
    """

    def __init__(
        self,
        *,
        find_task_id: str,
        start_task_id: str,
        tenant_dag_id: str,
        report_task_id: str = "report",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.find_task_id = find_task_id
        self.start_task_id = start_task_id
        self.tenant_dag_id = tenant_dag_id
        self.report_task_id = report_task_id

    def execute(self, context: Any) -> dict[str, int]:
        """Gather, tell, and judge; returns how many tenants and rows there were."""
        instance = context["ti"]
        # Of this run: a run that was cleared has what an earlier time left.
        states = TaskStates.of(context, [self.find_task_id, self.start_task_id])
        found = instance.xcom_pull(task_ids=self.find_task_id) if states.succeeded(self.find_task_id) else None
        if found is None:
            raise AirflowFailException(f"no tenant was moved, because {self.find_task_id} failed; its log says why")
        started = self._started(instance, states, [record["trigger_run_id"] for record in found])
        outcomes = [self._outcome(instance, record, started) for record in found]
        self.log.info("\n%s", as_markdown(outcomes))
        instance.xcom_push(key="fleet", value=[asdict(outcome) for outcome in outcomes])
        if failed := [outcome.tenant for outcome in outcomes if outcome.failed]:
            told = ", ".join(failed[:20]) + (f" and {len(failed) - 20} more" if len(failed) > 20 else "")
            raise AirflowFailException(f"{len(failed)} of {len(outcomes)} tenants failed: {told}")
        return {"tenants": len(outcomes), "rows": sum(outcome.rows for outcome in outcomes)}

    def _started(self, instance: Any, states: TaskStates, run_ids: list[str]) -> set[str]:
        """The runs that were triggered. A trigger that failed and was marked as success has triggered nothing; what it
        has left of the run's name tells the two apart."""
        left = instance.xcom_pull(task_ids=self.start_task_id, key=TRIGGERED, map_indexes=list(range(len(run_ids))))
        return {
            run_id
            for number, (run_id, triggered) in enumerate(zip(run_ids, left, strict=True))
            if triggered == run_id and states.succeeded(self.start_task_id, number)
        }

    def _outcome(self, instance: Any, record: dict[str, Any], started: set[str]) -> TenantOutcome:
        tenant, run_id = record["conf"]["tenant"], record["trigger_run_id"]
        state = self._run_state(instance, run_id) if run_id in started else None
        if state is None:
            why = f"its run was not triggered; the log of {self.start_task_id} says why"
            return TenantOutcome(tenant, run_id, "not started", error=why)
        if state == "success":
            state = self._judged(instance, run_id, record["conf"].get("dry_run") is True)
        report = self._left(instance, run_id, "report") or {}
        failures = [Failure.read(failure) for failure in self._left(instance, run_id, "failures") or []]
        moved = report.get("tenants", [])
        return TenantOutcome(
            tenant,
            run_id,
            state,
            rows=sum(each["rows"] for each in moved),
            seconds=sum(each["seconds"] for each in moved),
            error="" if state == "success" else _error(state, failures, report),
        )

    def _run_state(self, instance: Any, run_id: str) -> str | None:
        """Airflow's state of a tenant's run; None if there is no such run."""
        try:
            # A text on the oldest Airflow that is supported, a member of an enumeration later.
            return str(DagRunState(instance.get_dagrun_state(self.tenant_dag_id, run_id)).value)
        except AirflowRuntimeError as error:
            if (error.error.detail or {}).get("status_code") != HTTPStatus.NOT_FOUND:
                raise
            return None

    def _judged(self, instance: Any, run_id: str, dry_run: bool) -> str:
        """What a run that succeeded comes to by its report, which is skipped where nothing was to be done."""
        states = TaskStates.of_run(instance, self.tenant_dag_id, run_id, [self.report_task_id])
        good = states.of_task(self.report_task_id) == {"skipped" if dry_run else "success"}
        return "success" if good else INCOMPLETE

    def _left(self, instance: Any, run_id: str, key: str) -> Any:
        return instance.xcom_pull(
            task_ids=self.report_task_id, key=key, dag_id=self.tenant_dag_id, run_id=run_id, map_indexes=-1
        )


def _error(state: str, failures: list[Failure], report: dict[str, Any]) -> str:
    if state not in ("failed", INCOMPLETE):
        return "its run has not ended; clear this task when it has"
    if failures:
        return failures[0].sentence
    if report.get("differences"):
        return str(report["differences"][0])
    return "its report did not succeed; its log says why" if state == INCOMPLETE else "its run says why"


def as_markdown(outcomes: Iterable[TenantOutcome]) -> str:
    """The outcomes for people: a table with a line per tenant, those that failed first."""
    lines = ["| tenant | state | rows | seconds | error |", "| --- | --- | ---: | ---: | --- |"]
    lines += [
        f"| {outcome.tenant} | {outcome.state} | {outcome.rows:,} | {outcome.seconds:,.1f} "
        f"| {outcome.error.replace('|', '/')} |"
        for outcome in sorted(outcomes, key=lambda outcome: (not outcome.failed, outcome.tenant))
    ]
    return "\n".join(lines) + "\n"
