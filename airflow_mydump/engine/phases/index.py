"""Index phase: adds to the loaded tables what had to wait for the data, which is their foreign keys."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from airflow_mydump.engine import ledger
from airflow_mydump.engine.batch import batches
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
        waiting = [planned for planned in bundle.tables if str(planned.number) not in done]
        for batch in batches(waiting, lambda planned: 0):
            targets = {str(planned.number): planned.target for planned in batch}
            ledger.require_owned(session, bundle.identity, targets.values())
            ledger.begin(session, bundle.identity, "keys", targets)
            added += _add_foreign_keys(session, bundle.selection, batch, announce)
            ledger.finish(session, bundle.identity, "keys", targets.keys())
    return added


def _add_foreign_keys(session: Session, selection: Selection, batch: Sequence[PlannedTable], announce: Listener) -> int:
    added = 0
    present: Mapping[TableName, frozenset[str]] | None = None
    for planned in batch:
        keys = parse_table(planned.table.name, planned.table.definition).foreign_keys
        if keys:
            present = present or _foreign_keys(session, [planned.target for planned in batch])
            there = present.get(planned.target, frozenset())
            clauses = [f"ADD {key.clause(selection.target(key.references))}" for key in keys if key.name not in there]
            if clauses:
                retrying()(_alter, session, planned.target, clauses)
            added += len(clauses)
        announce(Event(EventKind.KEYS_ADDED, planned.target))
    return added


def _alter(session: Session, table: TableName, clauses: Sequence[str]) -> None:
    try:
        session.execute(f"ALTER TABLE {table.sql} {', '.join(clauses)}")
    except ServerError as error:
        raise error.during(f"cannot add the foreign keys of {table}") from error


def _foreign_keys(session: Session, tables: Sequence[TableName]) -> Mapping[TableName, frozenset[str]]:
    present: dict[TableName, frozenset[str]] = {table: frozenset() for table in tables}
    for schema in sorted({table.schema for table in tables}):
        names = ", ".join(literal(table.name) for table in tables if table.schema == schema)
        for name, constraint in session.pairs(
            "SELECT TABLE_NAME, CONSTRAINT_NAME FROM information_schema.TABLE_CONSTRAINTS "
            f"WHERE TABLE_SCHEMA = {literal(schema)} AND TABLE_NAME IN ({names}) AND CONSTRAINT_TYPE = 'FOREIGN KEY'"
        ):
            table = TableName(schema, name)
            present[table] = present.get(table, frozenset()) | {constraint}
    return present
