"""Schema phase: creates, empties or replaces the tables of a bundle, without foreign keys and triggers."""

from __future__ import annotations

from airflow_mydump.engine import ledger
from airflow_mydump.engine.catalog import Schema
from airflow_mydump.engine.ddl import parse_table, schema_statements
from airflow_mydump.engine.endpoint import Endpoint
from airflow_mydump.engine.errors import PreflightError, ServerError
from airflow_mydump.engine.event import Event, EventKind, Listener, ignore
from airflow_mydump.engine.identifier import TableName, literal, quote
from airflow_mydump.engine.phases.plan import OBJECTS, SCHEMAS, plan_path
from airflow_mydump.engine.plan import PlannedObject, PlannedTable, SchemaBundle
from airflow_mydump.engine.retry import retrying
from airflow_mydump.engine.session import Session
from airflow_mydump.engine.session_state import metadata
from airflow_mydump.engine.workdir import WorkDirectory


def schema_phase(target: Endpoint, directory: WorkDirectory, file: str, announce: Listener = ignore) -> int:
    """Bring every table of a bundle into being, empty; returns how many were made now.

    A table that this run has made already is left alone. Raises ServerError naming the table, PreflightError if
    somebody else made it since the plan.
    """
    bundle = directory.read(file, SchemaBundle)
    with Session(target, metadata) as session:
        done = ledger.done_items(session, bundle.identity, "create")
        waiting = [planned for planned in bundle.tables if str(planned.number) not in done]
        if waiting or not bundle.tables:
            _prepare_schemas(session, directory, bundle)
            ledger.supersede(session, bundle.identity, (planned.target for planned in waiting))
        for planned in waiting:
            retrying()(_make, session, bundle, planned)
            announce(Event(EventKind.TABLE_CREATED, planned.target))
        return len(waiting)


def _prepare_schemas(session: Session, directory: WorkDirectory, bundle: SchemaBundle) -> None:
    """Make the databases, and silence the events of an earlier run: they would change data while it is loaded."""
    path = plan_path(bundle.identity)
    for schema in directory.read_lines(f"{path}/{SCHEMAS}", Schema):
        for statement in schema_statements(schema, bundle.selection.target_schema(schema.name)):
            session.execute(statement)
    for item in directory.read_lines(f"{path}/{OBJECTS}", PlannedObject):
        if item.object.kind == "event" and not item.skip:
            session.execute(f"DROP EVENT IF EXISTS {item.target.sql}")


def _make(session: Session, bundle: SchemaBundle, planned: PlannedTable) -> None:
    item = str(planned.number)
    found = ledger.begin(session, bundle.identity, "create", item, planned.target)
    if found == "done":
        return  # by another try of this task, which Airflow took for dead
    try:
        if planned.action == "truncate":
            _empty(session, planned)
        else:
            _create(session, planned, replace=planned.action == "drop" or found == "started")
    except ServerError as error:
        raise error.during(f"cannot {planned.action} {planned.target}") from error
    ledger.finish(session, bundle.identity, "create", item)


def _create(session: Session, planned: PlannedTable, replace: bool) -> None:
    definition = parse_table(planned.table.name, planned.table.definition)
    if replace:
        session.execute(f"DROP TABLE IF EXISTS {planned.target.sql}")
    elif _exists(session, planned.target):
        raise PreflightError(f"{planned.target} was made by somebody else since the run was planned; start it anew")
    # Definitions are written for the database they are in: partitions and functions may name nothing else.
    session.execute(f"USE {quote(planned.target.schema)}")
    session.execute(definition.create_statement(planned.target))


def _empty(session: Session, planned: PlannedTable) -> None:
    _drop_triggers(session, planned.target)
    session.execute(f"TRUNCATE TABLE {planned.target.sql}")
    counter = parse_table(planned.table.name, planned.table.definition).auto_increment
    if counter is not None:
        session.execute(f"ALTER TABLE {planned.target.sql} AUTO_INCREMENT = {counter}")


def _drop_triggers(session: Session, table: TableName) -> None:
    """The source's triggers come back in the post phase; they must not fire while data is loaded."""
    for (trigger,) in session.text_rows(
        f"SELECT TRIGGER_NAME FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = {literal(table.schema)} "
        f"AND EVENT_OBJECT_TABLE = {literal(table.name)}"
    ):
        session.execute(f"DROP TRIGGER IF EXISTS {TableName(table.schema, trigger).sql}")


def _exists(session: Session, table: TableName) -> bool:
    return bool(
        session.rows(
            f"SELECT 1 FROM information_schema.TABLES WHERE TABLE_SCHEMA = {literal(table.schema)} "
            f"AND TABLE_NAME = {literal(table.name)}"
        )
    )
