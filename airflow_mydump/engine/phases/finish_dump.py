"""Finish-dump: the accounting at the end of a dump, the definitions, and last of all the file ``metadata``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from airflow_mydump.engine.chunking.chunk import Chunk
from airflow_mydump.engine.consistency.moment import Moment
from airflow_mydump.engine.consistency.named_lock import NamedLocks
from airflow_mydump.engine.dump_directory import METADATA
from airflow_mydump.engine.dump_directory.compressed_file import write_compressed
from airflow_mydump.engine.dump_directory.dump_plan import DumpPlan
from airflow_mydump.engine.dump_directory.dump_record import (
    CATALOG,
    FORMAT,
    PLAN,
    Index,
    read_chunks,
    read_done,
    read_index,
    remove_other_plans,
    unfinished,
    write_catalog,
    write_chunks,
    write_index,
)
from airflow_mydump.engine.dump_directory.file_batch import FileBatch
from airflow_mydump.engine.dump_directory.file_name import FileNames
from airflow_mydump.engine.dump_directory.manifest import ChunkManifest, recorded_names
from airflow_mydump.engine.dump_directory.metadata_file import (
    AFTER_THE_POSITION,
    AT_THE_POSITION,
    LARGEST_METADATA,
    TableEntry,
    read_metadata,
    write_metadata,
)
from airflow_mydump.engine.dump_directory.moment_file import read_moment
from airflow_mydump.engine.dump_directory.schema_file import (
    objects_content,
    schema_content,
    sequence_content,
    table_content,
    view_content,
    view_placeholder,
)
from airflow_mydump.engine.dump_directory.storage import Storage
from airflow_mydump.engine.errors import IncompleteRunError
from airflow_mydump.engine.event import Event, EventKind, Listener, ignore
from airflow_mydump.engine.identifier import TableName
from airflow_mydump.engine.metadata.catalog import Catalog, ObjectKind, StoredObject
from airflow_mydump.engine.metadata.schema_condition import in_schemas
from airflow_mydump.engine.metadata.sequence import read_states, with_states
from airflow_mydump.engine.phases.definition_change import DEFINITIONS, Definitions, require_unchanged
from airflow_mydump.engine.phases.directory_lock import alone_in
from airflow_mydump.engine.phases.dump_plan import names_of, timestamp
from airflow_mydump.engine.phases.noted_tables import require_cut_tables
from airflow_mydump.engine.plan.plan import DataBundle
from airflow_mydump.engine.server.endpoint import Endpoint
from airflow_mydump.engine.server.session import Session
from airflow_mydump.engine.server.session_state import metadata
from airflow_mydump.engine.workdir import WorkDirectory

_CODE: tuple[ObjectKind, ...] = ("function", "procedure", "event")

ONE_BY_ONE = "none: each chunk was read when its turn came, all of a chunk at one moment"


@dataclass(frozen=True)
class DumpReport:
    """What a finished dump holds. ``bytes`` are those of the rows before compression, ``file_bytes`` those of all data
    files."""

    run_key: str
    directory: str
    source: str
    consistency: str
    tables: int
    chunks: int
    objects: int
    rows: int
    bytes: int
    file_bytes: int


def finish_dump(
    source: Endpoint, storage: Storage, announce: Listener = ignore, run_key: str = "", plan: str = ""
) -> DumpReport:
    """Account for every chunk that was planned, write the definitions, and declare the dump complete.

    Announces the last moment before it is complete. Of a dump that is complete it removes only what does not belong to
    it: an earlier call may have been killed before that, and tasks that were taken for dead may come later.

    Raises IncompleteRunError naming what is missing, or that another server answers, or that the dump is not of the run
    ``run_key`` or the plan ``plan`` where they are given, ConfigurationError, DumpError, ConnectError, ServerError.
    """
    planned = _planned(storage, run_key, plan)
    source = source.on(planned.source_identity)
    with alone_in(source, storage) as locks:
        _planned(storage, run_key, planned.plan)  # waiting may have taken an hour
        if not storage.finished:
            _finish(source, storage, planned, locks, announce)
        found = _complete(storage)
        _tidy(storage, planned, found)
    return _report(storage, planned, found)


def _planned(storage: Storage, run_key: str, plan: str) -> DumpPlan:
    found = storage.private.read(PLAN, DumpPlan)
    if (run_key and found.run_key != run_key) or (plan and found.plan != plan):
        raise IncompleteRunError(
            f"another dump, of run {found.run_key} begun at {found.started} UTC, has replaced this one in {storage}: "
            "give each run a directory of its own, or let only one run at a time"
        )
    return found


def _finish(source: Endpoint, storage: Storage, plan: DumpPlan, locks: NamedLocks, announce: Listener) -> None:
    folder = unfinished(storage, plan.plan)
    catalog = folder.read(CATALOG, Catalog)
    moment = _moment(folder, plan)
    manifests = _require_all(storage, plan, f"{moment.epoch}-" if moment else "")
    if moment is None:  # in every other mode, when the moment was settled
        require_unchanged(source, folder.read(DEFINITIONS, Definitions))
    if plan.settings.mode == "none":
        require_cut_tables(source, folder)
    # Those of earlier tries, and of tasks that were taken for dead: the directory is this dump's alone.
    storage.keep_only(recorded_names(manifests))
    content = _write_all(source, storage, plan, catalog, manifests, moment)
    storage.remove_unfinished()
    announce(Event(EventKind.DUMP_FINISHING, TableName("", METADATA)))
    locks.require_alive()
    storage.write(METADATA, content)


@dataclass(frozen=True)
class _Complete:
    """What a complete dump says of itself."""

    index: Index
    manifests: Sequence[ChunkManifest]


def _complete(storage: Storage) -> _Complete:
    index = read_index(storage, read_metadata(storage.read(METADATA, LARGEST_METADATA)).index_sha256)
    return _Complete(index, read_chunks(storage, index.chunks))


def _tidy(storage: Storage, plan: DumpPlan, found: _Complete) -> None:
    """Remove what is not the dump's, now that no task leaves a file any more without seeing that it is complete."""
    storage.remove_unfinished()
    remove_other_plans(storage, plan.plan)
    definitions = {record.name for record in found.index.definitions}
    storage.keep_only({METADATA} | recorded_names(found.manifests) | definitions)


