"""What a dump knows of itself beyond mydumper's files: plan, catalog and chunks, in the sub-folder of its own.

While the dump is made, each task leaves what it wrote in a file of ``done/``. At the end these become one list, and an
index names every file of the dump with its size and SHA-256; ``metadata`` names the index with its.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
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
from airflow_mydump.engine.metadata.catalog import Catalog
from airflow_mydump.engine.plan.noted_table import WHEN_PLANNED
from airflow_mydump.engine.workdir import PARTIAL

PLAN = "plan.json"
CATALOG = "catalog.json.zst"
CHUNKS = "chunks.json.zst"
INDEX = "index.json.zst"
DONE = "done"
CUTS = "cuts.jsonl.zst"
BUNDLES = "bundles"
FORMAT = 1

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


def only_begun(storage: Storage) -> bool:
    """Whether the directory holds nothing but what a dump's planning writes before the plan: it was interrupted.

    Raises DumpError if the directory cannot be read.
    """
    if storage.sizes():
        return False
    private = storage.private
    private.filesystem.invalidate_cache()
    names = (path.rstrip("/").rpartition("/")[2] for path in private.filesystem.ls(private.path, detail=False))
    return all(name in (CATALOG, BUNDLES, CUTS, PAUSE, WHEN_PLANNED) or name.startswith(PARTIAL) for name in names)


def unfinished_catalog(storage: Storage) -> Catalog:
    """The catalog of a dump that is being made. Raises ConfigurationError."""
    return storage.private.read(CATALOG, Catalog)


def leave_done(storage: Storage, name: str, manifests: Iterable[ChunkManifest]) -> None:
    """Record that chunks are finished, in a file of this name; their files are complete by now."""
    storage.private.write_lines(f"{DONE}/{name}.jsonl.zst", manifests)


def read_done(storage: Storage, prefix: str = "") -> dict[str, ChunkManifest]:
    """What finished chunks left, by their ids, from those files whose names begin with ``prefix``.

    Raises ConfigurationError if one is damaged.
    """
    private = storage.private
    filesystem = private.filesystem
    filesystem.invalidate_cache()
    if not filesystem.exists(private.file(DONE)):
        return {}
    names = sorted(path.rpartition("/")[2] for path in filesystem.ls(private.file(DONE), detail=False))
    found: dict[str, ChunkManifest] = {}
    for name in names:
        if name.startswith(prefix) and name.endswith(".jsonl.zst"):
            for manifest in private.read_lines(f"{DONE}/{name}", ChunkManifest):
                found[manifest.chunk.id] = manifest
    return found


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
        return msgspec.json.decode(decompressed(f"{PRIVATE}/{name}", content, _LARGEST_RECORD), type=kind)
    except msgspec.DecodeError as error:
        raise DumpError(f"the file {PRIVATE}/{name} is not what its name says: {error}") from error
