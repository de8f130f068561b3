"""Schema phase: creates, empties or replaces the tables of a bundle, without triggers.

Tables whose keys need not wait for the data get their foreign keys at once: with foreign_key_checks=0 both servers let
a child refer to a parent that is made later, and enforce the constraint from then on. The keys that others refer to
are never deferred. An ALTER TABLE for each would cost 7 ms on MariaDB.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

from airflow_mydump.engine import ledger
from airflow_mydump.engine.batch import batches
from airflow_mydump.engine.ddl.create_table import parse_table, schema_statements
from airflow_mydump.engine.error_number import ACCESS_DENIED, NO_SUCH_TABLE
from airflow_mydump.engine.errors import PreflightError, ServerError
from airflow_mydump.engine.event import Event, EventKind, Listener, ignore
from airflow_mydump.engine.identifier import TableName, literal, quote
from airflow_mydump.engine.ledger_guard import mark, marking, require_alone, require_marked
from airflow_mydump.engine.metadata.catalog import Schema
from airflow_mydump.engine.metadata.schema_catalog import read_schemas
from airflow_mydump.engine.metadata.sequence import create_statement
from airflow_mydump.engine.phases.objects_turn import objects_of
from airflow_mydump.engine.phases.plan import OBJECTS, SCHEMAS, plan_path
from airflow_mydump.engine.phases.removal import drop_table, truncate_table
from airflow_mydump.engine.plan.plan import PlannedObject, PlannedTable, SchemaBundle
from airflow_mydump.engine.retry import Patience, retrying
from airflow_mydump.engine.selection.selection import Selection
from airflow_mydump.engine.server.endpoint import Endpoint
from airflow_mydump.engine.server.renewed import Renewed, asked
from airflow_mydump.engine.server.session import Session
from airflow_mydump.engine.server.session_state import metadata
from airflow_mydump.engine.server.turn import in_turn
from airflow_mydump.engine.workdir import WorkDirectory

_TABLE_EXISTS = 1050

_NAME_IS_TAKEN = (1005, 1022, 1826)
"""A foreign key of this name exists in the database; MariaDB says 1005, among other things."""

_IN_ONE_TURN = Patience(attempts=3, first_pause_seconds=0.2)
"""Deadlocks between statements that make tables cost no turn."""


def schema_phase(target: Endpoint, directory: WorkDirectory, file: str, announce: Listener = ignore) -> int:
    """Bring every table of a bundle into being, empty; returns how many were made now.

    A table that this run has made already is left alone, and so is everything when the run is complete. Whatever is
    changed, and the looking at the ledger before it, happens in this task's turn: a machine that stood still and goes
    on when others have done its work changes nothing.

    Raises ServerError naming the table, PreflightError if somebody else made it since the plan, IncompleteRunError if a
    later run has taken tables over.
    """
    bundle = directory.read(file, SchemaBundle)
    preparation = _Preparation(target, directory, file, bundle)
    with Renewed(preparation.connect, target.patience) as connection:
        waiting = connection.tried(preparation.make)
    for batch in batches(waiting, lambda planned: 0):
        _Batch(target, bundle, batch, preparation.triggers).make(announce)
    if preparation.complete:
        announce(ledger.nothing_left(bundle.identity))
    else:
        made = {str(planned.number): planned.target for planned in bundle.tables}
        asked(target, metadata, ledger.require_done, bundle.identity, "create", made)
    return len(waiting)


@dataclass
class _Preparation:
    """What is done once for a bundle, before its tables. ``triggers`` are found then, by the tables that have them."""

    target: Endpoint
    directory: WorkDirectory
    file: str
    bundle: SchemaBundle
    complete: bool = False
    waiting: list[PlannedTable] = field(default_factory=list)
    triggers: dict[TableName, list[TableName]] = field(default_factory=dict)

    def connect(self) -> Session:
        schemas = {planned.target.schema for planned in self.bundle.tables}
        # With the objects' turn, so that no event is silenced that the post phase has made meanwhile.
        things = [self.file, *objects_of(self.bundle.selection), *marking(self.bundle.identity, schemas)]
        return in_turn(self.target, things, self._look)

    def _look(self, session: Session) -> None:
        self.complete = ledger.is_complete(session, self.bundle.identity)
        done = ledger.done_items(session, self.bundle.identity, "create")
        tables = () if self.complete else self.bundle.tables
        self.waiting = [planned for planned in tables if str(planned.number) not in done]

    def make(self, session: Session) -> list[PlannedTable]:
        """Make what the tables need; returns those that this run has not made yet."""
        identity = self.bundle.identity
        if self.waiting or not (self.bundle.tables or self.complete):
            require_alone(session, identity.ledger, [each.target for each in self.waiting])
            made = ledger.done_items(session, identity, "object") | ledger.begun_items(session, identity, "object")
            if ledger.is_complete(session, identity):
                # Since a moment ago: what the ledger told meanwhile may be cleared already.
                self.complete, self.waiting = True, []
                return []
            for batch in batches(self.waiting, lambda planned: 0):
                # Before events are silenced: a run that loses tables makes none of them anew.
                ledger.supersede(session, identity, [each.target for each in batch])
            _prepare_schemas(session, self.directory, self.bundle)
            _prepare_objects(session, self.directory, self.bundle, made)
            mark(session, identity, {each.target.schema for each in self.waiting})
            self.triggers = _triggers(session, {each.target for each in self.waiting if each.action == "truncate"})
        return self.waiting


def _allow_keyless(session: Session) -> None:
    """Tables come without a primary key if the source's have none; `preflight.primary_key` asked for the right to."""
    for variable, value in session.pairs(r"SHOW VARIABLES LIKE 'sql\\_%\\_primary\\_key'"):
        if value != "ON":
            continue
        try:
            session.execute(f"SET {variable} = OFF")
        except ServerError as error:
            # MySQL asks for a privilege (8.0.30); without it there is no table here that needs it.
            if error.number != ACCESS_DENIED:
                raise


