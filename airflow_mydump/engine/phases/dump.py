"""Dump phase: writes the chunks of a bundle into the dump directory."""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass

from airflow_mydump.engine.chunk import Chunk
from airflow_mydump.engine.dump import DumpTarget, dump_chunk
from airflow_mydump.engine.dump_directory.dump_record import leave_done, read_done
from airflow_mydump.engine.dump_directory.manifest import ChunkManifest
from airflow_mydump.engine.dump_directory.storage import Storage
from airflow_mydump.engine.dump_plan import DumpBundle, dump_file
from airflow_mydump.engine.endpoint import Endpoint
from airflow_mydump.engine.errors import ServerError
from airflow_mydump.engine.event import Event, EventKind, Listener, ignore
from airflow_mydump.engine.plan import DataBundle
from airflow_mydump.engine.retry import retrying
from airflow_mydump.engine.session import Session
from airflow_mydump.engine.session_state import reading

_CHUNKS_AT_ONCE, _SECONDS_AT_ONCE = 64, 2.0
"""How much is written before it is recorded: small tables are many, and what is not recorded is dumped again."""


@dataclass(frozen=True)
class Dumped:
    """What one execution of a dump task wrote; chunks dumped by an earlier execution count as ``skipped``."""

    chunks: int = 0
    skipped: int = 0
    rows: int = 0
    bytes: int = 0

    def plus(self, manifest: ChunkManifest) -> Dumped:
        """The sum after one more chunk."""
        return Dumped(self.chunks + 1, self.skipped, self.rows + manifest.rows, self.bytes + manifest.bytes)


def dump_phase(source: Endpoint, storage: Storage, file: str, announce: Listener = ignore) -> Dumped:
    """Dump every chunk of a bundle that is not in the directory yet.

    Raises ServerError naming the table and chunk, and what `dump_chunk` raises. What was finished before stays; another
    call goes on after it.
    """
    bundle = storage.private.read(file, DataBundle)
    names = storage.private.read(dump_file(file), DumpBundle)
    finished = _finished(storage, names.number)
    dumped = Dumped(skipped=len(finished))
    with _Worker(source, DumpTarget(storage, names.level), bundle, names, announce) as worker:
        for chunk in bundle.chunks:
            if chunk.id in finished:
                announce(Event(EventKind.CHUNK_SKIPPED, bundle.table_of(chunk).target, chunk.id))
                continue
            dumped = dumped.plus(worker.dump(chunk))
    return dumped


def _finished(storage: Storage, number: int) -> frozenset[str]:
    """Chunks that an earlier try recorded, and whose files are there with the sizes that it recorded."""
    done = read_done(storage, f"{number:05}-")
    sizes = storage.sizes() if done else {}
    return frozenset(
        identifier
        for identifier, manifest in done.items()
        if all(sizes.get(record.name) == record.bytes for record in (manifest.data, manifest.statement))
    )


class _Worker:
    """The connection of a task, and what it has written but not recorded."""

    def __init__(
        self, source: Endpoint, target: DumpTarget, bundle: DataBundle, names: DumpBundle, announce: Listener
    ) -> None:
        self._source = source
        self._target = target
        self._bundle = bundle
        self._names = names
        self._announce = announce
        self._session: Session | None = None
        self._unrecorded: list[ChunkManifest] = []
        self._recorded_at = time.monotonic()

    def dump(self, chunk: Chunk) -> ChunkManifest:
        manifest = retrying()(self._dump_once, chunk)
        self._unrecorded.append(manifest)
        full = len(self._unrecorded) >= _CHUNKS_AT_ONCE
        if full or time.monotonic() - self._recorded_at >= _SECONDS_AT_ONCE:
            self._record()
        return manifest

    def _dump_once(self, chunk: Chunk) -> ChunkManifest:
        planned = self._bundle.table_of(chunk)
        try:
            if self._session is None:
                self._session = Session(self._source, reading)
            base = self._names.base(chunk.table)
            return dump_chunk(self._session, self._target, planned, chunk, base, self._announce)
        except BaseException as error:
            self._close()
            if isinstance(error, ServerError):
                raise error.during(f"{planned.table.name}, {chunk.describe()}") from error
            raise

    def _record(self) -> None:
        if self._unrecorded:
            # Never the name of another try's file: two may be at work at once.
            name = f"{self._names.number:05}-{time.time_ns():020}-{secrets.token_hex(4)}"
            leave_done(self._target.storage, name, self._unrecorded)
        self._unrecorded = []
        self._recorded_at = time.monotonic()

    def _close(self) -> None:
        if self._session is not None:
            self._session.close()
        self._session = None

    def __enter__(self) -> _Worker:
        return self

    def __exit__(self, *error: object) -> None:
        self._close()
        self._record()
