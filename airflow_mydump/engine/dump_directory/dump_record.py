"""What a dump knows of itself beyond mydumper's files: plan, catalog and chunks, in the sub-folder of its own.

While the dump is made, all but the plan is in a folder that has the plan's name, so that whoever still works for
another one touches nothing of it. Each task leaves what it wrote in a file of ``done/`` there. At the end these become
one list, and an index names every file of the dump with its size and SHA-256; ``metadata`` names the index with its.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import msgspec
import zstandard

from airflow_mydump.engine.consistency.pause import PAUSE
from airflow_mydump.engine.dump_directory import PRIVATE
from airflow_mydump.engine.dump_directory.compressed_file import decompressed
from airflow_mydump.engine.dump_directory.manifest import ChunkManifest, FileRecord, record_of
from airflow_mydump.engine.dump_directory.storage import Storage
from airflow_mydump.engine.errors import DumpError
from airflow_mydump.engine.known_type import known
from airflow_mydump.engine.metadata.catalog import Catalog
from airflow_mydump.engine.workdir import PARTIAL, WorkDirectory

PLAN = "plan.json"
CATALOG = "catalog.json.zst"
CHUNKS = "chunks.json.zst"
INDEX = "index.json.zst"
DONE = "done"
CUTS = "cuts.jsonl.zst"
BUNDLES = "bundles"
FORMAT = 1

_FOLDER = "plan-"

_LARGEST_RECORD = 4 << 30

Record = TypeVar("Record")


@dataclass(frozen=True)
class Index:
    """Every file of a finished dump but ``metadata``: the definitions' here, the data's in the list of chunks."""

    format: int
    server: str
    source: str
    run_key: str
    consistency: str
    catalog: FileRecord
    chunks: FileRecord
    definitions: tuple[FileRecord, ...]


def write_catalog(storage: Storage, catalog: Catalog) -> FileRecord:
    """Store the catalog. Raises ConfigurationError."""
    return _write(storage, CATALOG, catalog)


def write_chunks(storage: Storage, manifests: Sequence[ChunkManifest]) -> FileRecord:
    """Store what every chunk left. Raises ConfigurationError."""
    return _write(storage, CHUNKS, manifests)


def write_index(storage: Storage, index: Index) -> FileRecord:
    """Store the index; its hash belongs into ``metadata``. Raises ConfigurationError."""
    return _write(storage, INDEX, index)


def read_index(storage: Storage, sha256: str) -> Index:
    """The index that ``metadata`` names. Raises DumpError if it is missing, damaged or of a later version."""
    content = _read_whole(storage, INDEX)
    if hashlib.sha256(content).hexdigest() != sha256:
        raise DumpError(f"the file {PRIVATE}/{INDEX} was changed since it was written, or is not this dump's")
    index = _decode(INDEX, content, Index)
    if index.format > FORMAT:
        raise DumpError(f"the dump has format {index.format}, and this version reads up to {FORMAT}: use a later one")
    return index


def read_catalog(storage: Storage, record: FileRecord) -> Catalog:
    """The catalog that an index names. Raises DumpError if it is missing or damaged."""
    return _decode(CATALOG, _read_recorded(storage, CATALOG, record), Catalog)


def read_chunks(storage: Storage, record: FileRecord) -> tuple[ChunkManifest, ...]:
    """The chunks that an index names. Raises DumpError if the list is missing or damaged."""
    return _decode(CHUNKS, _read_recorded(storage, CHUNKS, record), tuple[ChunkManifest, ...])


def folder_of(plan: str) -> str:
    """The folder of an unfinished dump's plan, relative to the sub-folder."""
    return f"{_FOLDER}{plan}"


def unfinished(storage: Storage, plan: str) -> WorkDirectory:
    """Where a dump keeps what it knows while it is made, and `CATALOG` is the one that it was planned from."""
    return storage.private.child(folder_of(plan))


