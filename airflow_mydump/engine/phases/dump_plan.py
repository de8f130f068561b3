"""Dump-plan: prepares a directory, cuts the source's tables into chunks, and packs the chunks into bundles."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timezone

from airflow_mydump.engine.ddl.partitioning import is_hashed_by_key
from airflow_mydump.engine.dump_directory import METADATA
from airflow_mydump.engine.dump_directory.dump_plan import DumpBundle, DumpPlan, DumpSettings, dump_file
from airflow_mydump.engine.dump_directory.dump_record import (
    BUNDLES,
    CATALOG,
    CUTS,
    PLAN,
    folder_of,
    only_begun,
    unfinished,
)
from airflow_mydump.engine.dump_directory.file_name import FileNames
from airflow_mydump.engine.dump_directory.storage import Storage
from airflow_mydump.engine.errors import ConfigurationError
from airflow_mydump.engine.metadata.catalog import Catalog
from airflow_mydump.engine.phases.definition_change import DEFINITIONS, definitions_of
from airflow_mydump.engine.phases.directory_lock import alone_in
from airflow_mydump.engine.phases.noted_tables import note_cut_tables
from airflow_mydump.engine.phases.prefetch import prefetch_metadata
from airflow_mydump.engine.plan.bundle import BundleReference
from airflow_mydump.engine.plan.bundle_draft import BundleDraft
from airflow_mydump.engine.plan.cut_report import TableCuts
from airflow_mydump.engine.plan.plan import DataBundle, PlannedTable
from airflow_mydump.engine.plan.planner import cut_tables
from airflow_mydump.engine.plan.settings import PlanSettings
from airflow_mydump.engine.plan_identity import PlanIdentity
from airflow_mydump.engine.selection.row_condition import check_conditions
from airflow_mydump.engine.selection.selection import Selection
from airflow_mydump.engine.server.endpoint import Endpoint
from airflow_mydump.engine.server.replication_position import read_position
from airflow_mydump.engine.server.server_name import require_server, server_identity
from airflow_mydump.engine.server.session import Session
from airflow_mydump.engine.server.session_state import metadata, reading


def dump_plan(
    source: Endpoint, selection: Selection, settings: DumpSettings, run_key: str, storage: Storage,
    replace_existing: bool = False,
) -> DumpPlan:  # fmt: skip
    """Plan a dump and leave the plan in its directory; if the directory has this run's plan, go on with that.

    A directory with anything else in it is refused, or emptied first if it is to be replaced and has a dump of this
    package.

    Raises ConfigurationError if the directory cannot be used, IncompleteRunError if its plan was made on another
    server, SelectionError, PreflightError, ConnectError, ServerError.
    """
    if selection.content == "data":
        raise ConfigurationError("a dump without definitions could not be restored: content is all or schema")
    with alone_in(source, storage):
        if found := resumable(selection, settings, run_key, storage, str(source)):
            with Session(source, metadata) as session:
                if not replace_existing:
                    require_server(session, found.source_identity)
                if found.source_identity == server_identity(session):
                    return found
        _prepare_directory(storage, replace_existing)
        plan = _plan(source, selection, settings, run_key, storage)
        # Last, and in one step: whatever lies beside it belongs to a plan that is named in its own folder's name.
        storage.private.write(PLAN, plan)
    return plan


def _plan(source: Endpoint, selection: Selection, settings: DumpSettings, run_key: str, storage: Storage) -> DumpPlan:
    with Session(source, metadata) as session:
        position = read_position(session)
        source = source.on(server_identity(session))
    catalog = prefetch_metadata(source, selection)
    tables = [PlannedTable.chosen(number, table, selection, "create") for number, table in enumerate(catalog.tables)]
    identity = PlanIdentity(run_key, secrets.token_hex(8))
    folder = unfinished(storage, identity.plan)
    folder.write(DEFINITIONS, definitions_of(catalog, selection))
    folder.write(CATALOG, replace(catalog, lasting={}))  # it stays with the dump, and identities end with the run
    with Session(source, reading) as session, BundleDraft() as draft:
        check_conditions(session, (table.name for table in catalog.tables), selection)
        filled = [_cut_for_any_vendor(planned) for planned in tables if not planned.table.structure_only]
        cuts = []
        for planned, cut in cut_tables(session, filled, settings.plan.cutting):
            draft.add(planned, cut)
            cuts.append(TableCuts.of(planned, cut))
        path, most = f"{folder_of(identity.plan)}/{BUNDLES}", settings.plan.max_bundles
        bundles = tuple(draft.write(storage.private, path, identity, settings.plan.concurrency, most))
        chunks = draft.chunks
    _write_dump_bundles(storage, catalog, tables, bundles, settings.level)
    if settings.mode == "none":
        note_cut_tables(source, folder, cuts)
    folder.write_lines(CUTS, cuts)
    return DumpPlan(
        plan=identity.plan,
        run_key=run_key,
        source=str(source),
        server=catalog.server,
        selection=selection,
        settings=settings,
        bundles=bundles,
        tables=len(tables),
        chunks=chunks,
        objects=len(catalog.objects),
        started=timestamp(),
        position=position,
        source_identity=catalog.identity,
    )


def _cut_for_any_vendor(planned: PlannedTable) -> PlannedTable:
    # Whoever restores it reads the target's rows chunk by chunk, and finds others in a partition.
    if is_hashed_by_key(planned.table):
        return replace(planned, table=replace(planned.table, partitions=()))
    return planned


def resumable(
    selection: Selection, settings: DumpSettings, run_key: str, storage: Storage, source: str
) -> DumpPlan | None:
    """The unfinished plan of this run in the directory, if there is one.

    Raises ConfigurationError if the directory has an unfinished dump that was made otherwise.
    """
    if storage.finished or not storage.private.exists(PLAN):
        return None
    plan = storage.private.read(PLAN, DumpPlan)
    same = (plan.run_key, plan.source, plan.selection) == (run_key, source, selection)
    if same and _cut_alike(plan.settings, settings):
        return plan
    return None


def _cut_alike(before: DumpSettings, now: DumpSettings) -> bool:
    # How many bundles there are depends on the number of workers, and that may change from one try to the next.
    return (before.level, before.mode) == (now.level, now.mode) and _for_one_worker(before.plan) == _for_one_worker(
        now.plan
    )


def _for_one_worker(settings: PlanSettings) -> PlanSettings:
    return replace(settings, concurrency=1, max_bundles=1)


def timestamp() -> str:
    """The time now as mydumper writes it, in UTC."""
    return datetime.now(timezone.utc).strftime("%Y-%m-%d %H:%M:%S")


def _prepare_directory(storage: Storage, replace_existing: bool) -> None:
    if not storage.exists():
        return
    if only_begun(storage):
        storage.remove()
        return
    ours = storage.private.exists(PLAN)
    if not (replace_existing and ours):
        state = "a complete" if storage.directory.exists(METADATA) else "an unfinished"
        what = f"{state} dump" if ours else "something that is no dump of this package"
        raise ConfigurationError(
            f"{storage} has {what} in it; name another directory, or one for each run"
            + (", or say that it is to be replaced" if ours else "")
        )
    storage.remove()


def _write_dump_bundles(
    storage: Storage,
    catalog: Catalog,
    tables: Sequence[PlannedTable],
    bundles: Sequence[BundleReference],
    level: int,
) -> None:
    names = names_of(catalog)
    bases = {planned.number: names.base(planned.table.name) for planned in tables}
    for reference in bundles:
        bundle = storage.private.read(reference.file, DataBundle)
        own = {str(planned.number): bases[planned.number] for planned in bundle.tables}
        storage.private.write(dump_file(reference.file), DumpBundle(reference.id, own, level))


def names_of(catalog: Catalog) -> FileNames:
    """The file names of a catalog's databases, tables, views and sequences."""
    return FileNames((schema.name for schema in catalog.schemas), catalog.named_in_files)
