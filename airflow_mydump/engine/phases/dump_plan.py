"""Dump-plan: prepares a directory, cuts the source's tables into chunks, and packs the chunks into bundles."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timezone

from airflow_mydump.engine.bundle import BundleReference
from airflow_mydump.engine.catalog import Catalog
from airflow_mydump.engine.chunk import Chunk
from airflow_mydump.engine.dump_directory import METADATA
from airflow_mydump.engine.dump_directory.dump_record import PLAN, write_catalog
from airflow_mydump.engine.dump_directory.file_name import FileNames
from airflow_mydump.engine.dump_directory.storage import Storage
from airflow_mydump.engine.dump_plan import DumpBundle, DumpPlan, DumpSettings
from airflow_mydump.engine.endpoint import Endpoint
from airflow_mydump.engine.errors import ConfigurationError
from airflow_mydump.engine.phases.plan import bundle_label, cut_tables, pack_chunks
from airflow_mydump.engine.phases.prefetch import prefetch_metadata
from airflow_mydump.engine.plan import PlanIdentity, PlannedTable
from airflow_mydump.engine.replication_position import read_position
from airflow_mydump.engine.selection import Selection
from airflow_mydump.engine.session import Session
from airflow_mydump.engine.session_state import metadata


def dump_plan(
    source: Endpoint, selection: Selection, settings: DumpSettings, run_key: str, storage: Storage,
    replace_existing: bool = False,
) -> DumpPlan:  # fmt: skip
    """Plan a dump and leave the plan in its directory; if the directory has this run's plan, go on with that.

    A directory with anything else in it is refused, or emptied first if it is to be replaced and has a dump of this
    package.

    Raises ConfigurationError if the directory cannot be used, SelectionError, PreflightError, ConnectError,
    ServerError.
    """
    if found := resumable(selection, settings, run_key, storage, str(source)):
        return found
    _prepare_directory(storage, replace_existing)
    with Session(source, metadata) as session:
        position = read_position(session)
        catalog = prefetch_metadata(source, selection)
        tables = [PlannedTable(number, table, table.name, "create") for number, table in enumerate(catalog.tables)]
        chunks = cut_tables(session, tables, settings.chunk_bytes)
    identity = PlanIdentity(run_key, secrets.token_hex(8))
    write_catalog(storage, catalog)
    plan = DumpPlan(
        plan=identity.plan,
        run_key=run_key,
        source=str(source),
        server=catalog.server,
        selection=selection,
        settings=settings,
        bundles=tuple(_write_bundles(storage, identity, catalog, tables, chunks, settings)),
        tables=len(tables),
        chunks=len(chunks),
        objects=len(catalog.objects),
        started=timestamp(),
        position=position,
    )
    storage.private.write(PLAN, plan)
    return plan


def resumable(
    selection: Selection, settings: DumpSettings, run_key: str, storage: Storage, source: str
) -> DumpPlan | None:
    """The unfinished plan of this run in the directory, if there is one.

    Raises ConfigurationError if the directory has an unfinished dump that was made otherwise.
    """
    if storage.directory.exists(METADATA) or not storage.private.exists(PLAN):
        return None
    plan = storage.private.read(PLAN, DumpPlan)
    same = (plan.run_key, plan.source, plan.selection) == (run_key, source, selection)
    if same and _cut_alike(plan.settings, settings):
        return plan
    return None


def _cut_alike(before: DumpSettings, now: DumpSettings) -> bool:
    # How many bundles there are depends on the number of workers, and that may change from one try to the next.
    return replace(before, concurrency=1, max_bundles=1) == replace(now, concurrency=1, max_bundles=1)


def timestamp() -> str:
    """The time now as mydumper writes it, in UTC."""
    return datetime.now(timezone.utc).strftime("%Y-%m-%d %H:%M:%S")


def _prepare_directory(storage: Storage, replace_existing: bool) -> None:
    if not storage.exists():
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


def _write_bundles(
    storage: Storage, identity: PlanIdentity, catalog: Catalog, tables: list[PlannedTable], chunks: list[Chunk],
    settings: DumpSettings,
) -> Iterator[BundleReference]:  # fmt: skip
    names = names_of(catalog)
    bases = {table.number: names.base(table.table.name) for table in tables}
    bundles = pack_chunks(identity, tables, chunks, settings.concurrency, settings.max_bundles)
    for number, bundle in enumerate(bundles):
        own = {str(table.number): bases[table.number] for table in bundle.tables}
        file = f"bundles/{number:05}.json.zst"
        storage.private.write(file, DumpBundle(number, bundle, own, settings.level))
        weight = sum(chunk.weight for chunk in bundle.chunks)
        yield BundleReference(number, file, weight, bundle_label(bundle))


def names_of(catalog: Catalog) -> FileNames:
    """The file names of a catalog's databases, tables and views."""
    tables = [table.name for table in catalog.tables]
    views = [stored.name for stored in catalog.of_kind("view")]
    return FileNames((schema.name for schema in catalog.schemas), [*tables, *views])