def only_begun(storage: Storage) -> bool:
    """Whether the directory holds nothing but what a dump's planning writes before the plan: it was interrupted.

    Raises DumpError if the directory cannot be read.
    """
    if storage.sizes():
        return False
    private = storage.private
    private.filesystem.invalidate_cache()
    names = (path.rstrip("/").rpartition("/")[2] for path in private.filesystem.ls(private.path, detail=False))
    return all(name == PAUSE or name.startswith((_FOLDER, PARTIAL)) for name in names)


def remove_other_plans(storage: Storage, plan: str) -> None:
    """Remove the folders of plans that were given up for this one."""
    private = storage.private
    for path in private.filesystem.ls(private.path, detail=False):
        name = path.rstrip("/").rpartition("/")[2]
        if name.startswith(_FOLDER) and name != folder_of(plan):
            private.filesystem.rm(private.file(name), recursive=True)


def leave_done(storage: Storage, plan: str, name: str, manifests: Iterable[ChunkManifest]) -> None:
    """Record that chunks are finished, in a file of this name; their files are complete by now."""
    unfinished(storage, plan).write_lines(f"{DONE}/{name}.jsonl.zst", manifests)


@dataclass(frozen=True)
class DoneChunks:
    """What tasks recorded of chunks, by their ids. ``lost`` are those that have no record whose files are there with
    the sizes that it says."""

    finished: Mapping[str, ChunkManifest]
    lost: Mapping[str, ChunkManifest]


def read_done(storage: Storage, plan: str, prefix: str = "") -> DoneChunks:
    """What is recorded in those files whose names begin with ``prefix``. Several tasks may have dumped a chunk.

    Raises ConfigurationError if one is damaged.
    """
    recorded = list(_recorded(unfinished(storage, plan), prefix))
    sizes = storage.sizes() if recorded else {}
    finished = {
        manifest.chunk.id: manifest
        for manifest in recorded
        if all(sizes.get(record.name) == record.bytes for record in manifest.records)
    }
    return DoneChunks(finished, {found.chunk.id: found for found in recorded if found.chunk.id not in finished})


def _recorded(directory: WorkDirectory, prefix: str) -> Iterator[ChunkManifest]:
    filesystem = directory.filesystem
    filesystem.invalidate_cache()
    if not filesystem.exists(directory.file(DONE)):
        return
    for name in sorted(path.rpartition("/")[2] for path in filesystem.ls(directory.file(DONE), detail=False)):
        if name.startswith(prefix) and name.endswith(".jsonl.zst"):
            yield from directory.read_lines(f"{DONE}/{name}", ChunkManifest)


def _write(storage: Storage, name: str, record: Any) -> FileRecord:
    content = zstandard.ZstdCompressor(write_checksum=True).compress(msgspec.json.encode(record))
    storage.private.write_bytes(name, content)
    return record_of(name, content)


def _read_whole(storage: Storage, name: str) -> bytes:
    path = storage.private.file(name)
    try:
        return bytes(storage.private.filesystem.cat_file(path))
    except FileNotFoundError:
        raise DumpError(f"the file {PRIVATE}/{name} is missing") from None
    except OSError as error:
        raise DumpError(f"the file {PRIVATE}/{name} cannot be read: {error.strerror or error}") from error


def _read_recorded(storage: Storage, name: str, record: FileRecord) -> bytes:
    content = _read_whole(storage, name)
    if record_of(name, content) != record:
        raise DumpError(f"the file {PRIVATE}/{name} was changed since it was written")
    return content


def _decode(name: str, content: bytes, kind: type[Record]) -> Record:
    try:
        return msgspec.json.decode(decompressed(f"{PRIVATE}/{name}", content, _LARGEST_RECORD), type=known(kind))
    except msgspec.DecodeError as error:
        raise DumpError(f"the file {PRIVATE}/{name} is not what its name says: {error}") from error
