"""Reads what a dump directory holds, whoever made it, and decides what of it may be restored."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator

from airflow_mydump.engine.ddl.definition_check import check_catalog
from airflow_mydump.engine.dump_directory import METADATA, PRIVATE
from airflow_mydump.engine.dump_directory.chunk_check import check_chunk
from airflow_mydump.engine.dump_directory.chunk_source import ChunkSource, FoundDump
from airflow_mydump.engine.dump_directory.compressed_file import read_small
from airflow_mydump.engine.dump_directory.dump_record import PLAN, Index, read_catalog, read_chunks, read_index
from airflow_mydump.engine.dump_directory.file_name import FileNames
from airflow_mydump.engine.dump_directory.foreign import read_foreign
from airflow_mydump.engine.dump_directory.manifest import ChunkManifest, FileRecord
from airflow_mydump.engine.dump_directory.metadata_file import LARGEST_METADATA, read_metadata
from airflow_mydump.engine.dump_directory.storage import Storage
from airflow_mydump.engine.errors import DumpError
from airflow_mydump.engine.identifier import TableName


def read_dump(storage: Storage, dynamic_sql: bool = False) -> FoundDump:
    """What the directory holds: catalog, and where each table's rows are. Reads no rows.

    Every definition was examined: see `definition_check`, also for ``dynamic_sql``.

    Raises DumpError naming the file that is missing, damaged, changed or too many, or the object that is refused.
    """
    sizes = storage.sizes()
    if METADATA not in sizes:
        if f"{METADATA}.partial" in sizes or storage.private.exists(PLAN):
            raise DumpError(f"the dump in {storage} is not complete: it has no file {METADATA}, which is written last")
        raise DumpError(f"{storage} is no dump directory: the file {METADATA} is missing")
    metadata = read_metadata(storage.read(METADATA, LARGEST_METADATA))
    if metadata.index_sha256:
        found = _read_own(storage, sizes, metadata.index_sha256)
    elif storage.private.exists(PLAN):
        raise DumpError(f"the file {METADATA} was changed since it was written: it does not name the index any more")
    else:
        found = read_foreign(storage, sizes, metadata)
    check_catalog(found.catalog, dynamic_sql)
    return found


def _read_own(storage: Storage, sizes: dict[str, int], index_sha256: str) -> FoundDump:
    index = read_index(storage, index_sha256)
    catalog = read_catalog(storage, index.catalog)
    manifests = read_chunks(storage, index.chunks)
    _require_files(sizes, index, manifests)
    for record in index.definitions:
        read_small(storage, record.name, "zst", record)
    names = FileNames(
        (schema.name for schema in catalog.schemas),
        catalog.named_in_files,
    )
    sources: dict[TableName, list[ChunkSource]] = defaultdict(list)
    known = {table.name for table in catalog.tables}
    filled = {table.name for table in catalog.tables if not table.structure_only}
    for manifest in manifests:
        _check_manifest(manifest, known, names)
        sources[manifest.table].append(ChunkSource(manifest.chunk, manifest))
    if empty := sorted(filled - sources.keys()):
        raise DumpError(f"the list of chunks in {PRIVATE} has none for table {empty[0]}")
    return FoundDump(
        catalog=catalog,
        sources={name: tuple(found) for name, found in sources.items()},
        consistency=index.consistency,
    )


def _check_manifest(manifest: ChunkManifest, known: Collection[TableName], names: FileNames) -> None:
    """Raise DumpError if a chunk is not one of a known table, in files of that table if it has rows."""
    if manifest.table not in known:
        raise DumpError(f"the list of chunks in {PRIVATE} names table {manifest.table}, which the dump does not have")
    for record in manifest.records:
        if not record.name.startswith(f"{names.base(manifest.table)}."):
            raise DumpError(f"the list of chunks in {PRIVATE} names {record.name} for a table that it is not of")
    if (manifest.rows > 0) != bool(manifest.files):
        raise DumpError(
            f"the list of chunks in {PRIVATE} has {manifest.rows} rows of {manifest.table}, and no such files"
        )
    check_chunk(manifest.chunk)


def _require_files(sizes: dict[str, int], index: Index, manifests: tuple[ChunkManifest, ...]) -> None:
    recorded = {record.name: record for record in _records(index, manifests)}
    for name, record in recorded.items():
        if name not in sizes:
            raise DumpError(f"the file {name} is missing")
        if sizes[name] != record.bytes:
            raise DumpError(f"the file {name} has {sizes[name]:,} bytes, and had {record.bytes:,} when written")
    if extra := sorted(sizes.keys() - recorded.keys() - {METADATA}):
        raise DumpError(f"the file {extra[0]} does not belong to the dump: remove it, or restore from a whole copy")


def _records(index: Index, manifests: tuple[ChunkManifest, ...]) -> Iterator[FileRecord]:
    yield from index.definitions
    for manifest in manifests:
        yield from manifest.records
