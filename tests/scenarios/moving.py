"""Moves a scenario's databases in one of the two ways, and keeps what came of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from airflow_mydump.engine.dump_directory.dump_plan import DumpSettings
from airflow_mydump.engine.errors import MydumpError
from airflow_mydump.engine.plan.settings import PlanSettings
from airflow_mydump.engine.selection.open_selection import OpenSelection
from airflow_mydump.engine.selection.selection import Selection
from airflow_mydump.engine.workdir import WorkDirectory
from tests.integration.pair import endpoint
from tests.integration.run import Run
from tests.integration.staged_run import StagedRun

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from airflow_mydump.engine.phases.report import Report
    from tests.integration.pair import Pair
    from tests.scenarios.scenario import Options, Way


@dataclass(frozen=True)
class Moved:
    """The report, or the error and the step that raised it."""

    report: Report | None = None
    error: str = ""
    step: str = ""


def move(way: Way, pair: Pair, databases: tuple[str, ...], options: Options, path: Path) -> Moved:
    """Copy the databases, or dump and load them. Errors of the engine are outcomes; others are raised."""
    settings = PlanSettings(if_exists=options.if_exists, chunk_bytes=options.chunk_bytes, concurrency=2)
    steps = _Steps()
    try:
        chosen = _Chosen(databases, options)
        if way == "copy":
            return Moved(_copy(pair, chosen, settings, path, steps))
        return Moved(_dump_and_load(pair, chosen, settings, path, steps))
    except MydumpError as error:
        return Moved(error=str(error), step=steps.last)


def refusal_of_another_run(pair: Pair, databases: tuple[str, ...], options: Options, path: Path) -> str:
    """What the plan of a second copy onto the same target says against it; nothing is moved."""
    if_exists = "truncate" if options.if_exists == "fail" else options.if_exists
    run = _run(pair, _Chosen(databases, options), PlanSettings(if_exists=if_exists, concurrency=2), path)
    try:
        run.plan()
    except MydumpError as error:
        return str(error)
    return ""


@dataclass(frozen=True)
class _Chosen:
    databases: tuple[str, ...]
    options: Options

    def selection(self, renamed: bool) -> Selection:
        options = self.options
        rename = options.rename if renamed else {}
        return Selection(
            self.databases,
            options.include,
            options.exclude,
            rename,
            options.where,
            partitions=options.partitions,
            history=options.history,
        )


class _Steps:
    """Remembers the step that was begun last."""

    def __init__(self) -> None:
        self.last = "plan"

    def take(self, name: str, step: Callable[..., Any], *arguments: Any) -> Any:
        self.last = name
        return step(*arguments)


def _run(pair: Pair, chosen: _Chosen, settings: PlanSettings, path: Path) -> Run:
    return Run(
        pair,
        chosen.databases[0],
        chosen.selection(renamed=True),
        WorkDirectory.at(str(path / "work")),
        endpoint(pair.source),
        endpoint(pair.target),
        settings,
    )


def _copy(pair: Pair, chosen: _Chosen, settings: PlanSettings, path: Path, steps: _Steps) -> Report:
    run = _run(pair, chosen, settings, path)
    for name in ("plan", "schema", "data", "index", "verify", "post"):
        steps.take(name, getattr(run, name))
    report: Report = steps.take("report", run.report)
    return report


def _dump_and_load(pair: Pair, chosen: _Chosen, settings: PlanSettings, path: Path, steps: _Steps) -> Report:
    run = StagedRun(
        pair,
        chosen.databases[0],
        path / "dump",
        WorkDirectory.at(str(path / "load")),
        DumpSettings(settings, mode="none"),
        OpenSelection(rename=chosen.options.rename),
        selection=chosen.selection(renamed=False),
        if_exists=chosen.options.if_exists,
    )
    steps.take("plan", run.dump)
    plan = steps.take("plan", run.plan)
    for name in ("schema", "data", "index", "verify", "post"):
        steps.take(name, getattr(run, name), plan)
    report: Report = steps.take("report", run.report, plan)
    return report