def _report(storage: Storage, plan: DumpPlan, found: _Complete) -> DumpReport:
    index, manifests = found.index, found.manifests
    return DumpReport(
        run_key=plan.run_key,
        directory=str(storage),
        source=f"{plan.source} ({plan.server})",
        consistency=index.consistency,
        tables=plan.tables,
        chunks=plan.chunks,
        objects=plan.objects,
        rows=sum(manifest.rows for manifest in manifests),
        bytes=sum(manifest.bytes for manifest in manifests),
        file_bytes=sum(manifest.files.data.bytes for manifest in manifests if manifest.files),
    )


def _moment(folder: WorkDirectory, plan: DumpPlan) -> Moment | None:
    """The moment that the dump's rows belong to; None if they are to have none of their own."""
    if plan.settings.mode == "none" or not plan.chunks:
        return None
    moment = read_moment(folder)
    if moment is None:
        raise IncompleteRunError(f"dump {plan.run_key} is not complete: its snapshot was given up, and no other taken")
    return moment


def planned_chunks(storage: Storage, plan: DumpPlan) -> Iterator[Chunk]:
    """Every chunk of the plan. Raises ConfigurationError."""
    for reference in plan.bundles:
        yield from storage.private.read(reference.file, DataBundle).chunks


def _require_all(storage: Storage, plan: DumpPlan, prefix: str) -> list[ChunkManifest]:
    """What was recorded of every planned chunk. Raises IncompleteRunError naming those whose files are not there."""
    done = read_done(storage, plan.plan, prefix)
    manifests, missing = [], []
    planned = {chunk.id: chunk for chunk in planned_chunks(storage, plan)}
    if len(planned) != plan.chunks:
        missing.append(f"the bundles in {unfinished(storage, plan.plan)} have {len(planned)} of {plan.chunks} chunks")
    for chunk in planned.values():
        if found := done.finished.get(chunk.id):
            manifests.append(found)
        elif found := done.lost.get(chunk.id):
            names = " or ".join(record.name for record in found.records)
            missing.append(f"chunk {chunk.id} of {found.table}: {names} is not there as it was written")
        else:
            missing.append(f"chunk {chunk.id} was not dumped")
    if missing:
        more = f"; and {len(missing) - 10} more" if len(missing) > 10 else ""
        raise IncompleteRunError(f"dump {plan.run_key} is not complete: {'; '.join(missing[:10])}{more}")
    return manifests


