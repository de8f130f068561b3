"""Verify: compares what the target holds of each chunk with what the source held when the chunk was read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from airflow_mydump.engine import ledger
from airflow_mydump.engine.batch import batches
from airflow_mydump.engine.chunking.chunk import Chunk
from airflow_mydump.engine.errors import VerificationError
from airflow_mydump.engine.event import Event, EventKind, Listener, ignore
from airflow_mydump.engine.framing.frame_digest import compute_again, is_frame_digest
from airflow_mydump.engine.plan.plan import DataBundle, PlannedTable
from airflow_mydump.engine.server.endpoint import Endpoint
from airflow_mydump.engine.server.session import Session
from airflow_mydump.engine.server.session_state import metadata, reading
from airflow_mydump.engine.verification.checksum import Checksum, Digestible, compute_checksums
from airflow_mydump.engine.workdir import WorkDirectory


@dataclass(frozen=True)
class Verified:
    """Chunks and rows that were seen to be equal on both sides."""

    chunks: int
    rows: int


def verify_phase(target: Endpoint, directory: WorkDirectory, file: str, announce: Listener = ignore) -> Verified:
    """Compute on the target the checksum of every chunk of a bundle and compare it with the ledger.

    The chunks of a table cover it wholly, so rows that nobody loaded are found as well. That they do is not taken for
    granted: whoever has the first of a table's ranges also counts the whole table, without ranges and without naming an
    index. Of a complete run whose checksums were removed from the ledger nothing is compared; so nothing is missing
    that was removed meanwhile, when another try of the same command had proved it.

    Raises VerificationError naming every chunk that differs or was never loaded, ServerError; IncompleteRunError if a
    later run has taken tables over meanwhile.
    """
    bundle = directory.read(file, DataBundle)
    differing: dict[str, str] = {}
    rows = 0
    with Session(target, metadata) as recording, Session(target, reading) as session:
        complete = all(ledger.is_complete(connection, bundle.identity) for connection in (session, recording))
        expected = ledger.source_checksums(recording, bundle.identity, bundle.chunks)
        if complete and len(expected) < len(bundle.chunks):
            announce(ledger.nothing_left(bundle.identity))
            return Verified(0, 0)
        for batch in batches(bundle.chunks, lambda chunk: chunk.weight):
            tables = [bundle.table_of(chunk) for chunk in batch]
            stored = [Digestible(table.target, table.table, chunk) for table, chunk in zip(tables, batch, strict=True)]
            actual = compute_alike(session, stored, [expected.get(chunk.id) for chunk in batch])
            for planned, chunk, checksum in zip(tables, batch, actual, strict=True):
                if difference := _difference(planned, chunk, expected.get(chunk.id), checksum):
                    differing[chunk.id] = difference
                rows += checksum.rows
                announce(Event(EventKind.CHUNK_VERIFIED, planned.target, chunk.id, checksum.rows))
        altered = any(chunk_id in expected for chunk_id in differing)
        differences = [*differing.values(), *_uncovered(recording, session, bundle)]
        if differences and not altered and ledger.has_cleared(recording, bundle.identity, bundle.chunks):
            announce(ledger.nothing_left(bundle.identity))
            return Verified(0, 0)
        if differences:
            raise VerificationError("; ".join(differences))
        ledger.mark_verified(recording, bundle.identity, bundle.chunks)
        seen = {chunk.id: f"{bundle.table_of(chunk).target}, {chunk.describe()}" for chunk in bundle.chunks}
        ledger.require_done(recording, bundle.identity, "load", seen, verified=True)
    return Verified(len(bundle.chunks), rows)


def _uncovered(recording: Session, session: Session, bundle: DataBundle) -> Iterator[str]:
    """What is wrong with tables that do not hold as many rows as all their chunks together."""
    for chunk in bundle.chunks:
        if chunk.part or not chunk.where:
            continue  # another bundle looks, or the only chunk was counted as a whole
        planned = bundle.table_of(chunk)
        target = planned.target
        loaded = ledger.rows_loaded(recording, bundle.identity, target)
        present = int(session.value(f"SELECT COUNT(*) FROM {target.sql}{planned.table.time_clause}") or 0)
        if loaded != present:
            yield (
                f"{target}: {loaded} rows were loaded in all its chunks, and the table has {present}: some came from "
                "elsewhere, or are gone, or a chunk was never loaded"
            )


def compute_alike(
    session: Session, stored: Sequence[Digestible], expected: Sequence[Checksum | None]
) -> list[Checksum]:
    """The checksums of chunks, each in the kind that its source's is. Raises as `compute_checksums` does."""
    framed = [checksum is not None and is_frame_digest(checksum.digest) for checksum in expected]
    computed = iter(
        compute_checksums(session, [chunk for chunk, other in zip(stored, framed, strict=True) if not other])
    )
    return [
        compute_again(session, chunk, checksum.digest) if other and checksum else next(computed)
        for chunk, checksum, other in zip(stored, expected, framed, strict=True)
    ]


def _difference(planned: PlannedTable, chunk: Chunk, expected: Checksum | None, actual: Checksum) -> str:
    where = f"{planned.target}, {chunk.describe()}"
    if expected is None:
        return f"{where}: was never loaded"
    if expected.rows != actual.rows:
        return f"{where}: the source had {expected.rows} rows, the target has {actual.rows}"
    if expected.digest != actual.digest:
        return f"{where}: the {actual.rows} rows on the target are not those of the source"
    return ""