def _prepare_schemas(session: Session, directory: WorkDirectory, bundle: SchemaBundle) -> None:
    """Make the databases."""
    found = read_schemas(session)
    for schema in directory.read_lines(f"{plan_path(bundle.identity)}/{SCHEMAS}", Schema):
        name = bundle.selection.target_schema(schema.name)
        # On MySQL (9.7) these wait for every transaction in the database, and others for them.
        if found.get(name) != replace(schema, name=name):
            for statement in schema_statements(schema, name):
                session.execute(statement)


def _prepare_objects(session: Session, directory: WorkDirectory, bundle: SchemaBundle, made: Collection[str]) -> None:
    """Make the sequences that defaults of tables refer to, and silence the events of an earlier run: they would change
    data while it is loaded. What the post phase has begun to make is left alone."""
    identity = bundle.identity
    planned = directory.read_lines(f"{plan_path(identity)}/{OBJECTS}", PlannedObject)
    waiting = [item for item in planned if not item.skip and str(item.number) not in made]
    if bundle.selection.content == "data":
        # What the target had comes back, if not in this run then in the next, which does not find it there.
        ledger.note_removed(session, identity, {item.number: item.actor for item in waiting if item.acts})
    for item in waiting:
        if item.object.kind == "event":
            session.execute(f"DROP EVENT IF EXISTS {item.target.sql}")
        if item.object.kind == "sequence":
            session.execute(create_statement(item.object, item.target))


