"""Reads the definitions of views, routines, triggers and events, with the session state they were created in, and of
sequences."""

from __future__ import annotations

from airflow_mydump.engine.errors import PreflightError
from airflow_mydump.engine.identifier import TableName, quote
from airflow_mydump.engine.metadata.catalog import ObjectKind, StoredObject
from airflow_mydump.engine.metadata.definition import readable
from airflow_mydump.engine.metadata.sequence import read_state
from airflow_mydump.engine.server.session import Session


def show_object(session: Session, kind: ObjectKind, name: TableName, table: str = "") -> StoredObject:
    """The object as the server shows it; ``table`` is the table of a trigger.

    A warning 1356 of a view that names what is not there is the session's last. Raises PreflightError if its definition
    may not be read or is no text, ServerError if there is no such object.
    """
    if kind == "view":
        # In its own database a view's text names its tables without a database, so it can be renamed.
        session.execute(f"USE {quote(name.schema)}")
    row = session.text_rows(f"SHOW CREATE {kind.upper()} {name.sql}")[0]
    if kind == "sequence":
        state = read_state(session, name)
        return StoredObject(kind, name, readable(name, row[1]), "", "utf8mb4", "utf8mb4_general_ci", state=state)
    sql_mode = time_zone = database_collation = ""
    if kind == "view":
        _, definition, charset, collation = row
    elif kind == "event":
        _, sql_mode, time_zone, definition, charset, collation, database_collation = row
    else:
        _, sql_mode, definition, charset, collation, database_collation = row[:6]
    if not definition:
        raise PreflightError(
            f"the account {session.endpoint.user} on {session.endpoint} may not read the definition of {kind} {name}"
        )
    return StoredObject(
        kind, name, readable(name, definition), sql_mode, charset, collation, database_collation, table, time_zone
    )
