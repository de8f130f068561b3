"""A migration, dump or restore as the page shows it: made of what Airflow recorded and what the tasks left.

A DAG run may hold several of them, each in a task group of its own.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from airflow_mydump.engine.event import EventKind
from airflow_mydump.engine.phases.finish_dump import DumpReport
from airflow_mydump.engine.phases.report import Report
from airflow_mydump.operators.outline import BEGUN, OUTLINE, Kind, Outline
from airflow_mydump.operators.phase import FAILURE
from airflow_mydump.operators.progress_record import PROGRESS, Progress, SlowChunk
from airflow_mydump.plugin.recorded_run import RecordedRun, RecordedTask
from airflow_mydump.plugin.timeline import Timeline, timeline_of

_ORDER = (
    "PreflightOperator",
    "PrefetchMetadataOperator",
    "ChunkPlanOperator",
    "DumpPlanOperator",
    "LoadPlanOperator",
    "SchemaPhaseOperator",
    "PauseApplierOperator",
    "PauseDumpedOperator",
    "DataPhaseOperator",
    "SnapshotDataOperator",
    "DumpPhaseOperator",
    "SnapshotDumpOperator",
    "LoadPhaseOperator",
    "ResumeApplierOperator",
    "ResumeDumpedOperator",
    "IndexPhaseOperator",
    "VerifyOperator",
    "VerifyLoadOperator",
    "PostPhaseOperator",
    "FinishDumpOperator",
    "PruneDumpsOperator",
    "ReportOperator",
    "FindTenantsOperator",
    "AwaitTenantsSensor",
    "FleetReportOperator",
)
_MOVING = frozenset(
    {"DataPhaseOperator", "SnapshotDataOperator", "DumpPhaseOperator", "SnapshotDumpOperator", "LoadPhaseOperator"}
)
# Chunks that were done before are not counted: several workers may come across the same one. So what is shown may be
# less than what is done until the phase has succeeded, and never more.
_MOVED = (EventKind.CHUNK_COMMITTED, EventKind.CHUNK_DUMPED)
_TELLING = ("failed", "up_for_retry", "running", "upstream_failed")
_ENDED = frozenset({"success", "failed", "upstream_failed", "skipped", "removed"})
_UNSETTLED_SECONDS, _RATE_SECONDS = 6.0, 60.0
_MOST_SLOW_CHUNKS, _MOST_FAILURES = 10, 20


@dataclass(frozen=True)
class Task:
    """A task instance; ``rows`` are those it moved or checked."""

    map_index: int
    state: str | None
    label: str
    started: float | None
    ended: float | None
    tries: int
    rows: int


@dataclass(frozen=True)
class Phase:
    """One task of the DAG with all its mapped instances. ``done`` counts steps by the engine's names for them."""

    task_id: str
    name: str
    state: str | None
    started: float | None
    ended: float | None
    tasks: tuple[Task, ...]
    done: dict[str, int]


@dataclass(frozen=True)
class LargeTable:
    """A table with what was planned for it and what is done; ``moved`` and ``verified`` count chunks."""

    name: str
    rows: int
    bytes: int
    chunks: int
    reason: str
    moved: int
    verified: int


@dataclass(frozen=True)
class Failure:
    """A task instance that failed or will be tried again; ``message`` is empty where only its log says why."""

    task_id: str
    map_index: int
    label: str
    state: str
    tries: int
    message: str


@dataclass(frozen=True)
class Move:
    """A migration, dump or restore: ``rows``, ``bytes`` and ``chunks`` are moved so far, ``rate`` is rows a second
    now, ``remaining`` the seconds that the data may still take."""

    group: str
    kind: Kind | None
    outline: Outline | None
    report: Report | None
    dump_report: DumpReport | None
    phases: tuple[Phase, ...]
    rows: int
    bytes: int
    chunks: int
    rate: float | None
    remaining: float | None
    timeline: Timeline | None
    tables: tuple[LargeTable, ...]
    slowest: tuple[SlowChunk, ...]
    failures: tuple[Failure, ...]


def moves_of(run: RecordedRun) -> list[Move]:
    """The migrations, dumps and restores of a run, in the order in which they begin."""
    groups: dict[str, list[RecordedTask]] = {}
    for task in sorted(run.tasks, key=_place):
        groups.setdefault(_group(task.task_id), []).append(task)
    moves = [_move(run, group, tasks) for group, tasks in groups.items()]
    return sorted(moves, key=lambda move: (move.phases[0].started or float("inf"), move.group))


def _move(run: RecordedRun, group: str, tasks: Sequence[RecordedTask]) -> Move:
    progress = {
        task.key: found
        for task in tasks
        if (found := run.found(task.task_id, PROGRESS, Progress, task.map_index)) is not None
    }
    moving = [task for task in tasks if task.operator in _MOVING]
    done = [progress[task.key] for task in moving if task.key in progress]
    outline = _first(run, tasks, OUTLINE, Outline)
    rows, chunks = sum(each.rows for each in done), sum(_steps(each, *_MOVED) for each in done)
    if outline:
        chunks = outline.chunks if _all_succeeded(moving) else min(outline.chunks, chunks)
    at_work = bool(outline) and any(task.state not in _ENDED for task in moving)
    timeline = timeline_of((each.samples for each in done), _UNSETTLED_SECONDS if at_work else 0.0)
    rate = timeline.rate(_RATE_SECONDS) if timeline and at_work else None
    return Move(
        group=group,
        kind=outline.kind if outline else _first(run, tasks, BEGUN, Kind),
        outline=outline,
        report=_reported(run, tasks, Report),
        dump_report=_reported(run, tasks, DumpReport),
        phases=tuple(_phases(group, tasks, progress)),
        rows=rows,
        bytes=sum(each.bytes for each in done),
        chunks=chunks,
        rate=rate,
        remaining=_remaining(outline, rows, chunks, rate) if outline else None,
        timeline=timeline,
        tables=tuple(_tables(outline, tasks, progress)) if outline else (),
        slowest=_slowest(done),
        failures=tuple(_failures(run, tasks)),
    )


