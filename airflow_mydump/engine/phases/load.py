"""Load phase: loads the chunks of a bundle from a dump directory."""

from __future__ import annotations

from airflow_mydump.engine import ledger
from airflow_mydump.engine.copy import CopiedChunk
from airflow_mydump.engine.dump_directory.chunk_source import ChunkSource
from airflow_mydump.engine.dump_directory.storage import Storage
from airflow_mydump.engine.endpoint import Endpoint
from airflow_mydump.engine.errors import ServerError
from airflow_mydump.engine.event import Event, EventKind, Listener, ignore
from airflow_mydump.engine.load import load_chunk
from airflow_mydump.engine.load_bundle import LoadBundle, load_file
from airflow_mydump.engine.loader import Loader
from airflow_mydump.engine.phases.data import Moved
from airflow_mydump.engine.plan import DataBundle, PlannedTable
from airflow_mydump.engine.retry import retrying
from airflow_mydump.engine.session import Session
from airflow_mydump.engine.session_state import metadata
from airflow_mydump.engine.workdir import WorkDirectory


def load_phase(
    target: Endpoint, storage: Storage, directory: WorkDirectory, file: str, announce: Listener = ignore
) -> Moved:
    """Load every chunk of a bundle that is not loaded yet; each is committed by itself.

    Raises ServerError naming the table and chunk, and what `load_chunk` raises. Chunks committed before stay
    committed; another call goes on after them.
    """
    bundle = directory.read(file, DataBundle)
    sources = directory.read(load_file(file), LoadBundle)
    with Session(target, metadata) as session:
        loaded = ledger.source_checksums(session, bundle.identity, bundle.chunks).keys()
    moved = Moved(skipped=len(loaded))
    with _Worker(target, storage, bundle, announce) as worker:
        for chunk in bundle.chunks:
            if chunk.id in loaded:
                announce(Event(EventKind.CHUNK_SKIPPED, bundle.table_of(chunk).target, chunk.id))
                continue
            moved = moved.plus(worker.load(bundle.table_of(chunk), sources.source_of(chunk)))
    return moved


class _Worker:
    """The connection of a task; after an error it is closed, and opened anew when next needed."""

    def __init__(self, target: Endpoint, storage: Storage, bundle: DataBundle, announce: Listener) -> None:
        self._target = target
        self._storage = storage
        self._identity = bundle.identity
        self._announce = announce
        self._loader: Loader | None = None

    def load(self, planned: PlannedTable, source: ChunkSource) -> CopiedChunk:
        return retrying()(self._load_once, planned, source)

    def _load_once(self, planned: PlannedTable, source: ChunkSource) -> CopiedChunk:
        try:
            if self._loader is None:
                self._loader = Loader(self._target)
            return load_chunk(self._storage, self._loader, self._identity, planned, source, self._announce)
        except BaseException as error:
            self.close()
            if isinstance(error, ServerError):
                raise error.during(f"{planned.target}, {source.chunk.describe()}") from error
            raise

    def close(self) -> None:
        if self._loader is not None:
            self._loader.close()
        self._loader = None

    def __enter__(self) -> _Worker:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()
