"""Index phase: adds to the loaded tables what had to wait for the data: secondary and foreign keys of large ones."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from airflow_mydump.engine import ledger
from airflow_mydump.engine.batch import batches
from airflow_mydump.engine.ddl.create_table import Key, TableDefinition, parse_table
from airflow_mydump.engine.error_number import NO_SUCH_TABLE
from airflow_mydump.engine.errors import ServerError
from airflow_mydump.engine.event import Event, EventKind, Listener, ignore
from airflow_mydump.engine.identifier import TableName, literal
from airflow_mydump.engine.plan.plan import PlannedTable, SchemaBundle
from airflow_mydump.engine.selection.selection import Selection
from airflow_mydump.engine.server.endpoint import Endpoint
from airflow_mydump.engine.server.renewed import Renewed, asked
from airflow_mydump.engine.server.session import Session
from airflow_mydump.engine.server.session_state import metadata
from airflow_mydump.engine.server.turn import in_turn
from airflow_mydump.engine.workdir import WorkDirectory

_FOREIGN = "foreign key "
_KEY_IS_THERE = (1005, 1022, 1061, 1826)
"""A key or foreign key of this name exists; MariaDB says 1005 for foreign keys, among other things."""


def index_phase(target: Endpoint, directory: WorkDirectory, file: str, announce: Listener = ignore) -> int:
    """Add the deferred keys and the foreign keys of a bundle's tables; returns how many were added now.

    Foreign keys are added with foreign_key_checks=0: the rows are the source's, orphans that it tolerates included,
    and verification proves them; MySQL would otherwise copy each table to check it. Raises ServerError naming the
    table, IncompleteRunError if a later run has taken it over.
    """
    bundle = directory.read(file, SchemaBundle)
    if asked(target, metadata, ledger.is_complete, bundle.identity):
        announce(ledger.nothing_left(bundle.identity))
        return 0
    done = asked(target, metadata, ledger.done_items, bundle.identity, "keys")
    waiting = [planned for planned in bundle.tables if str(planned.number) not in done]
    present = _PresentKeys()
    added = sum(_Batch(target, bundle, batch, present).add(announce) for batch in batches(waiting, lambda planned: 0))
    keyed = {str(planned.number): planned.target for planned in bundle.tables}
    asked(target, metadata, ledger.require_done, bundle.identity, "keys", keyed)
    return added


@dataclass
class _Batch:
    """Tables that get their keys in one turn: a machine that stood still and goes on when a later run has made them
    adds nothing to them. ``complete`` is what the ledger says of the whole run then."""

    target: Endpoint
    bundle: SchemaBundle
    tables: Sequence[PlannedTable]
    present: _PresentKeys
    complete: bool = False

    def add(self, announce: Listener) -> int:
        """Add what is missing; returns how many keys that were."""
        added = 0
        with Renewed(self._connect, self.target.patience) as connection:
            for planned in self.tables:
                if self.bundle.selection.content != "data":
                    added += connection.tried(self._add_missing, planned)
                announce(Event(EventKind.KEYS_ADDED, planned.target))
            connection.tried(self._finish)
        return added

    @property
    def _targets(self) -> dict[str, TableName]:
        return {str(planned.number): planned.target for planned in self.tables}

    def _connect(self) -> Session:
        return in_turn(self.target, [str(planned.target) for planned in self.tables], self._look)

    def _look(self, session: Session) -> None:
        self.complete = ledger.is_complete(session, self.bundle.identity)  # by another try of this task
        if not self.complete:
            ledger.require_owned(session, self.bundle.identity, self._targets.values())
            ledger.begin(session, self.bundle.identity, "keys", self._targets)

    def _add_missing(self, session: Session, planned: PlannedTable) -> int:
        return 0 if self.complete else _add_missing_keys(session, self.bundle.selection, planned, self.present)

    def _finish(self, session: Session) -> None:
        if not self.complete:
            ledger.finish(session, self.bundle.identity, "keys", self._targets.keys())


def _add_missing_keys(session: Session, selection: Selection, planned: PlannedTable, present: _PresentKeys) -> int:
    # A new table has none of them, unless an earlier try of this task got so far; and another may have added some since
    # they were read. The server says so.
    kept = planned.action in ("truncate", "keep")
    there = present.when_read(session, planned.target) if kept else frozenset[str]()
    try:
        return _add_keys(session, selection, planned, there)
    except ServerError as error:
        if error.number not in _KEY_IS_THERE:
            raise
    return _add_keys(session, selection, planned, present.of(session, planned.target))


def _add_keys(session: Session, selection: Selection, planned: PlannedTable, there: frozenset[str]) -> int:
    definition = parse_table(planned.table.name, planned.table.definition)
    late = [key for key in definition.keys if key.name in planned.deferred]
    added = 0
    for clauses in _alterations(selection, definition, late, there):
        _alter(session, planned.target, clauses)
        added += len(clauses)
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
        said = error.during(f"cannot add keys to {table}")
        # The run has made it: a server that has no such table has not seen it yet, as nodes of a cluster do.
        raise (said.passing() if said.number == NO_SUCH_TABLE else said) from error


class _PresentKeys:
    """The names of the keys, and of the foreign keys behind a mark, that tables have already.

    Read for a whole database at a time, and only if asked: for a list of tables MariaDB opens every table as well.
    Keys of tables that the run owns do not go away, but may be added since: by another try of this task, or by this
    one, whose session was lost with the answer.
    """

    def __init__(self) -> None:
        self._by_schema: dict[str, dict[str, set[str]]] = {}
        self._read_in: dict[str, Session] = {}

    def of(self, session: Session, table: TableName) -> frozenset[str]:
        """As read in this session, and so in its turn with the table. Raises ServerError."""
        if self._read_in.get(table.schema) is not session:
            self._by_schema[table.schema] = self._read(session, literal(table.schema))
            self._read_in[table.schema] = session
        return frozenset(self._by_schema[table.schema].get(table.name, ()))

    def when_read(self, session: Session, table: TableName) -> frozenset[str]:
        """As read in any session of this task, once for all of them. Raises ServerError."""
        return self.of(self._read_in.get(table.schema, session), table)

    @staticmethod
    def _read(session: Session, schema: str) -> dict[str, set[str]]:
        keys: dict[str, set[str]] = {}
        for name, key in session.pairs(
            f"SELECT TABLE_NAME, CONCAT({literal(_FOREIGN)}, CONSTRAINT_NAME) "
            "FROM information_schema.TABLE_CONSTRAINTS "
            f"WHERE TABLE_SCHEMA = {schema} AND CONSTRAINT_TYPE = 'FOREIGN KEY' "
            f"UNION SELECT TABLE_NAME, INDEX_NAME FROM information_schema.STATISTICS WHERE TABLE_SCHEMA = {schema}"
        ):
            keys.setdefault(name, set()).add(key)
        return keys
