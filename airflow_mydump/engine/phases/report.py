"""Report: the accounting at the end. A run is complete when planned, done and verified are the same numbers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from airflow_mydump.engine import ledger
from airflow_mydump.engine.endpoint import Endpoint
from airflow_mydump.engine.errors import IncompleteRunError
from airflow_mydump.engine.ledger import SchemaProgress
from airflow_mydump.engine.phases.plan import PLAN, plan_path
from airflow_mydump.engine.plan import Plan, PlanIdentity, SchemaTotals
from airflow_mydump.engine.session import Session
from airflow_mydump.engine.session_state import metadata
from airflow_mydump.engine.workdir import WorkDirectory

REPORT = "report.json"


@dataclass(frozen=True)
class TenantReport:
    """One target database: what was planned and done. ``seconds`` is from its first to its last chunk."""

    schema: str
    tables: int
    skipped: int
    objects: int
    rows: int
    bytes: int
    seconds: float
    verified: bool

    @property
    def rows_per_second(self) -> float:
        """Rows moved a second while this database's data was moving."""
        return self.rows / self.seconds if self.seconds else 0.0


@dataclass(frozen=True)
class Report:
    """The outcome of a run. ``differences`` says what is missing; it is empty exactly when the run is complete."""

    run_key: str
    plan: str
    source: str
    target: str
    consistency: str
    tenants: tuple[TenantReport, ...]
    differences: tuple[str, ...]
    notes: tuple[str, ...]

    @property
    def complete(self) -> bool:
        """Whether everything planned was done and verified."""
        return not self.differences

    @property
    def rows(self) -> int:
        """Rows moved in all."""
        return sum(tenant.rows for tenant in self.tenants)


def report_phase(target: Endpoint, directory: WorkDirectory, identity: PlanIdentity) -> Report:
    """Compare the plan with the ledger, and leave the report in the plan's directory.

    The caller must call `require_complete`. Raises ServerError.
    """
    path = plan_path(identity)
    plan = directory.read(f"{path}/{PLAN}", Plan)
    with Session(target, metadata) as session:
        done = ledger.progress(session, identity)
        report = _report(plan, done)
        if report.complete:
            ledger.finish_run(session, identity)
    directory.write(f"{path}/{REPORT}", report)
    return report


def require_complete(report: Report) -> None:
    """Raise IncompleteRunError naming every difference, unless the run is complete."""
    if not report.complete:
        raise IncompleteRunError(f"run {report.run_key} is not complete: " + "; ".join(report.differences))


def _report(plan: Plan, done: Mapping[str, SchemaProgress]) -> Report:
    differences = []
    tenants = []
    for schema in plan.schemas:
        progress = done.get(schema.target, SchemaProgress())
        missing = list(_differences(schema, progress))
        differences += missing
        tenants.append(
            TenantReport(
                schema=schema.target,
                tables=schema.tables,
                skipped=schema.skipped,
                objects=schema.objects,
                rows=progress.rows,
                bytes=progress.bytes,
                seconds=progress.seconds,
                verified=not missing,
            )
        )
    return Report(
        run_key=plan.identity.run_key,
        plan=plan.identity.plan,
        source=f"{plan.source} ({plan.source_server})",
        target=f"{plan.target} ({plan.target_server})",
        consistency=plan.consistency,
        tenants=tuple(tenants),
        differences=tuple(differences),
        notes=plan.notes,
    )


def _differences(planned: SchemaTotals, done: SchemaProgress) -> Iterator[str]:
    for what, expected, actual in (
        ("tables created", planned.tables, done.created),
        ("tables loaded", planned.filled, done.tables_loaded),
        ("chunks loaded", planned.chunks, done.chunks_loaded),
        ("chunks verified", planned.chunks, done.chunks_verified),
        ("tables given their foreign keys", planned.tables, done.keyed),
        ("views, routines, triggers and events created", planned.objects, done.objects),
    ):
        if expected != actual:
            yield f"{planned.target}: {actual} of {expected} {what}"


def as_markdown(report: Report) -> str:
    """The report for people: a table with a line per target database."""
    lines = [
        f"# Run {report.run_key}: {'complete and verified' if report.complete else 'NOT COMPLETE'}",
        "",
        f"From {report.source} to {report.target}. Consistency {report.consistency}.",
        "",
        "| database | tables | left alone | objects | rows | MB | seconds | rows/s | verified |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | --- |",
    ]
    lines += [
        f"| {tenant.schema} | {tenant.tables:,} | {tenant.skipped:,} | {tenant.objects:,} | {tenant.rows:,} "
        f"| {tenant.bytes / 1e6:,.1f} | {tenant.seconds:,.1f} | {tenant.rows_per_second:,.0f} "
        f"| {'yes' if tenant.verified else 'NO'} |"
        for tenant in report.tenants
    ]
    for title, items in (("Missing", report.differences), ("Notes", report.notes)):
        if items:
            lines += ["", f"## {title}", "", *(f"- {item}" for item in items)]
    return "\n".join(lines) + "\n"