def _phases(group: str, tasks: Sequence[RecordedTask], progress: dict[tuple[str, int], Progress]) -> Iterator[Phase]:
    by_task: dict[str, list[RecordedTask]] = {}
    for task in tasks:
        by_task.setdefault(task.task_id, []).append(task)
    for task_id, instances in by_task.items():
        done: Counter[str] = Counter()
        for task in instances:
            done.update(progress[task.key].done if task.key in progress else {})
        state = _state([task.state for task in instances])
        ends = [task.ended for task in instances]
        yield Phase(
            task_id=task_id,
            name=task_id.removeprefix(f"{group}."),
            state=state,
            started=_seconds(min((task.started for task in instances if task.started), default=None)),
            ended=_seconds(max((end for end in ends if end), default=None)) if state in _ENDED else None,
            tasks=tuple(
                Task(
                    task.map_index,
                    task.state,
                    task.label,
                    _seconds(task.started),
                    _seconds(task.ended),
                    task.tries,
                    progress[task.key].rows if task.key in progress else 0,
                )
                for task in instances
            ),
            done=dict(done),
        )


def _first(run: RecordedRun, tasks: Sequence[RecordedTask], key: str, kind: Any) -> Any:
    found = (run.found(task.task_id, key, kind) for task in tasks if task.map_index < 0)
    return next((each for each in found if each is not None), None)


def _reported(run: RecordedRun, tasks: Sequence[RecordedTask], kind: Any) -> Any:
    found = (run.reported(task.task_id, kind) for task in tasks if task.map_index < 0)
    return next((each for each in found if each is not None), None)


def _tables(
    outline: Outline, tasks: Sequence[RecordedTask], progress: dict[tuple[str, int], Progress]
) -> Iterator[LargeTable]:
    """Each task tells only of its own largest tables; when all tasks of a phase have succeeded, all is done.

    A chunk that was compared is verified only if its task has succeeded: before, it may be one that differs.
    """
    moving = [task for task in tasks if task.operator in _MOVING]
    checking = [task for task in tasks if task.operator.startswith("Verify")]
    moved = _chunks_by_table(moving, progress)
    verified = _chunks_by_table([task for task in checking if task.state == "success"], progress)
    all_moved, all_verified = _all_succeeded(moving), _all_succeeded(checking)
    for table in outline.largest:
        yield LargeTable(
            table.name,
            table.rows,
            table.bytes,
            table.chunks,
            table.reason,
            table.chunks if all_moved else min(table.chunks, moved[table.name]),
            table.chunks if all_verified else min(table.chunks, verified[table.name]),
        )


def _all_succeeded(tasks: Sequence[RecordedTask]) -> bool:
    return bool(tasks) and all(task.state == "success" for task in tasks)


def _chunks_by_table(tasks: Iterable[RecordedTask], progress: dict[tuple[str, int], Progress]) -> Counter[str]:
    chunks: Counter[str] = Counter()
    for task in tasks:
        for table in progress[task.key].tables if task.key in progress else ():
            chunks[table.name] += table.chunks
    return chunks


def _failures(run: RecordedRun, tasks: Sequence[RecordedTask]) -> Iterator[Failure]:
    failed = [task for task in tasks if task.state in ("failed", "up_for_retry")]
    for task in failed[:_MOST_FAILURES]:
        message = run.found(task.task_id, FAILURE, str, task.map_index) or ""
        yield Failure(task.task_id, task.map_index, task.label, task.state or "", task.tries, message)


def _remaining(outline: Outline, rows: int, chunks: int, rate: float | None) -> float | None:
    """Rows are counted as far as estimates go; where these were too low, chunks say how much is left."""
    if not rate:
        return None
    expected = max(outline.rows, rows * outline.chunks / chunks if chunks and rows > outline.rows else 0)
    return max(0.0, expected - rows) / rate


def _slowest(done: Iterable[Progress]) -> tuple[SlowChunk, ...]:
    chunks = (chunk for each in done for chunk in each.slowest)
    return tuple(sorted(chunks, key=lambda chunk: -chunk.seconds)[:_MOST_SLOW_CHUNKS])


def _steps(progress: Progress, *kinds: EventKind) -> int:
    return sum(progress.done.get(kind.value, 0) for kind in kinds)


def _state(states: Sequence[str | None]) -> str | None:
    """The state that says most about a phase: what went wrong, what is at work, else what all have in common."""
    found = set(states)
    for state in _TELLING:
        if state in found:
            return state
    if len(found) == 1:
        return states[0]
    waiting = found - _ENDED
    return "running" if waiting and "success" in found else min(map(str, waiting)) if waiting else "success"


def _place(task: RecordedTask) -> tuple[int, str, int]:
    place = _ORDER.index(task.operator) if task.operator in _ORDER else len(_ORDER)
    return place, task.task_id, task.map_index


def _group(task_id: str) -> str:
    return task_id.rpartition(".")[0]


def _seconds(moment: datetime | None) -> float | None:
    return moment.timestamp() if moment else None
