"""Loads one chunk from a dump directory, in one transaction with its row in the ledger.

The decompressor is what the target pulls from. It raises before its end if anything is wrong with the file, so what is
damaged is never committed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from airflow_mydump.engine import ledger
from airflow_mydump.engine.checksum import Checksum
from airflow_mydump.engine.chunk import Chunk
from airflow_mydump.engine.copy import CopiedChunk
from airflow_mydump.engine.dump_directory.chunk_source import ChunkSource, FoundFile
from airflow_mydump.engine.dump_directory.compressed_file import read_compressed, read_small
from airflow_mydump.engine.dump_directory.insert_reader import InsertReader
from airflow_mydump.engine.dump_directory.load_statement import LoadClause, parse_load_statement
from airflow_mydump.engine.dump_directory.manifest import ChunkManifest
from airflow_mydump.engine.dump_directory.schema_file import load_statement_in
from airflow_mydump.engine.dump_directory.storage import Storage
from airflow_mydump.engine.errors import DumpError, LoadMismatchError
from airflow_mydump.engine.event import Event, EventKind, Listener
from airflow_mydump.engine.foreign_rows import load_inserts
from airflow_mydump.engine.loader import Loader
from airflow_mydump.engine.plan import PlanIdentity, PlannedTable

_UNKNOWN = Checksum(0, "")
"""For files of other tools: how many rows they hold is known when they were loaded."""


@dataclass(frozen=True)
class _Loaded:
    rows: int
    bytes: int


def load_chunk(
    storage: Storage, loader: Loader, identity: PlanIdentity, planned: PlannedTable, source: ChunkSource,
    announce: Listener,
) -> CopiedChunk:  # fmt: skip
    """Load a chunk's rows and commit them together with the chunk's row in the ledger, or change nothing.

    The transaction is committed only if the file is whole and what its manifest says, and the target recorded as many
    rows as were dumped and warned of nothing.

    Raises DumpError naming the file, ServerError, LoadMismatchError, IncompleteRunError; the target is rolled back
    then. A table that is not transactional is emptied first, and stays partly loaded after an error until the next try.
    """
    announce(Event(EventKind.CHUNK_STARTED, planned.target, source.chunk.id))
    attempt = _Attempt(storage, loader, identity, planned, source, announce)
    try:
        return attempt.run()
    except BaseException:
        loader.rollback()
        raise


@dataclass(frozen=True)
class _Attempt:
    """One try at one chunk."""

    storage: Storage
    loader: Loader
    identity: PlanIdentity
    planned: PlannedTable
    source: ChunkSource
    announce: Listener

    def run(self) -> CopiedChunk:
        self.loader.begin()
        if not self._claim():
            return self._skip()
        if not self.planned.table.transactional:
            # As in `copy`: nothing can be rolled back, and the ledger's rows go in a transaction of their own.
            self.loader.rollback()
            if self.source.chunk.part == 0:
                self.loader.execute(f"DELETE FROM {self.planned.target.sql}")
        loaded = self._load()
        if not self.planned.table.transactional:
            self.loader.begin()
            if not self._claim():
                return self._skip()
        return self._commit(loaded)

    @property
    def _chunk(self) -> Chunk:
        return self.source.chunk

    def _claim(self) -> bool:
        checksum = self.source.manifest.checksum if self.source.manifest else _UNKNOWN
        return ledger.claim_chunk(self.loader, self.identity, self._chunk, self.planned.target, checksum)

    def _skip(self) -> CopiedChunk:
        self.loader.rollback()
        self.announce(Event(EventKind.CHUNK_SKIPPED, self.planned.target, self._chunk.id))
        return CopiedChunk(skipped=True)

    def _load(self) -> _Loaded:
        if self.source.manifest:
            loaded = self._load_framed(self.source.manifest)
        elif self.source.statement and self.source.data:
            loaded = self._load_data(self.source.statement, self.source.data)
        elif self.source.statement:
            loaded = self._load_inserts(self.source.statement)
        else:
            loaded = _Loaded(0, 0)
        self._tell(EventKind.CHUNK_LOADED, loaded)
        return loaded

    def _load_framed(self, manifest: ChunkManifest) -> _Loaded:
        read_small(self.storage, manifest.statement.name, "", manifest.statement)
        content = _Counted(read_compressed(self.storage, manifest.data.name, "zst", manifest.data, most=manifest.bytes))
        recorded = self.loader.load(self.planned.target, self.planned.table, manifest.delimiters, content)
        if content.bytes != manifest.bytes:
            raise DumpError(f"the file {manifest.data.name} holds {content.bytes:,} bytes, and held {manifest.bytes:,}")
        if recorded != manifest.rows:
            raise LoadMismatchError(
                f"{self.planned.target}, {self._chunk.describe()}: {manifest.rows} rows were dumped and the target "
                f"recorded {recorded}; the chunk is rolled back"
            )
        return _Loaded(recorded, content.bytes)

    def _load_data(self, statement: FoundFile, data: FoundFile) -> _Loaded:
        clause = self._clause(statement, data)
        content = _Counted(read_compressed(self.storage, data.name, data.compression))
        command = clause.statement(self.planned.target, self.planned.table)
        recorded = self.loader.load_with(command, self.planned.target, _ending_whole(data.name, clause, content))
        self._require_size(data, content)
        return _Loaded(recorded, content.bytes)

    def _clause(self, statement: FoundFile, data: FoundFile) -> LoadClause:
        text = load_statement_in(statement.name, read_small(self.storage, statement.name, statement.compression))
        try:
            clause = parse_load_statement(text)
        except DumpError as error:
            raise DumpError(f"the file {statement.name}: {error}") from None
        plain = data.name.removesuffix(f".{data.compression}")
        if clause.file not in (data.name, plain) or clause.table != self.planned.table.name.name:
            raise DumpError(f"the file {statement.name} loads another file, or another table, than its own")
        return clause

    def _load_inserts(self, statement: FoundFile) -> _Loaded:
        content = _Counted(read_compressed(self.storage, statement.name, statement.compression))
        table = self.planned.table
        reader = InsertReader(statement.name, table.name.name, content)
        rows = load_inserts(self.loader, self.planned, reader)
        return _Loaded(rows, content.bytes)

    def _require_size(self, data: FoundFile, content: _Counted) -> None:
        if not data.compression and content.bytes != data.bytes:
            raise DumpError(f"the file {data.name} has {content.bytes:,} bytes, and had {data.bytes:,} when listed")

    def _commit(self, loaded: _Loaded) -> CopiedChunk:
        rows = None if self.source.manifest else loaded.rows
        ledger.complete_chunk(self.loader, self.identity, self._chunk, loaded.bytes, rows)
        self._tell(EventKind.CHUNK_COMMITTING, loaded)
        self.loader.commit()
        self._tell(EventKind.CHUNK_COMMITTED, loaded)
        return CopiedChunk(loaded.rows, loaded.bytes)

    def _tell(self, kind: EventKind, loaded: _Loaded) -> None:
        self.announce(Event(kind, self.planned.target, self._chunk.id, loaded.rows, loaded.bytes))


class _Counted:
    """Pieces that are counted while they pass."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self.bytes = 0
        self._pieces = pieces

    def __iter__(self) -> Iterator[bytes]:
        for piece in self._pieces:
            self.bytes += len(piece)
            yield piece


def _ending_whole(name: str, clause: LoadClause, pieces: Iterable[bytes]) -> Iterator[bytes]:
    """The pieces; a last row that was cut off is an error here, which to a server may be a whole row."""
    end = b""
    for piece in pieces:
        end = (end + piece)[-len(clause.line) :] if len(piece) < len(clause.line) else piece[-len(clause.line) :]
        yield piece
    if end and end != clause.line:
        raise DumpError(f"the file {name} does not end with a whole row")
