"""Report: the accounting at the end. A run is complete when planned, done and verified are the same numbers, and every
table and object is on the target as it was on the source."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain

from airflow_mydump.engine import ledger
from airflow_mydump.engine.errors import IncompleteRunError
from airflow_mydump.engine.ledger import RunSummary, SchemaProgress
from airflow_mydump.engine.ledger_guard import unmark
from airflow_mydump.engine.phases.plan import PLAN, plan_path
from airflow_mydump.engine.phases.structure import structure_differences
from airflow_mydump.engine.plan.plan import Plan, SchemaTotals
from airflow_mydump.engine.plan_identity import PlanIdentity
from airflow_mydump.engine.server.endpoint import Endpoint
from airflow_mydump.engine.server.server_name import server_identity
from airflow_mydump.engine.server.session import Session
from airflow_mydump.engine.server.session_state import metadata
from airflow_mydump.engine.workdir import WorkDirectory

REPORT = "report.json"

_TOLD = 50
"""Differences that an error tells one by one; the report has them all."""


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
    verify: bool = True

    @property
    def complete(self) -> bool:
        """Whether everything planned was done, and verified unless the user asked for no verification."""
        return not self.differences

    @property
    def rows(self) -> int:
        """Rows moved in all."""
        return sum(tenant.rows for tenant in self.tenants)

    @property
    def bytes(self) -> int:
        """Framed bytes moved in all."""
        return sum(tenant.bytes for tenant in self.tenants)


def report_phase(
    target: Endpoint, directory: WorkDirectory, identity: PlanIdentity, keep_ledger: bool = False
) -> Report:
    """Compare the plan with the ledger, and what is on the target with the source's definitions, and leave the report
    in the plan's directory.

    What a complete run recorded of its steps is removed from the ledger afterwards, unless it is to be kept; its report
    is from then on the one that it had.

    The caller must call `require_complete`. Raises IncompleteRunError if another server answers than the run was begun
    on, or a later run takes tables over just then; ServerError.
    """
    where = directory.child(plan_path(identity))
    with Session(target, metadata) as session:
        report = _as_it_was(session, where, identity, keep_ledger)
        if not report:
            report = _accounting(session, directory, identity)
            where.write(REPORT, report)
        if report.complete:
            if not keep_ledger:
                ledger.clear_run(session, identity)
            directory.remove_unfinished()  # of plans, too, that were never finished
    if report.complete:
        unmark(target, identity, [tenant.schema for tenant in report.tenants])
    return report


def _as_it_was(session: Session, where: WorkDirectory, identity: PlanIdentity, keep_ledger: bool) -> Report | None:
    """The report of a complete run, of which the ledger does not tell any more all that it was made of."""
    if ledger.run_state(session, identity) not in ledger.COMPLETE or not where.exists(REPORT):
        return None
    if keep_ledger and not ledger.is_cleared(session, identity):
        return None
    report = where.read(REPORT, Report)
    return report if report.complete else None


def _accounting(session: Session, directory: WorkDirectory, identity: PlanIdentity) -> Report:
    """Compare, and record in the ledger if the run is complete."""
    plan = directory.read(f"{plan_path(identity)}/{PLAN}", Plan)
    moment = ledger.current_moment(session, identity)
    if moment:
        plan = replace(plan, consistency=str(moment))
    done = ledger.progress(session, identity)
    differences = {schema.target: list(_differences(schema, done, plan.verify)) for schema in plan.schemas}
    if not any(differences.values()):
        # Of a run that stopped halfway everything differs, and the accounting says enough.
        for schema, difference in structure_differences(session, directory, plan):
            differences[schema].append(difference)
    report = _report(plan, done, differences)
    if report.complete:
        ledger.finish_run(session, identity, moment, _summary(session, plan), report.rows, report.bytes, plan.verify)
    return report


def _summary(session: Session, plan: Plan) -> RunSummary:
    return RunSummary(
        server=server_identity(session),
        databases=tuple(schema.target for schema in plan.schemas),
        tables=plan.tables,
        chunks=plan.chunks,
        objects=plan.objects,
        consistency=plan.consistency,
    )


def require_complete(report: Report) -> None:
    """Raise IncompleteRunError naming the differences, unless the run is complete."""
    if not report.complete:
        told = "; ".join(report.differences[:_TOLD])
        more = f"; and {len(report.differences) - _TOLD} more" if len(report.differences) > _TOLD else ""
        raise IncompleteRunError(f"run {report.run_key} is not complete: {told}{more}")


def _report(plan: Plan, done: Mapping[str, SchemaProgress], differences: Mapping[str, Sequence[str]]) -> Report:
    tenants = []
    for schema in plan.schemas:
        progress = done.get(schema.target, SchemaProgress())
        tenants.append(
            TenantReport(
                schema=schema.target,
                tables=schema.tables,
                skipped=schema.skipped,
                objects=schema.objects,
                rows=progress.rows,
                bytes=progress.bytes,
                seconds=progress.seconds,
                verified=plan.verify and not differences[schema.target],
            )
        )
    return Report(
        run_key=plan.identity.run_key,
        plan=plan.identity.plan,
        source=f"{plan.source} ({plan.source_server})",
        target=f"{plan.target} ({plan.target_server})",
        consistency=plan.consistency,
        tenants=tuple(tenants),
        differences=tuple(chain.from_iterable(differences.values())),
        notes=plan.notes,
        verify=plan.verify,
    )


def _differences(planned: SchemaTotals, progress: Mapping[str, SchemaProgress], verify: bool) -> Iterator[str]:
    done = progress.get(planned.target, SchemaProgress())
    for what, expected, actual in (
        ("tables created", planned.tables, done.created),
        ("tables loaded", planned.filled, done.tables_loaded),
        ("chunks loaded", planned.chunks, done.chunks_loaded),
        ("chunks verified", planned.chunks if verify else done.chunks_verified, done.chunks_verified),
        ("tables given their foreign keys", planned.tables, done.keyed),
        ("sequences, views, routines, triggers and events created", planned.objects, done.objects),
    ):
        if expected != actual:
            yield f"{planned.target}: {actual} of {expected} {what}"


def _outcome(report: Report) -> str:
    if not report.complete:
        return "NOT COMPLETE"
    return "complete and verified" if report.verify else "complete, rows NOT VERIFIED"


def as_markdown(report: Report) -> str:
    """The report for people: a table with a line per target database."""
    lines = [
        f"# Run {report.run_key}: {_outcome(report)}",
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
