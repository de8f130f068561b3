"""Copies one chunk from source to target: one pass, one process, one transaction, no temporary file."""

from __future__ import annotations

import random
from dataclasses import dataclass

from airflow_mydump.engine import ledger
from airflow_mydump.engine.catalog import Table
from airflow_mydump.engine.checksum import Checksum, compute_checksum
from airflow_mydump.engine.chunk import Chunk
from airflow_mydump.engine.datatype import largest_bytes, read_expression
from airflow_mydump.engine.errors import LoadMismatchError
from airflow_mydump.engine.event import Event, EventKind, Listener
from airflow_mydump.engine.framing import Delimiters, FrameStream, fetch_size
from airflow_mydump.engine.loader import Loader
from airflow_mydump.engine.plan import PlanIdentity, PlannedTable
from airflow_mydump.engine.session import Session


@dataclass(frozen=True)
class CopiedChunk:
    """What became of a chunk: rows and framed bytes moved now, or ``skipped`` if it was loaded before."""

    rows: int = 0
    bytes: int = 0
    skipped: bool = False


def copy_chunk(
    source: Session, loader: Loader, identity: PlanIdentity, planned: PlannedTable, chunk: Chunk, announce: Listener
) -> CopiedChunk:
    """Move a chunk's rows and commit them together with the chunk's row in the ledger, or change nothing.

    The source's checksum and rows come from one snapshot. The transaction is committed only if the source counted,
    this process framed and the target recorded the same number of rows, and the target warned of nothing.

    Raises ServerError, FramingCollision, LoadMismatchError, IncompleteRunError; the target is rolled back then. A
    table that is not transactional is emptied first, and stays partly loaded after an error until the next try.
    """
    announce(Event(EventKind.CHUNK_STARTED, planned.target, chunk.id))
    with source.consistent_snapshot():
        checksum = compute_checksum(source, planned.table.name, planned.table, chunk, planned.where)
        attempt = _Attempt(source, loader, identity, planned, chunk, checksum, announce)
        try:
            return attempt.in_one_transaction() if planned.table.transactional else attempt.whole_table()
        except BaseException:
            loader.rollback()
            raise


@dataclass(frozen=True)
class _Attempt:
    """One try at one chunk, in the source's snapshot."""

    source: Session
    loader: Loader
    identity: PlanIdentity
    planned: PlannedTable
    chunk: Chunk
    checksum: Checksum
    announce: Listener

    def in_one_transaction(self) -> CopiedChunk:
        self.loader.begin()
        if not self._claim():
            return self._skip()
        stream = self._load()
        return self._commit(stream)

    def whole_table(self) -> CopiedChunk:
        # Nothing can be rolled back: emptied and loaded anew until the ledger says it is loaded. The ledger's rows
        # go in a transaction of their own, because GTID consistency forbids mixing the two kinds (error 1785).
        self.loader.begin()
        if not self._claim():
            return self._skip()
        self.loader.rollback()
        self.loader.execute(f"DELETE FROM {self.planned.target.sql}")
        stream = self._load()
        self.loader.begin()
        if not self._claim():
            return self._skip()
        return self._commit(stream)

    def _claim(self) -> bool:
        return ledger.claim_chunk(self.loader, self.identity, self.chunk, self.planned.target, self.checksum)

    def _skip(self) -> CopiedChunk:
        self.loader.rollback()
        self._announce(EventKind.CHUNK_SKIPPED)
        return CopiedChunk(skipped=True)

    def _load(self) -> FrameStream:
        table = self.planned.table
        delimiters = Delimiters.draw(random.SystemRandom())
        batches = self.source.stream(_select(self.planned, self.chunk), _batch_rows(table))
        stream = FrameStream(batches, len(table.stored_columns), delimiters)
        recorded = self.loader.load(self.planned.target, table, delimiters, stream)
        if not self.checksum.rows == stream.rows == recorded:
            raise LoadMismatchError(
                f"{self.planned.target}, {self.chunk.describe()}: the source counted {self.checksum.rows} rows, "
                f"{stream.rows} were sent and the target recorded {recorded}; the chunk is rolled back"
            )
        self._announce(EventKind.CHUNK_LOADED, stream)
        return stream

    def _commit(self, stream: FrameStream) -> CopiedChunk:
        ledger.complete_chunk(self.loader, self.identity, self.chunk, stream.bytes)
        self._announce(EventKind.CHUNK_COMMITTING, stream)
        self.loader.commit()
        self._announce(EventKind.CHUNK_COMMITTED, stream)
        return CopiedChunk(stream.rows, stream.bytes)

    def _announce(self, kind: EventKind, stream: FrameStream | None = None) -> None:
        rows, size = (stream.rows, stream.bytes) if stream else (0, 0)
        self.announce(Event(kind, self.planned.target, self.chunk.id, rows, size))


def _select(planned: PlannedTable, chunk: Chunk) -> str:
    table = planned.table
    columns = ", ".join(read_expression(column) for column in table.stored_columns)
    return f"SELECT {columns} {chunk.rows_of(table.name, planned.where)}{chunk.order}"


def _batch_rows(table: Table) -> int:
    return fetch_size(sum(largest_bytes(column) for column in table.stored_columns))
