"""Data phase: copies the chunks of a bundle from source to target."""

from __future__ import annotations

from dataclasses import dataclass

from airflow_mydump.engine.chunk import Chunk
from airflow_mydump.engine.copy import copy_chunk
from airflow_mydump.engine.endpoint import Endpoint
from airflow_mydump.engine.errors import FramingCollision, ServerError
from airflow_mydump.engine.event import Listener, ignore
from airflow_mydump.engine.loader import Loader
from airflow_mydump.engine.plan import DataBundle, PlannedTable
from airflow_mydump.engine.session import Session
from airflow_mydump.engine.session_state import reading
from airflow_mydump.engine.workdir import WorkDirectory

_DRAWS = 5
"""Times a chunk is framed anew when its data holds a delimiter; each draw fails once in 10**8 random megabytes."""


@dataclass(frozen=True)
class Moved:
    """What one execution of a data task moved; chunks loaded by an earlier execution count as ``skipped``."""

    chunks: int = 0
    skipped: int = 0
    rows: int = 0
    bytes: int = 0


def data_phase(
    source: Endpoint, target: Endpoint, directory: WorkDirectory, file: str, announce: Listener = ignore
) -> Moved:
    """Load every chunk of a bundle that is not loaded yet; each is committed by itself.

    Raises ServerError naming the table and chunk, and what `copy_chunk` raises. Chunks committed before stay
    committed; another call goes on after them.
    """
    bundle = directory.read(file, DataBundle)
    worker = _Worker(source, target, bundle, announce)
    moved = Moved()
    try:
        for chunk in bundle.chunks:
            moved = worker.copy(bundle.table_of(chunk), chunk, moved)
    finally:
        worker.close()
    return moved


class _Worker:
    """The two connections of a task, opened anew after an error left rows unread on the wire."""

    def __init__(self, source: Endpoint, target: Endpoint, bundle: DataBundle, announce: Listener) -> None:
        self._endpoints = source, target
        self._bundle = bundle
        self._announce = announce
        self._connect()

    def _connect(self) -> None:
        source, target = self._endpoints
        self._source = Session(source, reading)
        try:
            self._loader = Loader(target)
        except BaseException:
            self._source.close()
            raise

    def copy(self, planned: PlannedTable, chunk: Chunk, moved: Moved) -> Moved:
        for draw in range(1, _DRAWS + 1):
            try:
                copied = copy_chunk(self._source, self._loader, self._bundle.identity, planned, chunk, self._announce)
            except FramingCollision:
                if draw == _DRAWS:
                    raise
                self.close()
                self._connect()
            except ServerError as error:
                raise error.during(f"{planned.table.name}, {chunk.describe()}") from error
            else:
                return Moved(
                    moved.chunks + (not copied.skipped),
                    moved.skipped + copied.skipped,
                    moved.rows + copied.rows,
                    moved.bytes + copied.bytes,
                )
        raise AssertionError("unreachable")

    def close(self) -> None:
        self._source.close()
        self._loader.close()
