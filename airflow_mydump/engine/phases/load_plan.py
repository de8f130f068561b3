"""Load-plan: decides what a restore does, from what the dump directory holds and what the target has."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from airflow_mydump.engine import preflight
from airflow_mydump.engine.ddl.partitioning import is_hashed_by_key
from airflow_mydump.engine.dump_directory.chunk_source import ChunkSource, FoundDump
from airflow_mydump.engine.dump_directory.load_bundle import LoadBundle, load_file
from airflow_mydump.engine.dump_directory.reader import read_dump
from airflow_mydump.engine.dump_directory.storage import Storage
from airflow_mydump.engine.errors import PreflightError
from airflow_mydump.engine.identifier import literal
from airflow_mydump.engine.metadata.catalog import Catalog, Schema
from airflow_mydump.engine.phases.plan import Origin, plan_run
from airflow_mydump.engine.plan.plan import DataBundle, Plan, PlannedTable
from airflow_mydump.engine.plan.planner import CutTable
from airflow_mydump.engine.plan.settings import PlanSettings
from airflow_mydump.engine.selection.dump_selection import narrowed
from airflow_mydump.engine.selection.open_selection import OpenSelection
from airflow_mydump.engine.server.endpoint import Endpoint
from airflow_mydump.engine.server.session import Session
from airflow_mydump.engine.server.session_state import metadata
from airflow_mydump.engine.translation.catalog import is_foreign
from airflow_mydump.engine.translation.choice import Findings, TranslationChoice
from airflow_mydump.engine.translation.collation import CollationMap, target_collations
from airflow_mydump.engine.workdir import WorkDirectory


def load_plan(
    target: Endpoint, storage: Storage, wanted: OpenSelection, settings: PlanSettings, run_key: str,
    directory: WorkDirectory, dynamic_sql: bool = False,
) -> Plan:  # fmt: skip
    """Plan a restore of what is wanted of a dump, and leave the plan in a new directory below ``directory``.

    ``dynamic_sql`` allows routines, triggers and events that compose statements. The target is read only; the ledger is
    made when everything was decided.

    Raises DumpError if the dump cannot be used, PreflightError where something stands in the way on the target,
    SelectionError, ConnectError, ServerError.
    """
    found = read_dump(storage, dynamic_sql)
    selection = wanted.of([schema.name for schema in found.catalog.schemas])
    chosen = narrowed(found.catalog, selection)
    preflight.check_target(target, selection, settings.ledger)
    with Session(target, metadata) as writing:
        catalog = _with_collations(writing, chosen)
        sources: dict[str, ChunkSource] = {}
        origin = Origin(
            name=str(storage),
            cut=lambda tables: _cut(found, tables, sources),
            notes=found.notes,
            consistency=found.consistency,
        )
        # A dump's digests are of JSON as its source printed it: only as text can they be compared again.
        settings = replace(settings, translation=settings.translation.with_json_as_text)
        _require_ranges(writing, found, settings.translation)
        plan = plan_run(origin, writing, catalog, selection, settings, run_key, directory)
    for reference in plan.data_bundles:
        _write_load_bundle(directory, reference.file, found, sources)
    return plan


def _require_ranges(target: Session, found: FoundDump, choice: TranslationChoice) -> None:
    """Refuse tables whose ranges are of a text key that the other vendor's server orders otherwise, or of which some
    partitions by key were chosen, which it hashes otherwise.

    Raises PreflightError, ServerError.
    """
    if not is_foreign(found.catalog.server, target.flavor.vendor):
        return
    collations = CollationMap(target.flavor.vendor, target_collations(target), choice.collations, Findings())
    hashed = {table.name for table in found.catalog.tables if is_hashed_by_key(table)}
    for name, sources in found.sources.items():
        if name in hashed and any(source.chunk.partitions for source in sources):
            raise PreflightError(
                f"nothing was changed. Of {name} only some partitions were dumped, and the target hashes rows into "
                "others: dump all of it, or choose rows by a condition (where)"
            )
        bounds = {word for source in sources for word in re.findall(r"COLLATE (\w+)", source.chunk.where)}
        if any(collations.changes(collation) for collation in bounds):
            raise PreflightError(
                f"nothing was changed. {name} was dumped in ranges of a text, which the target orders otherwise: dump "
                "it with larger chunks (chunk_bytes), or copy it directly"
            )


def _cut(
    found: FoundDump, tables: Sequence[PlannedTable], sources: dict[str, ChunkSource]
) -> Iterator[tuple[PlannedTable, CutTable]]:
    for planned in tables:
        placed = [source.in_plan(planned.number) for source in found.sources[planned.table.name]]
        sources |= {source.chunk.id: source for source in placed}
        yield planned, CutTable(tuple(source.chunk for source in placed), "as it was dumped")


def _write_load_bundle(directory: WorkDirectory, file: str, found: FoundDump, sources: dict[str, ChunkSource]) -> None:
    bundle = directory.read(file, DataBundle)
    expectations = found.expectations or {}
    directory.write(
        load_file(file),
        LoadBundle(
            {chunk.id: sources[chunk.id] for chunk in bundle.chunks},
            {
                str(planned.number): expectations[planned.table.name]
                for planned in bundle.tables
                if planned.table.name in expectations
            },
        ),
    )


def _with_collations(session: Session, catalog: Catalog) -> Catalog:
    """Foreign dumps may leave out a database's defaults: then the target's are meant."""
    return replace(catalog, schemas=tuple(_with_collation(session, schema) for schema in catalog.schemas))


def _with_collation(session: Session, schema: Schema) -> Schema:
    if schema.charset and schema.collation:
        return schema
    charset = schema.charset or session.text_rows("SELECT @@GLOBAL.character_set_server")[0][0]
    rows = session.text_rows(
        "SELECT DEFAULT_COLLATE_NAME FROM information_schema.CHARACTER_SETS "
        f"WHERE CHARACTER_SET_NAME = {literal(charset)}"
    )
    if not rows:
        raise PreflightError(f"database {schema.name} has character set {charset}, which the target does not know")
    return Schema(schema.name, charset, rows[0][0])
