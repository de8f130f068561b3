"""Data phase: copies the chunks of a bundle from source to target."""

from __future__ import annotations

from dataclasses import dataclass

from airflow_mydump.engine import ledger
from airflow_mydump.engine.chunk import Chunk
from airflow_mydump.engine.copy import CopiedChunk, copy_chunk
from airflow_mydump.engine.endpoint import Endpoint
from airflow_mydump.engine.errors import ServerError
from airflow_mydump.engine.event import Event, EventKind, Listener, ignore
from airflow_mydump.engine.loader import Loader
from airflow_mydump.engine.plan import DataBundle, PlannedTable
from airflow_mydump.engine.retry import retrying
from airflow_mydump.engine.session import Session
from airflow_mydump.engine.session_state import metadata, reading
from airflow_mydump.engine.workdir import WorkDirectory


@dataclass(frozen=True)
class Moved:
    """What one execution of a data task moved; chunks loaded by an earlier execution count as ``skipped``."""

    chunks: int = 0
    skipped: int = 0
    rows: int = 0
    bytes: int = 0

    def plus(self, copied: CopiedChunk) -> Moved:
        """The sum after one more chunk."""
        return Moved(
            self.chunks + (not copied.skipped),
            self.skipped + copied.skipped,
            self.rows + copied.rows,
            self.bytes + copied.bytes,
        )


def data_phase(
    source: Endpoint, target: Endpoint, directory: WorkDirectory, file: str, announce: Listener = ignore
) -> Moved:
    """Load every chunk of a bundle that is not loaded yet; each is committed by itself.

    Raises ServerError naming the table and chunk, and what `copy_chunk` raises. Chunks committed before stay
    committed; another call goes on after them.
    """
    bundle = directory.read(file, DataBundle)
    with Session(target, metadata) as session:
        loaded = ledger.source_checksums(session, bundle.identity, bundle.chunks).keys()
    moved = Moved(skipped=len(loaded))
    with _Worker(source, target, bundle, announce) as worker:
        for chunk in bundle.chunks:
            if chunk.id in loaded:
                announce(Event(EventKind.CHUNK_SKIPPED, bundle.table_of(chunk).target, chunk.id))
                continue
            moved = moved.plus(worker.copy(bundle.table_of(chunk), chunk))
    return moved


class _Worker:
    """The two connections of a task; after an error they are closed, and opened anew when next needed."""

    def __init__(self, source: Endpoint, target: Endpoint, bundle: DataBundle, announce: Listener) -> None:
        self._endpoints = source, target
        self._identity = bundle.identity
        self._announce = announce
        self._connections: tuple[Session, Loader] | None = None

    def copy(self, planned: PlannedTable, chunk: Chunk) -> CopiedChunk:
        return retrying()(self._copy_once, planned, chunk)

    def _copy_once(self, planned: PlannedTable, chunk: Chunk) -> CopiedChunk:
        try:
            source, loader = self._connect()
            return copy_chunk(source, loader, self._identity, planned, chunk, self._announce)
        except BaseException as error:
            self.close()
            if isinstance(error, ServerError):
                raise error.during(f"{planned.table.name}, {chunk.describe()}") from error
            raise

    def _connect(self) -> tuple[Session, Loader]:
        if self._connections is None:
            source, target = self._endpoints
            session = Session(source, reading)
            try:
                self._connections = session, Loader(target)
            except BaseException:
                session.close()
                raise
        return self._connections

    def close(self) -> None:
        for connection in self._connections or ():
            connection.close()
        self._connections = None

    def __enter__(self) -> _Worker:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()
