"""What a run is about, in some kilobytes for the page in Airflow's UI: what it moves, and its largest tables."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    # A DAG that only copies is parsed without what dumps need.
    from airflow_mydump.engine.dump_directory.dump_plan import DumpPlan
    from airflow_mydump.engine.identifier import TableName
    from airflow_mydump.engine.plan.cut_report import TableCuts
    from airflow_mydump.engine.plan.plan import Plan

BEGUN = "mydump begun"
"""Key of the XCom that a run's first task pushes before anything can fail: what kind of run it is."""

OUTLINE = "mydump outline"
"""Key of the XCom of the task that planned."""

Kind = Literal["migration", "dump", "restore"]

_MOST_TABLES, _MOST_SCHEMAS, _MOST_NOTES = 30, 200, 20


@dataclass(frozen=True)
class OutlinedSchema:
    """A database that is moved, under the name it has at the end."""

    name: str
    tables: int
    chunks: int


@dataclass(frozen=True)
class OutlinedTable:
    """A large table, under the name it has at the end, with estimates of its size and why it was cut so."""

    name: str
    rows: int
    bytes: int
    chunks: int
    reason: str


@dataclass(frozen=True)
class Outline:
    """What a run moves. Rows and bytes are estimates; of databases, tables and notes there are so many at most."""

    kind: Kind
    source: str
    target: str
    consistency: str
    tables: int
    chunks: int
    objects: int
    rows: int
    bytes: int
    schemas: tuple[OutlinedSchema, ...]
    largest: tuple[OutlinedTable, ...]
    notes: tuple[str, ...]


def outline_of_plan(kind: Kind, plan: Plan, cuts: Sequence[TableCuts]) -> Outline:
    """The outline of a migration or a restore."""
    return Outline(
        kind=kind,
        source=f"{plan.source} ({plan.source_server})",
        target=f"{plan.target} ({plan.target_server})",
        consistency=plan.consistency,
        tables=plan.tables,
        chunks=plan.chunks,
        objects=plan.objects,
        rows=sum(cut.rows for cut in cuts),
        bytes=sum(cut.bytes for cut in cuts),
        schemas=tuple(
            OutlinedSchema(schema.target, schema.tables, schema.chunks) for schema in plan.schemas[:_MOST_SCHEMAS]
        ),
        largest=_largest(cuts, plan.selection.target),
        notes=plan.notes[:_MOST_NOTES],
    )


def outline_of_dump(plan: DumpPlan, directory: str, cuts: Sequence[TableCuts], consistency: str) -> Outline:
    """The outline of a dump."""
    return Outline(
        kind="dump",
        source=f"{plan.source} ({plan.server})",
        target=directory,
        consistency=consistency,
        tables=plan.tables,
        chunks=plan.chunks,
        objects=plan.objects,
        rows=sum(cut.rows for cut in cuts),
        bytes=sum(cut.bytes for cut in cuts),
        schemas=(),
        largest=_largest(cuts, lambda name: name),
        notes=(),
    )


def _largest(cuts: Sequence[TableCuts], target: Callable[[TableName], TableName]) -> tuple[OutlinedTable, ...]:
    return tuple(
        OutlinedTable(str(target(cut.table)), cut.rows, cut.bytes, cut.chunks, cut.reason)
        for cut in heapq.nlargest(_MOST_TABLES, cuts, key=lambda cut: cut.bytes)
    )
