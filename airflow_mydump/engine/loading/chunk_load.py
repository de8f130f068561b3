"""Loads chunks from a dump directory, in one transaction with their rows in the ledger.

The decompressor is what the target pulls from. It raises before its end if anything is wrong with the file, so what is
damaged is never committed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from airflow_mydump.engine.chunking.chunk import Chunk
from airflow_mydump.engine.dump_directory.chunk_source import ChunkSource, FoundFile
from airflow_mydump.engine.dump_directory.compressed_file import read_compressed, read_small
from airflow_mydump.engine.dump_directory.insert_reader import InsertReader
from airflow_mydump.engine.dump_directory.load_statement import LoadClause, parse_load_statement
from airflow_mydump.engine.dump_directory.manifest import ChunkManifest
from airflow_mydump.engine.dump_directory.schema_file import load_statement_in
from airflow_mydump.engine.dump_directory.storage import Storage
from airflow_mydump.engine.errors import DumpError, LoadMismatchError
from airflow_mydump.engine.event import Event, EventKind, Listener
from airflow_mydump.engine.loading.attempt import Loaded, attempt
from airflow_mydump.engine.loading.foreign_rows import load_inserts
from airflow_mydump.engine.loading.loader import Loader
from airflow_mydump.engine.plan.plan import PlannedTable
from airflow_mydump.engine.plan_identity import PlanIdentity
from airflow_mydump.engine.verification.checksum import Checksum


@dataclass(frozen=True)
class LoadJob:
    """A chunk to load, and its table."""

    planned: PlannedTable
    source: ChunkSource

    @property
    def chunk(self) -> Chunk:
        """The chunk under its number in the plan."""
        return self.source.chunk

    def __str__(self) -> str:
        return f"{self.planned.target}, {self.chunk.describe()}"


def load_chunks(
    storage: Storage, loader: Loader, identity: PlanIdentity, jobs: Sequence[LoadJob], announce: Listener
) -> dict[LoadJob, Loaded]:
    """Load the rows of chunks as `attempt` does.

    The transaction is committed only if every file is whole and what its manifest says, and the target recorded as
    many rows as were dumped and warned of nothing.

    Raises DumpError naming the file, ServerError, LoadMismatchError, IncompleteRunError.
    """
    for job in jobs:
        announce(Event(EventKind.CHUNK_STARTED, job.planned.target, job.chunk.id))
    return attempt(loader, identity, jobs, _Files(storage, loader).load, announce)


@dataclass(frozen=True)
class _Files:
    """What loads the files of a dump directory."""

    storage: Storage
    loader: Loader

    def load(self, job: LoadJob) -> Loaded:
        source = job.source
        if source.manifest:
            return self._load_framed(job, source.manifest)
        loaded = [
            self._load_data(job, file.statement, file.data) if file.data else self._load_inserts(job, file.statement)
            for file in source.files
        ]
        # How many rows files of other tools hold is known only now, and their digest never.
        return Loaded(sum(size for _, size in loaded), Checksum(sum(rows for rows, _ in loaded), ""))

    def _load_framed(self, job: LoadJob, manifest: ChunkManifest) -> Loaded:
        if manifest.files is None:
            return Loaded(0, manifest.checksum)
        data, statement = manifest.files.data, manifest.files.statement
        read_small(self.storage, statement.name, "", statement)
        content = _Counted(read_compressed(self.storage, data.name, "zst", data, most=manifest.bytes))
        recorded = self.loader.load(job.planned.target, job.planned.table, manifest.delimiters, content)
        if content.bytes != manifest.bytes:
            raise DumpError(f"the file {data.name} holds {content.bytes:,} bytes, and held {manifest.bytes:,}")
        if recorded != manifest.rows:
            raise LoadMismatchError(
                f"{job}: {manifest.rows} rows were dumped and the target recorded {recorded}; the chunk is rolled back"
            )
        return Loaded(content.bytes, manifest.checksum)

    def _load_data(self, job: LoadJob, statement: FoundFile, data: FoundFile) -> tuple[int, int]:
        clause = self._clause(job, statement, data)
        content = _Counted(read_compressed(self.storage, data.name, data.compression))
        command = clause.statement(job.planned.target, job.planned.table)
        recorded = self.loader.load_with(command, job.planned.target, _ending_whole(data.name, clause, content))
        self._require_size(data, content)
        return recorded, content.bytes

    def _clause(self, job: LoadJob, statement: FoundFile, data: FoundFile) -> LoadClause:
        content = read_small(self.storage, statement.name, statement.compression)
        text = load_statement_in(statement.name, job.planned.table, content)
        try:
            clause = parse_load_statement(text)
        except DumpError as error:
            raise DumpError(f"the file {statement.name}: {error}") from None
        plain = data.name.removesuffix(f".{data.compression}")
        if clause.file not in (data.name, plain) or clause.table != job.planned.table.name.name:
            raise DumpError(f"the file {statement.name} loads another file, or another table, than its own")
        return clause

    def _load_inserts(self, job: LoadJob, statement: FoundFile) -> tuple[int, int]:
        content = _Counted(read_compressed(self.storage, statement.name, statement.compression))
        reader = InsertReader(statement.name, job.planned.table, content)
        rows = load_inserts(self.loader, job.planned, reader)
        return rows, content.bytes

    def _require_size(self, data: FoundFile, content: _Counted) -> None:
        if not data.compression and content.bytes != data.bytes:
            raise DumpError(f"the file {data.name} has {content.bytes:,} bytes, and had {data.bytes:,} when listed")


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
