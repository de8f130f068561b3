"""Verify: compares what the target holds of each chunk with what the source held when the chunk was read."""

from __future__ import annotations

from dataclasses import dataclass

from airflow_mydump.engine import ledger
from airflow_mydump.engine.checksum import Checksum, compute_checksum
from airflow_mydump.engine.chunk import Chunk
from airflow_mydump.engine.endpoint import Endpoint
from airflow_mydump.engine.errors import VerificationError
from airflow_mydump.engine.event import Event, EventKind, Listener, ignore
from airflow_mydump.engine.frame_digest import compute_again, is_frame_digest
from airflow_mydump.engine.plan import DataBundle, PlannedTable
from airflow_mydump.engine.session import Session
from airflow_mydump.engine.session_state import metadata, reading
from airflow_mydump.engine.workdir import WorkDirectory


@dataclass(frozen=True)
class Verified:
    """Chunks and rows that were seen to be equal on both sides."""

    chunks: int
    rows: int


def verify_phase(target: Endpoint, directory: WorkDirectory, file: str, announce: Listener = ignore) -> Verified:
    """Compute on the target the checksum of every chunk of a bundle and compare it with the ledger.

    The chunks of a table cover it wholly, so rows that nobody loaded are found as well.

    Raises VerificationError naming every chunk that differs or was never loaded, ServerError.
    """
    bundle = directory.read(file, DataBundle)
    differences, rows = [], 0
    with Session(target, metadata) as recording, Session(target, reading) as session:
        expected = ledger.source_checksums(recording, bundle.identity, bundle.chunks)
        for chunk in bundle.chunks:
            planned = bundle.table_of(chunk)
            actual = checksum_like(expected.get(chunk.id), session, planned, chunk)
            if difference := _difference(planned, chunk, expected.get(chunk.id), actual):
                differences.append(difference)
            rows += actual.rows
            announce(Event(EventKind.CHUNK_VERIFIED, planned.target, chunk.id, actual.rows))
        if differences:
            raise VerificationError("; ".join(differences))
        ledger.mark_verified(recording, bundle.identity, bundle.chunks)
    return Verified(len(bundle.chunks), rows)


def checksum_like(expected: Checksum | None, session: Session, planned: PlannedTable, chunk: Chunk) -> Checksum:
    """What the target holds of a chunk, in the kind of checksum that the source's is. Raises as `verify_phase` does."""
    if expected is not None and is_frame_digest(expected.digest):
        return compute_again(session, planned.target, planned.table, chunk, expected.digest)
    return compute_checksum(session, planned.target, planned.table, chunk)


def _difference(planned: PlannedTable, chunk: Chunk, expected: Checksum | None, actual: Checksum) -> str:
    where = f"{planned.target}, {chunk.describe()}"
    if expected is None:
        return f"{where}: was never loaded"
    if expected.rows != actual.rows:
        return f"{where}: the source had {expected.rows} rows, the target has {actual.rows}"
    if expected.digest != actual.digest:
        return f"{where}: the {actual.rows} rows on the target are not those of the source"
    return ""
