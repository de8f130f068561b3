"""A run as a line in the list of runs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from airflow_mydump.engine.phases.finish_dump import DumpReport
from airflow_mydump.engine.phases.report import Report
from airflow_mydump.operators.outline import BEGUN, OUTLINE, Kind, Outline
from airflow_mydump.operators.report import REPORT
from airflow_mydump.plugin.recorded_run import RecordedRun


@dataclass(frozen=True)
class RunLine:
    """What the list tells of a run. Rows and bytes are those of its reports, None before there is one. ``verified``
    is None where nothing was compared: before the report, in dumps, and where no verification was asked for."""

    dag_id: str
    run_id: str
    state: str
    kinds: tuple[Kind, ...]
    started: float | None
    ended: float | None
    tables: int
    rows: int | None
    bytes: int | None
    verified: bool | None


def run_line(run: RecordedRun) -> RunLine:
    """Sum a run up."""
    outlines: list[Outline] = _all(run, OUTLINE, Outline)
    reports: list[Report] = _reported(run, Report)
    dumps: list[DumpReport] = _reported(run, DumpReport)
    kinds = dict.fromkeys(_all(run, BEGUN, Kind)) | {outline.kind: None for outline in outlines}
    sizes = [*((report.rows, _bytes(report)) for report in reports), *((dump.rows, dump.bytes) for dump in dumps)]
    return RunLine(
        dag_id=run.dag_id,
        run_id=run.run_id,
        state=run.state,
        kinds=tuple(kinds),
        started=run.started.timestamp() if run.started else None,
        ended=run.ended.timestamp() if run.ended else None,
        tables=sum(outline.tables for outline in outlines),
        rows=sum(rows for rows, _ in sizes) if sizes else None,
        bytes=sum(size for _, size in sizes) if sizes else None,
        verified=_verified(reports),
    )


def _verified(reports: list[Report]) -> bool | None:
    if not all(report.complete for report in reports):
        return False
    asked = [tenant.verified for report in reports if report.verify for tenant in report.tenants]
    return all(asked) if asked else None


def _bytes(report: Report) -> int:
    return sum(tenant.bytes for tenant in report.tenants)


def _all(run: RecordedRun, key: str, kind: Any) -> list[Any]:
    left = (run.found(task_id, key, kind, map_index) for task_id, map_index, name in run.left if name == key)
    return [found for found in left if found is not None]


def _reported(run: RecordedRun, kind: Any) -> list[Any]:
    reports = (run.reported(task_id, kind, map_index) for task_id, map_index, name in run.left if name == REPORT)
    return [report for report in reports if report is not None]