def _write_all(
    source: Endpoint, storage: Storage, plan: DumpPlan, catalog: Catalog, manifests: Sequence[ChunkManifest],
    moment: Moment | None,
) -> bytes:  # fmt: skip
    """Write all that is missing but ``metadata``, whose content is returned."""
    # Now that all rows are there: a sequence may have gone on while they were read.
    catalog = with_states(catalog, read_states(source, catalog))
    names = names_of(catalog)
    with FileBatch(storage) as files:
        definitions = tuple(
            write_compressed(files, f"{name}.zst", [content.encode()])
            for name, content in _definitions(catalog, names, _view_columns(source, catalog))
        )
    index = Index(
        format=FORMAT,
        server=plan.server,
        source=plan.source,
        run_key=plan.run_key,
        consistency=str(moment or ONE_BY_ONE),
        catalog=write_catalog(storage, catalog),
        chunks=write_chunks(storage, manifests),
        definitions=definitions,
    )
    record = write_index(storage, index)
    position, remark = (moment.position, AT_THE_POSITION) if moment else (plan.position, AFTER_THE_POSITION)
    entries = _entries(catalog, names, manifests)
    return write_metadata(entries, position, remark, plan.started, timestamp(), record.sha256)


def _definitions(
    catalog: Catalog, names: FileNames, view_columns: Mapping[TableName, Sequence[str]]
) -> Iterator[tuple[str, str]]:
    """The names and contents of all schema files."""
    for schema in catalog.schemas:
        yield f"{names.schema(schema.name)}-schema-create.sql", schema_content(schema)
    for table in catalog.tables:
        yield f"{names.base(table.name)}-schema.sql", table_content(table.definition)
    for view in catalog.of_kind("view"):
        base = names.base(view.name)
        yield f"{base}-schema.sql", view_placeholder(view.name.name, view_columns.get(view.name, ("id",)))
        yield f"{base}-schema-view.sql", view_content(view)
    for sequence in catalog.of_kind("sequence"):
        yield f"{names.base(sequence.name)}-schema-sequence.sql", sequence_content(sequence)
    for schema in catalog.schemas:
        base = names.schema(schema.name)
        triggers = _in(schema.name, catalog.of_kind("trigger"))
        code = [stored for kind in _CODE for stored in _in(schema.name, catalog.of_kind(kind))]
        if triggers:
            yield f"{base}-schema-triggers.sql", objects_content(triggers)
        if code:
            yield f"{base}-schema-post.sql", objects_content(code)


def _in(schema: str, objects: Iterable[StoredObject]) -> list[StoredObject]:
    return [stored for stored in objects if stored.name.schema == schema]


def _view_columns(source: Endpoint, catalog: Catalog) -> dict[TableName, list[str]]:
    """The columns of the selected views; myloader needs them for the tables that it makes in their place."""
    columns: dict[TableName, list[str]] = {view.name: [] for view in catalog.of_kind("view")}
    if not columns:
        return {}
    schemas = sorted({view.schema for view in columns})
    with Session(source, metadata) as session:
        rows = session.text_rows(
            "SELECT TABLE_SCHEMA, TABLE_NAME, COLUMN_NAME FROM information_schema.COLUMNS "
            f"WHERE {in_schemas('TABLE_SCHEMA', schemas)} ORDER BY TABLE_SCHEMA, TABLE_NAME, ORDINAL_POSITION"
        )
    for schema, view, column in rows:
        if TableName(schema, view) in columns:
            columns[TableName(schema, view)].append(column)
    return {name: found for name, found in columns.items() if found}


def _entries(catalog: Catalog, names: FileNames, manifests: Sequence[ChunkManifest]) -> Iterator[TableEntry]:
    rows: dict[TableName, int] = {}
    for manifest in manifests:
        rows[manifest.table] = rows.get(manifest.table, 0) + manifest.rows
    for table in catalog.tables:
        name = table.name
        yield TableEntry(names.schema(name.schema), names.table(name), name.name, rows.get(name, 0))
    for view in catalog.of_kind("view"):
        yield TableEntry(names.schema(view.name.schema), names.table(view.name), view.name.name, 0, is_view=True)
    for found in catalog.of_kind("sequence"):
        yield TableEntry(names.schema(found.name.schema), names.table(found.name), found.name.name, 0, is_sequence=True)
