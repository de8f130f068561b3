"""Index phase: adds to the loaded tables what had to wait for the data, which is their foreign keys."""

from __future__ import annotations

from airflow_mydump.engine import ledger
from airflow_mydump.engine.ddl import parse_table
from airflow_mydump.engine.endpoint import Endpoint
from airflow_mydump.engine.errors import ServerError
from airflow_mydump.engine.event import Event, EventKind, Listener, ignore
from airflow_mydump.engine.identifier import TableName, literal
from airflow_mydump.engine.plan import PlannedTable, SchemaBundle
from airflow_mydump.engine.retry import retrying
from airflow_mydump.engine.selection import Selection
from airflow_mydump.engine.session import Session
from airflow_mydump.engine.session_state import metadata
from airflow_mydump.engine.workdir import WorkDirectory


def index_phase(target: Endpoint, directory: WorkDirectory, file: str, announce: Listener = ignore) -> int:
    """Add the foreign keys of a bundle's tables; returns how many were added now.

    The keys are added with foreign_key_checks=0: the rows are the source's, orphans that it tolerates included,
    and verification proves them; MySQL would otherwise copy each table to check it. Raises ServerError naming the
    table, IncompleteRunError if a later run has taken it over.
    """
    bundle = directory.read(file, SchemaBundle)
    added = 0
    with Session(target, metadata) as session:
        done = ledger.done_items(session, bundle.identity, "keys")
        for planned in bundle.tables:
            item = str(planned.number)
            if item in done:
                continue
            ledger.require_owned(session, bundle.identity, planned.target)
            ledger.begin(session, bundle.identity, "keys", item, planned.target)
            added += retrying()(_add_foreign_keys, session, bundle.selection, planned)
            ledger.finish(session, bundle.identity, "keys", item)
            announce(Event(EventKind.KEYS_ADDED, planned.target))
    return added


def _add_foreign_keys(session: Session, selection: Selection, planned: PlannedTable) -> int:
    keys = parse_table(planned.table.name, planned.table.definition).foreign_keys
    if not keys:
        return 0
    present = _foreign_keys(session, planned.target)
    clauses = [f"ADD {key.clause(selection.target(key.references))}" for key in keys if key.name not in present]
    if clauses:
        try:
            session.execute(f"ALTER TABLE {planned.target.sql} {', '.join(clauses)}")
        except ServerError as error:
            raise error.during(f"cannot add the foreign keys of {planned.target}") from error
    return len(clauses)


def _foreign_keys(session: Session, table: TableName) -> frozenset[str]:
    rows = session.text_rows(
        "SELECT CONSTRAINT_NAME FROM information_schema.TABLE_CONSTRAINTS "
        f"WHERE TABLE_SCHEMA = {literal(table.schema)} AND TABLE_NAME = {literal(table.name)} "
        "AND CONSTRAINT_TYPE = 'FOREIGN KEY'"
    )
    return frozenset(name for (name,) in rows)
