"""Schema phase: creates, empties or replaces the tables of a bundle, without triggers.

Tables whose keys need not wait for the data get their foreign keys at once: with foreign_key_checks=0 both servers let
a child refer to a parent that is made later, and enforce the constraint from then on. The keys that others refer to
are never deferred. An ALTER TABLE for each would cost 7 ms on MariaDB.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import partial

from airflow_mydump.engine import ledger
from airflow_mydump.engine.ddl.create_table import parse_table, schema_statements
from airflow_mydump.engine.error_number import NO_SUCH_TABLE
from airflow_mydump.engine.errors import PreflightError, ServerError
from airflow_mydump.engine.event import Event, EventKind, Listener, ignore
from airflow_mydump.engine.identifier import TableName, literal, quote
from airflow_mydump.engine.loading.batch import batches
from airflow_mydump.engine.metadata.catalog import Schema
from airflow_mydump.engine.metadata.sequence import create_statement
from airflow_mydump.engine.phases.plan import OBJECTS, SCHEMAS, plan_path
from airflow_mydump.engine.plan.plan import PlannedObject, PlannedTable, SchemaBundle
from airflow_mydump.engine.selection.selection import Selection
from airflow_mydump.engine.server.endpoint import Endpoint
from airflow_mydump.engine.server.renewed import Renewed
from airflow_mydump.engine.server.session import Session
from airflow_mydump.engine.server.session_state import metadata
from airflow_mydump.engine.workdir import WorkDirectory

_TABLE_EXISTS, _ACCESS_DENIED = 1050, 1227

_NAME_IS_TAKEN = (1005, 1022, 1826)
"""A foreign key of this name exists in the database; MariaDB says 1005, among other things."""


def schema_phase(target: Endpoint, directory: WorkDirectory, file: str, announce: Listener = ignore) -> int:
    """Bring every table of a bundle into being, empty; returns how many were made now.

    A table that this run has made already is left alone. Raises ServerError naming the table, PreflightError if
    somebody else made it since the plan, IncompleteRunError if a later run has taken tables over.
    """
    bundle = directory.read(file, SchemaBundle)
    with Renewed(partial(_connect, target), target.patience) as connection:
        waiting = connection.tried(_prepare, directory, bundle)
        maker = _Maker(connection, bundle)
        for batch in batches(waiting, lambda planned: 0):
            maker.make(batch, announce)
        made = {str(planned.number): planned.target for planned in bundle.tables}
        connection.tried(ledger.require_done, bundle.identity, "create", made)
        return len(waiting)


def _connect(target: Endpoint) -> Session:
    session = Session(target, metadata)
    try:
        _allow_keyless(session)
    except BaseException:
        session.close()
        raise
    return session


def _prepare(session: Session, directory: WorkDirectory, bundle: SchemaBundle) -> list[PlannedTable]:
    """Take over the tables that this run has not made yet, and return them."""
    done = ledger.done_items(session, bundle.identity, "create")
    waiting = [planned for planned in bundle.tables if str(planned.number) not in done]
    if waiting or not bundle.tables:
        _prepare_schemas(session, directory, bundle)
        ledger.supersede(session, bundle.identity, (planned.target for planned in waiting))
        _drop_triggers(session, {planned.target for planned in waiting if planned.action == "truncate"})
    return waiting


def _allow_keyless(session: Session) -> None:
    """Tables come without a primary key if the source's have none; `preflight.primary_key` asked for the right to."""
    for variable, value in session.pairs(r"SHOW VARIABLES LIKE 'sql\\_%\\_primary\\_key'"):
        if value != "ON":
            continue
        try:
            session.execute(f"SET {variable} = OFF")
        except ServerError as error:
            # MySQL asks for a privilege (8.0.30); without it there is no table here that needs it.
            if error.number != _ACCESS_DENIED:
                raise


def _prepare_schemas(session: Session, directory: WorkDirectory, bundle: SchemaBundle) -> None:
    """Make the databases, and the sequences that defaults of tables refer to, and silence the events of an earlier run:
    they would change data while it is loaded."""
    path = plan_path(bundle.identity)
    for schema in directory.read_lines(f"{path}/{SCHEMAS}", Schema):
        for statement in schema_statements(schema, bundle.selection.target_schema(schema.name)):
            session.execute(statement)
    for item in directory.read_lines(f"{path}/{OBJECTS}", PlannedObject):
        if item.object.kind == "event" and not item.skip:
            session.execute(f"DROP EVENT IF EXISTS {item.target.sql}")
        if item.object.kind == "sequence" and not item.skip:
            session.execute(create_statement(item.object, item.target))


