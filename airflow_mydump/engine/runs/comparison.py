"""Compares what two servers hold of a selection, whoever filled them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from airflow_mydump.engine.errors import ServerError
from airflow_mydump.engine.event import Event, EventKind, Listener, ignore
from airflow_mydump.engine.identifier import TableName
from airflow_mydump.engine.metadata.catalog import Catalog, Schema
from airflow_mydump.engine.metadata.history import VERSIONED
from airflow_mydump.engine.phases.inspection import Inspection, triggers_by_table
from airflow_mydump.engine.phases.prefetch import prefetch_metadata
from airflow_mydump.engine.plan.adaptation import Adaptation, adapt
from airflow_mydump.engine.plan.bundle import MOST
from airflow_mydump.engine.plan.bundle_draft import BundleDraft
from airflow_mydump.engine.plan.decision import as_kept
from airflow_mydump.engine.plan.existing import read_existing
from airflow_mydump.engine.plan.plan import DataBundle, PlannedObject, PlannedTable
from airflow_mydump.engine.plan.planner import Cutting, cut_tables
from airflow_mydump.engine.plan.source_chunk import SourceChunk
from airflow_mydump.engine.plan_identity import PlanIdentity
from airflow_mydump.engine.runs.pool import WorkerPool
from airflow_mydump.engine.selection.row_condition import check_conditions
from airflow_mydump.engine.selection.selection import Selection
from airflow_mydump.engine.server.endpoint import Endpoint
from airflow_mydump.engine.server.session import Session
from airflow_mydump.engine.server.session_state import metadata, reading
from airflow_mydump.engine.translation.catalog import is_foreign, require_translated
from airflow_mydump.engine.translation.choice import TranslationChoice
from airflow_mydump.engine.verification.checksum import Digestible, compute_checksums
from airflow_mydump.engine.workdir import WorkDirectory

_NO_SUCH_COLUMN = 1054


@dataclass(frozen=True)
class Comparison:
    """What was compared, and every difference found; none means equal."""

    tables: int
    chunks: int
    rows: int
    objects: int
    differences: tuple[str, ...]


@dataclass(frozen=True)
class _Compared:
    rows: int
    differences: tuple[str, ...]


def compare(
    source: Endpoint, target: Endpoint, selection: Selection, threads: int, work: WorkDirectory,
    announce: Listener = ignore, choice: TranslationChoice | None = None, adaptation: Adaptation | None = None,
) -> Comparison:  # fmt: skip
    """Compare rows and checksums of every selected table, and the definitions of databases, tables and other objects.

    Both sides are read as they are now, chunk by chunk: while somebody writes, equal tables may seem to differ. A
    target of another vendor is to have what a copy with the same ``choice`` gives it; ``adaptation`` says how
    definitions were adapted when they were moved.

    Raises SelectionError, PreflightError if something has no equal on the target, ConnectError, ServerError.
    """
    catalog = prefetch_metadata(source, selection)
    with Session(target, metadata) as session:
        across = is_foreign(catalog.server, session.flavor.vendor)
        selection = as_kept(session, selection)
        translated = require_translated(catalog, session, choice or TranslationChoice()).catalog
        catalog, _ = adapt(translated, selection, adaptation or Adaptation())
        planned_tables = [
            PlannedTable.chosen(number, table, selection, "skip") for number, table in enumerate(catalog.tables)
        ]
        present = {name for schema in catalog.schemas for name in _tables(session, selection, schema)}
        differences = list(
            _structure(Inspection(session, selection, across=across), catalog, selection, planned_tables)
        )
    tables = [planned for planned in planned_tables if planned.target in present and not planned.table.structure_only]
    if selection.content == "data":  # else their definitions are among the differences
        missing = (planned.target for planned in planned_tables if planned.target not in present)
        differences += [f"{target} is missing on the target" for target in missing]
    identity = PlanIdentity("comparison", "comparison")
    with Session(source, reading) as session, BundleDraft() as draft:
        check_conditions(session, (table.name for table in catalog.tables), selection)
        for planned, cut in cut_tables(session, tables, Cutting()):
            draft.add(planned, cut)
        files = [bundle.file for bundle in draft.write(work, "comparison", identity, threads, MOST)]
    with WorkerPool(threads, announce) as pool:
        compared = pool.map(partial(_compare_bundle, source, target, work), files)
    return Comparison(
        tables=len(catalog.tables),
        chunks=draft.chunks,
        rows=sum(result.rows for result in compared),
        objects=len(catalog.objects),
        differences=(*differences, *(text for result in compared for text in result.differences)),
    )


def _tables(session: Session, selection: Selection, schema: Schema) -> Iterator[TableName]:
    existing = read_existing(session, selection.target_schema(schema.name))
    tables = (name for name, kind in existing.tables.items() if kind in ("BASE TABLE", VERSIONED))
    yield from (TableName(existing.name, name) for name in tables)


def _structure(
    inspection: Inspection, catalog: Catalog, selection: Selection, tables: Sequence[PlannedTable]
) -> Iterator[str]:
    objects = [
        PlannedObject(number, stored, selection.target(stored.name), False)
        for number, stored in enumerate(catalog.objects)
    ]
    triggers = triggers_by_table(objects)
    yield from (difference for _, difference in inspection.schema_differences(catalog.schemas))
    if selection.content != "data":
        yield from (difference for _, difference in inspection.table_differences(tables))
    if selection.triggers:
        for planned in tables:
            yield from inspection.trigger_differences(planned.target, triggers.get(planned.target, ()))
    for item in objects:
        yield from inspection.object_differences(item)


def _compare_bundle(
    source: Endpoint, target: Endpoint, work: WorkDirectory, file: str, announce: Listener
) -> _Compared:
    bundle = work.read(file, DataBundle)
    rows, differences = 0, []
    with Session(source, reading) as left, Session(target, reading) as right:
        for chunk in bundle.chunks:
            planned = bundle.table_of(chunk)
            (expected,) = compute_checksums(left, [SourceChunk(planned, chunk).stored])
            try:
                (actual,) = compute_checksums(right, [Digestible(planned.target, planned.table, chunk, pinned=False)])
            except ServerError as error:
                if error.number != _NO_SUCH_COLUMN:
                    raise error.during(f"cannot compare {planned.target}") from error
                differences.append(
                    f"{planned.target}, {chunk.describe()}: rows cannot be compared, a column is missing"
                )
                continue
            if expected != actual:
                differences.append(
                    f"{planned.target}, {chunk.describe()}: the source has {expected.rows} rows, the target "
                    f"{actual.rows}{'' if expected.rows != actual.rows else ', with other content'}"
                )
            rows += expected.rows
            announce(Event(EventKind.CHUNK_VERIFIED, planned.target, chunk.id, expected.rows))
    return _Compared(rows, tuple(differences))
