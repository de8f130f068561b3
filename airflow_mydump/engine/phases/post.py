"""Post phase: creates sequences, routines, views, triggers and events, after the data was verified.

Nothing that runs by itself is on the target before its data is proven: a trigger or an event could change it.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace

from pymysql.charset import charset_by_name

from airflow_mydump.engine import ledger
from airflow_mydump.engine.ddl.event_state import disabled, enabling, is_enabled
from airflow_mydump.engine.errors import IncompleteRunError, PreflightError, ServerError
from airflow_mydump.engine.event import Event, EventKind, Listener, ignore
from airflow_mydump.engine.identifier import TableName, literal, quote
from airflow_mydump.engine.metadata.catalog import ObjectKind, Schema, StoredObject
from airflow_mydump.engine.metadata.object_catalog import show_object
from airflow_mydump.engine.metadata.sequence import state_statement
from airflow_mydump.engine.phases.accounts import create_accounts, finish_accounts, new_accounts
from airflow_mydump.engine.phases.definition_change import DEFINITIONS, Definitions, require_unchanged
from airflow_mydump.engine.phases.lent_default import LentDefaults
from airflow_mydump.engine.phases.noted_tables import require_cut_tables
from airflow_mydump.engine.phases.objects_turn import objects_of
from airflow_mydump.engine.phases.plan import OBJECTS, PLAN, SCHEMAS, plan_path
from airflow_mydump.engine.plan.plan import Plan, PlannedObject
from airflow_mydump.engine.plan_identity import PlanIdentity
from airflow_mydump.engine.selection.selection import Selection
from airflow_mydump.engine.server.endpoint import Endpoint
from airflow_mydump.engine.server.session import Session
from airflow_mydump.engine.server.session_state import metadata
from airflow_mydump.engine.server.turn import in_turn, limit_silence
from airflow_mydump.engine.workdir import WorkDirectory

_ORDER: tuple[ObjectKind, ...] = ("sequence", "function", "procedure", "view", "trigger", "event")
"""Views may call functions; routines look up what they use only when they run; events come last, and run only when all
else is there."""


def post_phase(
    target: Endpoint, directory: WorkDirectory, identity: PlanIdentity, announce: Listener = ignore,
    source: Endpoint | None = None,
) -> int:  # fmt: skip
    """Create the accounts that are wanted, and every planned object under the session state it was written in; returns
    how many objects were created now.

    Does nothing when the run is complete. Whatever is changed, and the looking at the ledger before it, happens in this
    task's turn, in which no other run touches objects of these databases; the ledger is asked before each object
    whether the run still stands. The definitions on ``source`` must be those that the run was planned with, unless it
    has rows of one moment. Sequences go as far as those of ``source`` are now, behind every row that was read there;
    without it as far as the plan says.

    Raises ServerError naming the object, IncompleteRunError if a later run has taken tables over or definitions
    changed.
    """
    path = plan_path(identity)
    plan = directory.read(f"{path}/{PLAN}", Plan)
    planned = directory.read_lines(f"{path}/{OBJECTS}", PlannedObject)
    schemas = directory.read_lines(f"{path}/{SCHEMAS}", Schema)
    source = source and source.on(plan.source_identity)
    with Session(target, metadata) as session:
        settled = ledger.is_complete(session, identity) or ledger.current_moment(session, identity)
    if source and not settled:
        # Before anything comes to life that was made for tables as they were. Who settled a moment has looked then.
        require_unchanged(source, directory.read(f"{path}/{DEFINITIONS}", Definitions))
        require_cut_tables(source, directory.child(path))
    with in_turn(target, objects_of(plan.selection)) as session:
        if ledger.is_complete(session, identity):
            announce(ledger.nothing_left(identity))
            return 0
        ledger.require_tables(session, identity, plan.tables)
        if source:
            with Session(source, metadata):
                pass  # it is the planned one
        accounts = new_accounts(source, session, identity, plan.users, plan.selection) if source and plan.users else ()
        create_accounts(session, identity, accounts)
        waiting = _as_far_as(source, _waiting(session, identity, planned))
        defaults = LentDefaults(session, identity, _own_defaults(plan.selection, schemas))
        with defaults.given_back():
            for kind in _ORDER:
                of_kind = [item for item in waiting if item.object.kind == kind]
                _create_in_rounds(session, identity, of_kind, defaults, announce)
            ledger.require_under_way(session, identity)
            finish_accounts(session, identity, accounts)
            _enable_events(session, identity, [item for item in waiting if is_enabled(item.object)], defaults)
            ledger.require_under_way(session, identity)
        if back := [item.actor for item in planned if item.acts and not item.skip]:
            ledger.forget_removed(session, identity, back)
        made = {str(item.number): item.target for item in planned if not item.skip}
        ledger.require_done(session, identity, "object", made)
    return len(waiting)


def _own_defaults(selection: Selection, schemas: Iterable[Schema]) -> dict[str, Schema]:
    names = ((selection.target_schema(schema.name), schema) for schema in schemas)
    return {name: replace(schema, name=name) for name, schema in names}


def _create_in_rounds(
    session: Session, identity: PlanIdentity, waiting: list[PlannedObject], defaults: LentDefaults, announce: Listener
) -> None:
    """Views read each other in any order: one that cannot be created yet waits until others were."""
    while waiting:
        failed: list[tuple[PlannedObject, ServerError]] = []
        for item in waiting:
            try:
                _create(session, identity, item, defaults)
            except ServerError as error:
                failed.append((item, error))
            else:
                announce(Event(EventKind.OBJECT_CREATED, item.target))
        if len(failed) == len(waiting):
            raise failed[0][1]
        waiting = [item for item, _ in failed]


def _as_far_as(source: Endpoint | None, waiting: list[PlannedObject]) -> list[PlannedObject]:
    if source is None or not any(item.object.kind == "sequence" for item in waiting):
        return waiting
    with Session(source, metadata) as session:
        return [
            replace(item, object=show_object(session, "sequence", item.object.name))
            if item.object.kind == "sequence"
            else item
            for item in waiting
        ]


def _waiting(session: Session, identity: PlanIdentity, planned: list[PlannedObject]) -> list[PlannedObject]:
    done = ledger.done_items(session, identity, "object")
    waiting = [item for item in planned if not item.skip and str(item.number) not in done]
    ledger.supersede(session, identity, (item.target for item in waiting))
    return waiting


def _create(session: Session, identity: PlanIdentity, item: PlannedObject, defaults: LentDefaults) -> None:
    number = str(item.number)
    ledger.require_under_way(session, identity)
    ledger.begin(session, identity, "object", {number: item.target})
    if item.object.kind == "trigger":
        # It would fire while a later run loads the table.
        ledger.require_owned(session, identity, [TableName(item.target.schema, item.object.table)])
    try:
        session.execute(f"DROP {item.object.kind.upper()} IF EXISTS {item.target.sql}")
        made = disabled(item.object) if is_enabled(item.object) else item.object
        _execute_as_written(session, item, made.definition, defaults)
        if item.object.state:
            session.execute(state_statement(item.target, item.object.state))
    except ServerError as error:
        raise error.during(f"cannot create {item.object.kind} {item.target}") from error
    _require_event(session, item)
    if not is_enabled(item.object):
        ledger.finish(session, identity, "object", [number])


def _enable_events(
    session: Session, identity: PlanIdentity, events: list[PlannedObject], defaults: LentDefaults
) -> None:
    for item in events:
        ledger.require_under_way(session, identity)
        try:
            _execute_as_written(session, item, enabling(item.object, item.target), defaults)
        except ServerError as error:
            raise error.during(f"cannot enable event {item.target}") from error
        _require_event(session, item)
        ledger.finish(session, identity, "object", [str(item.number)])


def _execute_as_written(session: Session, item: PlannedObject, statement: str, defaults: LentDefaults) -> None:
    """Run a statement in the state that the object keeps from the session and the database that it was made in."""
    try:
        session.execute(f"USE {quote(item.target.schema)}")
        if item.object.database_collation:
            # Taken from the database at this moment; it gets its own default back at the end of the phase.
            defaults.lend(item.target.schema, item.object.database_collation)
        for setting in _session_state(item.object):
            session.execute(setting)
        session.execute(statement, encoding=_python_encoding(item.object))
        _pin_state(session)
    except ServerError:
        with suppress(ServerError):
            _pin_state(session)
        raise


def _pin_state(session: Session) -> None:
    for statement in metadata(session.flavor):
        session.execute(statement)
    limit_silence(session)  # which the state has set to that of a session without a turn


def _session_state(stored: StoredObject) -> list[str]:
    """The state that the object keeps from the session that creates it."""
    settings = [
        f"character_set_client = {stored.charset}",
        f"collation_connection = {stored.collation}",
    ]
    if stored.kind != "view":
        settings.append(f"sql_mode = {literal(stored.sql_mode)}")
    if stored.kind == "event":
        settings.append(f"time_zone = {literal(stored.time_zone)}")
    return [f"SET {setting}" for setting in settings]


def _python_encoding(stored: StoredObject) -> str:
    """How to send the text so that a server that takes it for ``stored.charset`` reads what it showed us."""
    encoding = str(charset_by_name(stored.charset).encoding)
    try:
        stored.definition.encode(encoding)
    except UnicodeEncodeError:
        raise PreflightError(
            f"the text of {stored} has characters outside its character set {stored.charset}; "
            "create it anew on the source"
        ) from None
    return encoding


def _require_event(session: Session, item: PlannedObject) -> None:
    # An event whose time has passed and that is not to be preserved is dropped at once, with a note only (1588).
    if item.object.kind == "event" and not session.rows(
        f"SELECT 1 FROM information_schema.EVENTS WHERE EVENT_SCHEMA = {literal(item.target.schema)} "
        f"AND EVENT_NAME = {literal(item.target.name)}"
    ):
        raise IncompleteRunError(f"event {item.target} lies in the past and was dropped by the target; exclude it")