class _Maker:
    """Makes tables in batches: the ledger says before a batch that it is begun and after it that it is done."""

    def __init__(self, connection: Renewed[Session], bundle: SchemaBundle) -> None:
        self._connection = connection
        self._identity = bundle.identity
        self._selection = bundle.selection

    def make(self, batch: Sequence[PlannedTable], announce: Listener) -> None:
        targets = {str(planned.number): planned.target for planned in batch}
        found = self._connection.tried(ledger.begin, self._identity, "create", targets)
        # Done: by another try of this task, which Airflow took for dead.
        waiting = [planned for planned in batch if found[str(planned.number)] != "done"]
        begun = {planned.number for planned in waiting if found[str(planned.number)] == "started"}
        whole: dict[str, TableName] = {}
        for planned in waiting:
            if self._connection.tried(self._make_one, planned, begun):
                whole[str(planned.number)] = planned.target
            announce(Event(EventKind.TABLE_CREATED, planned.target))
        self._connection.tried(ledger.finish, self._identity, "create", targets.keys())
        if whole:
            # Nothing is left for the index phase.
            self._connection.tried(ledger.begin, self._identity, "keys", whole)
            self._connection.tried(ledger.finish, self._identity, "keys", whole.keys())
        for target in whole.values():
            announce(Event(EventKind.KEYS_ADDED, target))

    def _make_one(self, session: Session, planned: PlannedTable, begun: set[int]) -> bool:
        """Make a table; returns whether it has all its keys. ``begun`` are the numbers of those that a try may have
        made already, of which no answer came."""
        replace = planned.action == "drop" or planned.number in begun
        begun.add(planned.number)
        try:
            if planned.action == "truncate":
                empty_table(session, self._selection, planned)
            if planned.action in ("truncate", "keep"):
                return False
            return self._create(session, planned, replace)
        except ServerError as error:
            if error.number == _TABLE_EXISTS:
                ledger.forget(session, self._identity, "create", str(planned.number))
                raise _made_by_another(planned.target) from error
            raise error.during(f"cannot {planned.action} {planned.target}") from error

    def _create(self, session: Session, planned: PlannedTable, replace: bool) -> bool:
        if replace:
            if planned.action == "create":
                _require_empty(session, planned.target)
            session.execute(f"DROP TABLE IF EXISTS {planned.target.sql}")
        return _create_table(session, self._selection, planned)


def _create_table(session: Session, selection: Selection, planned: PlannedTable) -> bool:
    """Create a table; returns whether it has all its keys. Raises ServerError."""
    definition = parse_table(planned.table.name, planned.table.definition)
    # Definitions are written for the database they are in: partitions and functions may name nothing else.
    session.execute(f"USE {quote(planned.target.schema)}")
    if not planned.deferred:
        foreign = [key.clause(selection.target(key.references)) for key in definition.foreign_keys]
        try:
            session.execute(definition.create_statement(planned.target, foreign_keys=foreign))
            return True
        except ServerError as error:
            # An old table of this run, not dropped yet, may have a foreign key of this name.
            if not foreign or error.number not in _NAME_IS_TAKEN:
                raise
    session.execute(definition.create_statement(planned.target, planned.deferred))
    return False


def _require_empty(session: Session, table: TableName) -> None:
    """What an earlier try of ours left is empty; anything else appeared since, and is not ours to drop."""
    try:
        rows = session.rows(f"SELECT 1 FROM {table.sql} LIMIT 1")
    except ServerError as error:
        if error.number == NO_SUCH_TABLE:
            return
        raise
    if rows:
        raise _made_by_another(table)


def _made_by_another(table: TableName) -> PreflightError:
    return PreflightError(f"{table} was made by somebody else since the run was planned; start it anew")


def empty_table(session: Session, selection: Selection, planned: PlannedTable) -> None:
    """Empty a table and set its counter to the source's; harmless to do twice. Raises ServerError."""
    if planned.table.history:
        # MariaDB has no TRUNCATE for system-versioned tables (error 4137), and DELETE would leave history.
        session.execute(f"DROP TABLE IF EXISTS {planned.target.sql}")
        _create_table(session, selection, planned)
        return
    session.execute(f"TRUNCATE TABLE {planned.target.sql}")
    counter = parse_table(planned.table.name, planned.table.definition).auto_increment
    if counter is not None:
        session.execute(f"ALTER TABLE {planned.target.sql} AUTO_INCREMENT = {counter}")


def _drop_triggers(session: Session, tables: Collection[TableName]) -> None:
    """The source's triggers come back in the post phase; they must not fire while data is loaded."""
    for schema in sorted({table.schema for table in tables}):
        # All of the database: for a list of tables, MariaDB opens every table as well.
        for trigger, table in session.pairs(
            "SELECT TRIGGER_NAME, EVENT_OBJECT_TABLE FROM information_schema.TRIGGERS "
            f"WHERE TRIGGER_SCHEMA = {literal(schema)}"
        ):
            if TableName(schema, table) in tables:
                session.execute(f"DROP TRIGGER IF EXISTS {TableName(schema, trigger).sql}")