@dataclass
class _Batch:
    """Tables that are made in one turn: the ledger says before that they are begun and afterwards that they are done.

    ``triggers`` are those that tables have and must not have while rows come.
    """

    target: Endpoint
    bundle: SchemaBundle
    tables: Sequence[PlannedTable]
    triggers: Mapping[TableName, Sequence[TableName]]
    found: dict[str, ledger.Found] = field(default_factory=dict)

    def make(self, announce: Listener) -> None:
        """Make the tables, all again after errors that pass: others may have had their turn in between."""
        with Renewed(self._connect, self.target.patience) as connection:
            whole = connection.tried(self._make_all, announce)
        for target in whole:
            announce(Event(EventKind.KEYS_ADDED, target))

    def _connect(self) -> Session:
        return in_turn(self.target, [str(planned.target) for planned in self.tables], self._look)

    def _look(self, session: Session) -> None:
        """Take the tables over, unless another try of this task has made them, which Airflow took for dead."""
        identity, targets = self.bundle.identity, {str(planned.number): planned.target for planned in self.tables}
        self.found = dict.fromkeys(targets, "done")
        if ledger.is_complete(session, identity):
            return
        require_marked(session, identity, targets.values())
        ledger.supersede(session, identity, targets.values())
        self.found = ledger.begin(session, identity, "create", targets)
        if ledger.is_complete(session, identity):  # since a moment ago
            self.found = dict.fromkeys(targets, "done")

    def _make_all(self, session: Session, announce: Listener) -> list[TableName]:
        """Make the tables; returns those that have all their keys."""
        _allow_keyless(session)
        identity = self.bundle.identity
        whole: dict[str, TableName] = {}
        waiting = {number: each for each in self.tables if self.found[number := str(each.number)] != "done"}
        for number, planned in waiting.items():
            if retrying(_IN_ONE_TURN)(self._make_one, session, planned):
                whole[number] = planned.target
            announce(Event(EventKind.TABLE_CREATED, planned.target))
        if waiting:
            ledger.finish(session, identity, "create", waiting)
        if whole:
            # Nothing is left for the index phase.
            ledger.begin(session, identity, "keys", whole)
            ledger.finish(session, identity, "keys", whole)
        return list(whole.values())

    def _make_one(self, session: Session, planned: PlannedTable) -> bool:
        """Make a table; returns whether it has all its keys."""
        # What was begun before may be there, though no answer came.
        replace = planned.action == "drop" or self.found[str(planned.number)] == "started"
        self.found[str(planned.number)] = "started"
        try:
            for trigger in self.triggers.get(planned.target, ()):
                session.execute(f"DROP TRIGGER IF EXISTS {trigger.sql}")
            if planned.action == "truncate":
                empty_table(session, self.bundle.selection, planned)
            if planned.action in ("truncate", "keep"):
                return False
            return self._create(session, planned, replace)
        except ServerError as error:
            if error.number == _TABLE_EXISTS:
                ledger.forget(session, self.bundle.identity, "create", str(planned.number))
                raise _made_by_another(planned.target) from error
            raise error.during(f"cannot {planned.action} {planned.target}") from error

    def _create(self, session: Session, planned: PlannedTable, replace: bool) -> bool:
        if replace:
            if planned.action == "create":
                _require_empty(session, planned.target)
            drop_table(session, planned.target)
        return _create_table(session, self.bundle.selection, planned)


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
        drop_table(session, planned.target)
        _create_table(session, selection, planned)
        return
    counter = parse_table(planned.table.name, planned.table.definition).auto_increment
    truncate_table(session, planned.target, counter)


def _triggers(session: Session, tables: Collection[TableName]) -> dict[TableName, list[TableName]]:
    """The triggers of tables. The source's come back in the post phase; they must not fire while data is loaded."""
    found: dict[TableName, list[TableName]] = {}
    for schema in sorted({table.schema for table in tables}):
        # All of the database: for a list of tables, MariaDB opens every table as well.
        for trigger, table in session.pairs(
            "SELECT TRIGGER_NAME, EVENT_OBJECT_TABLE FROM information_schema.TRIGGERS "
            f"WHERE TRIGGER_SCHEMA = {literal(schema)}"
        ):
            if TableName(schema, table) in tables:
                found.setdefault(TableName(schema, table), []).append(TableName(schema, trigger))
    return found
