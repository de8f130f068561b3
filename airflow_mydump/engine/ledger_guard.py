"""Keeps runs apart that record in different ledgers of one server.

Two runs over the same tables are told apart by the ledger that they share. Where they share none, nothing may depend on
what the account of the one may see of the other's ledger; what both see is the database that they fill. So a run with a
ledger of its own choosing marks that database, for as long as it is not complete, by an empty table that names the
ledger; a run with another ledger finds the mark and is refused. Runs with the usual ledger leave no mark: whoever
chooses another must be able to read the usual one, and is refused when an unfinished run has its tables there.

Both look after they have left their own trace, and in their turn with the tables: so one of two sees the other.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable

from airflow_mydump.engine import ledger
from airflow_mydump.engine.error_number import NO_SUCH_DATABASE, NO_SUCH_TABLE
from airflow_mydump.engine.errors import ConfigurationError, PreflightError, ServerError
from airflow_mydump.engine.identifier import TableName, literal
from airflow_mydump.engine.plan_identity import PlanIdentity
from airflow_mydump.engine.selection.selection import LEDGER_SCHEMA, MARKER, SYSTEM_SCHEMAS
from airflow_mydump.engine.server.endpoint import Endpoint
from airflow_mydump.engine.server.session import Session
from airflow_mydump.engine.server.turn import in_turn


def require_ledger(name: str) -> None:
    """Raise ConfigurationError unless a database of this name may hold a ledger."""
    # In lower case, because some servers keep names so, and others tell Ops and ops apart.
    if not re.fullmatch(r"[0-9a-z_$-]{1,64}", name) or (name in SYSTEM_SCHEMAS and name != LEDGER_SCHEMA):
        raise ConfigurationError(
            f"ledger names a database of its own, in lower-case letters, digits, _, $ and -, and is {name!r}"
        )


def require_alone(session: Session, own: str, tables: Collection[TableName]) -> None:
    """Raise PreflightError if a run that records in another ledger than ``own`` works on these tables; ServerError."""
    schemas = {table.schema for table in tables}
    if own in schemas:
        raise PreflightError(f"the run would fill {own}, the database of its own ledger; choose another ledger")
    for schema, other in _marks(session, schemas).items():
        if other != own:
            raise _elsewhere(f"database {schema}", "a run", own, other, f"DROP TABLE {TableName(schema, MARKER).sql}")
    if own != LEDGER_SCHEMA:
        for table, run_key in _claims(session, tables):
            raise _elsewhere(str(table), f"run {run_key}", own, LEDGER_SCHEMA, "delete its rows there")


def _elsewhere(what: str, run: str, own: str, other: str, cure: str) -> PreflightError:
    return PreflightError(
        f"{what} is being filled by {run} that records in the ledger {other}, and this one records in {own}: two "
        f"ledgers cannot keep two runs over the same tables apart. Wait for its end, or record in {other}; if nobody "
        f"will end it, {cure}"
    )


def marking(identity: PlanIdentity, schemas: Iterable[str]) -> list[str]:
    """What to have a turn with to mark databases, or to take the marks away."""
    return [] if identity.ledger == LEDGER_SCHEMA else [f"the mark of {schema}" for schema in schemas]


def mark(session: Session, identity: PlanIdentity, schemas: Iterable[str]) -> None:
    """Mark databases as filled by a run with this ledger, unless it is the usual one.

    In turn with `marking`. Raises ServerError.
    """
    if identity.ledger == LEDGER_SCHEMA:
        return
    marked = sorted(schemas)
    # It is there before the mark: who takes that away looks for it.
    items = {ledger.item_of_database(schema): TableName(schema, "") for schema in marked}
    if items:
        ledger.begin(session, identity, "mark", items)
    for schema in marked:
        session.execute(
            f"CREATE TABLE IF NOT EXISTS {TableName(schema, MARKER).sql} (nothing INT PRIMARY KEY) "
            f"COMMENT = {literal(identity.ledger)}"
        )


def require_marked(session: Session, identity: PlanIdentity, tables: Collection[TableName]) -> None:
    """As `require_alone`, when the databases are marked. In turn with the tables."""
    require_alone(session, identity.ledger, tables)
    schemas = {table.schema for table in tables}
    if identity.ledger != LEDGER_SCHEMA and (missing := sorted(schemas - _marks(session, schemas).keys())):
        raise PreflightError(
            f"the table {TableName(missing[0], MARKER)}, by which run {identity.run_key} keeps others away, is gone; "
            "start the run anew"
        )


def unmark(target: Endpoint, identity: PlanIdentity, schemas: Collection[str]) -> None:
    """Take the marks of a complete run away, unless another run with its ledger has marked the database, too.

    Raises ConnectError, ServerError.
    """
    if identity.ledger == LEDGER_SCHEMA:
        return
    with in_turn(target, marking(identity, schemas)) as session:
        others = ledger.marked_by_others(session, identity)
        for schema, name in _marks(session, schemas).items():
            if name == identity.ledger and schema not in others:
                session.execute(f"DROP TABLE IF EXISTS {TableName(schema, MARKER).sql}")


def _marks(session: Session, schemas: Collection[str]) -> dict[str, str]:
    """The ledgers that databases are marked with."""
    found: dict[str, str] = {}
    for schema in sorted(schemas):
        # One by one: only so MariaDB opens no other table.
        rows = session.pairs(
            "SELECT TABLE_SCHEMA, TABLE_COMMENT FROM information_schema.TABLES "
            f"WHERE TABLE_SCHEMA = {literal(schema)} AND TABLE_NAME = {literal(MARKER)}"
        )
        found.update((name, comment) for name, comment in rows if name == schema)
    return found


def _claims(session: Session, tables: Collection[TableName]) -> list[tuple[TableName, str]]:
    """Tables that an unfinished run has in the usual ledger, and its key."""
    try:
        return ledger.unfinished_claims(session, LEDGER_SCHEMA, tables)
    except ServerError as error:
        if error.number in (NO_SUCH_TABLE, NO_SUCH_DATABASE):
            return []
        raise error.during(
            f"cannot see whether a run that records in {LEDGER_SCHEMA} fills the same tables (grant SELECT on it)"
        ) from error
