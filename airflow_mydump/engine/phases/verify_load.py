"""Verify, after a restore: by the source's checksums where the dump has them, else by what another tool noted."""

from __future__ import annotations

from airflow_mydump.engine import ledger
from airflow_mydump.engine.dump_directory.chunk_source import Expectation
from airflow_mydump.engine.dump_directory.load_bundle import LoadBundle, load_file
from airflow_mydump.engine.errors import VerificationError
from airflow_mydump.engine.event import Event, EventKind, Listener, ignore
from airflow_mydump.engine.phases.verify import Verified, verify_phase
from airflow_mydump.engine.plan.plan import DataBundle, PlannedTable
from airflow_mydump.engine.server.endpoint import Endpoint
from airflow_mydump.engine.server.session import Session
from airflow_mydump.engine.server.session_state import metadata
from airflow_mydump.engine.workdir import WorkDirectory


def verify_load_phase(target: Endpoint, directory: WorkDirectory, file: str, announce: Listener = ignore) -> Verified:
    """Compare what the target holds of a bundle's chunks with what the dump says of them.

    Of a dump of this package: each chunk's checksum, as the source had it. Of another tool's: each table's rows, and
    its CHECKSUM TABLE, as far as the dump has them; at the least that the target holds as many rows as were loaded.

    Raises VerificationError naming every chunk or table that differs, ServerError; IncompleteRunError if a later run
    has taken tables over meanwhile.
    """
    expectations = directory.read(load_file(file), LoadBundle).expectations
    if not expectations:
        return verify_phase(target, directory, file, announce)
    bundle = directory.read(file, DataBundle)
    differences, rows = [], 0
    with Session(target, metadata) as session:
        complete = ledger.is_complete(session, bundle.identity)
        loaded = ledger.source_checksums(session, bundle.identity, bundle.chunks)
        if complete and len(loaded) < len(bundle.chunks):
            announce(ledger.nothing_left(bundle.identity))
            return Verified(0, 0)
        for chunk in bundle.chunks:
            planned = bundle.table_of(chunk)
            if chunk.id not in loaded:
                differences.append(f"{planned.target}: file {chunk.part + 1} was never loaded")
                continue
            if chunk.part == 0:  # whoever has a table's first file looks at the whole table
                count = ledger.rows_loaded(session, bundle.identity, planned.target)
                differences += _differences(session, planned, expectations[str(planned.number)], count)
            rows += loaded[chunk.id].rows
            announce(Event(EventKind.CHUNK_VERIFIED, planned.target, chunk.id, loaded[chunk.id].rows))
        if differences and ledger.has_cleared(session, bundle.identity, bundle.chunks):
            announce(ledger.nothing_left(bundle.identity))
            return Verified(0, 0)
        if differences:
            raise VerificationError("; ".join(differences))
        ledger.mark_verified(session, bundle.identity, bundle.chunks)
        seen = {chunk.id: f"{bundle.table_of(chunk).target}, {chunk.describe()}" for chunk in bundle.chunks}
        ledger.require_done(session, bundle.identity, "load", seen, verified=True)
    return Verified(len(bundle.chunks), rows)


def _differences(session: Session, planned: PlannedTable, expected: Expectation, loaded: int) -> list[str]:
    held = int(session.value(f"SELECT COUNT(*) FROM {planned.target.sql}") or b"0")
    if expected.rows is not None and expected.rows != loaded:
        return [f"{planned.target}: the dump says {expected.rows} rows, and its files held {loaded}"]
    if held != loaded:
        return [f"{planned.target}: {loaded} rows were loaded, and the target holds {held}"]
    if expected.checksum is not None:
        actual = session.rows(f"CHECKSUM TABLE {planned.target.sql}")[0][1]
        if actual is None or actual.decode() != expected.checksum:
            return [f"{planned.target}: CHECKSUM TABLE is not what the dump says it was on the source"]
    return []
