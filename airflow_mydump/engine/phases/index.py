"""Index phase: adds to the loaded tables what had to wait for the data: secondary keys of large ones, foreign keys."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from airflow_mydump.engine import ledger
from airflow_mydump.engine.batch import batches
from airflow_mydump.engine.ddl import Key, TableDefinition, parse_table
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

_FOREIGN = "foreign key "


def index_phase(target: Endpoint, directory: WorkDirectory, file: str, announce: Listener = ignore) -> int:
    """Add the deferred keys and the foreign keys of a bundle's tables; returns how many were added now.

    Foreign keys are added with foreign_key_checks=0: the rows are the source's, orphans that it tolerates included,
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
            added += _add_keys(session, bundle.selection, batch, announce)
            ledger.finish(session, bundle.identity, "keys", targets.keys())
    return added


def _add_keys(session: Session, selection: Selection, batch: Sequence[PlannedTable], announce: Listener) -> int:
    added = 0
    present: Mapping[TableName, frozenset[str]] | None = None
    for planned in batch:
        definition = parse_table(planned.table.name, planned.table.definition)
        late = [key for key in definition.keys if key.name in planned.deferred]
        if late or definition.foreign_keys:
            present = present or _keys(session, [planned.target for planned in batch])
            there = present.get(planned.target, frozenset())
            for clauses in _alterations(selection, definition, late, there):
                retrying()(_alter, session, planned.target, clauses)
                added += len(clauses)
        announce(Event(EventKind.KEYS_ADDED, planned.target))
    return added


def _alterations(
    selection: Selection, definition: TableDefinition, late: Sequence[Key], there: frozenset[str]
) -> Iterator[list[str]]:
    """The clauses that are missing, in as few statements as the servers take."""
    missing = [key for key in late if key.name not in there]
    ordinary = [f"ADD {key.clause}" for key in missing if key.kind in ("plain", "unique")]
    foreign = [
        f"ADD {key.clause(selection.target(key.references))}"
        for key in definition.foreign_keys
        if f"{_FOREIGN}{key.name}" not in there
    ]
    # InnoDB builds one FULLTEXT key at a time (error 1795), and foreign keys look for the keys that they need.
    yield from ([clause] for clause in [f"ADD {key.clause}" for key in missing if key.kind not in ("plain", "unique")])
    if ordinary:
        yield ordinary
    if foreign:
        yield foreign


def _alter(session: Session, table: TableName, clauses: Sequence[str]) -> None:
    try:
        session.execute(f"ALTER TABLE {table.sql} {', '.join(clauses)}")
    except ServerError as error:
        raise error.during(f"cannot add keys to {table}") from error


def _keys(session: Session, tables: Sequence[TableName]) -> Mapping[TableName, frozenset[str]]:
    """The names of the keys, and of the foreign keys behind a mark, that the tables have already."""
    present: dict[TableName, frozenset[str]] = {table: frozenset() for table in tables}
    for schema in sorted({table.schema for table in tables}):
        names = ", ".join(literal(table.name) for table in tables if table.schema == schema)
        where = f"WHERE TABLE_SCHEMA = {literal(schema)} AND TABLE_NAME IN ({names})"
        for name, key in session.pairs(
            f"SELECT TABLE_NAME, CONCAT({literal(_FOREIGN)}, CONSTRAINT_NAME) "
            f"FROM information_schema.TABLE_CONSTRAINTS {where} AND CONSTRAINT_TYPE = 'FOREIGN KEY' "
            f"UNION SELECT TABLE_NAME, INDEX_NAME FROM information_schema.STATISTICS {where}"
        ):
            table = TableName(schema, name)
            present[table] = present.get(table, frozenset()) | {key}
    return present
