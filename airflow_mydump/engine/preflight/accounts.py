"""Checks of the two accounts: every privilege that a run needs, by name."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from airflow_mydump.engine.error_number import ACCESS_DENIED
from airflow_mydump.engine.errors import ServerError
from airflow_mydump.engine.preflight.finding import Finding, blocker, warning
from airflow_mydump.engine.selection.selection import LEDGER_SCHEMA, Selection
from airflow_mydump.engine.server.privilege import (
    LEDGER_PRIVILEGES,
    SEES_ROUTINES,
    SOURCE_PRIVILEGES,
    TARGET_PRIVILEGES,
    Grant,
    has_on_server,
    missing,
    read_grants,
    sees_routines,
)
from airflow_mydump.engine.server.session import Session
from airflow_mydump.engine.server.session_state import NOT_LOGGED


def source_findings(session: Session, selection: Selection) -> Iterator[Finding]:
    """What the source's account may not read. Raises ServerError."""
    grants = read_grants(session)
    account = f"source account {session.endpoint.user}"
    yield from _lacking(grants, selection.schemas, SOURCE_PRIVILEGES, account)
    if selection.takes_routines and not sees_routines(session, grants):
        yield blocker(account, "cannot see every routine", f"GRANT {SEES_ROUTINES[session.flavor.vendor]} to it")


def snapshot_findings(session: Session) -> Iterator[Finding]:
    """Whether the source's account may take the lock that a snapshot begins with, and see that tables keep their names.

    Raises ServerError.
    """
    grants = read_grants(session)
    # FLUSH_TABLES is a part of RELOAD that MySQL 8.0.23 split off.
    if not (has_on_server(grants, "RELOAD") or has_on_server(grants, "FLUSH_TABLES")):
        yield blocker(
            f"source account {session.endpoint.user}",
            "may not take the global lock that a snapshot begins with",
            "GRANT RELOAD ON *.* to it, or choose consistency none",
        )
    if not has_on_server(grants, "PROCESS"):
        yield warning(
            f"source account {session.endpoint.user}",
            "may not see which tables names stand for: a table that takes another's name while rows are read is told "
            "by the second in which it was made, and an exchanged partition is not noticed",
            "GRANT PROCESS ON *.* to it",
        )


def locking_findings(session: Session, selection: Selection) -> Iterator[Finding]:
    """Whether the source's account may keep the tables read-locked. Raises ServerError."""
    grants = read_grants(session)
    account = f"source account {session.endpoint.user}"
    if not (has_on_server(grants, "RELOAD") or has_on_server(grants, "FLUSH_TABLES")):
        yield blocker(
            account,
            "may not flush the tables that it is to lock",
            "GRANT RELOAD ON *.* to it, or choose another mode of consistency",
        )
    yield from _lacking(grants, selection.schemas, ("LOCK TABLES",), account)


def killing_findings(session: Session) -> Iterator[Finding]:
    """Whether the source's account may kill the long queries of others. Raises ServerError."""
    grants = read_grants(session)
    for names, what in (
        (session.flavor.kill_privileges, "may not kill long queries"),
        (("PROCESS",), "may not see the long queries that it is to kill"),
    ):
        if not any(has_on_server(grants, name) for name in names):
            yield blocker(
                f"source account {session.endpoint.user}",
                what,
                f"GRANT {names[0]} ON *.* to it, or choose another treatment of long queries",
            )


def target_findings(session: Session, selection: Selection, binlog: bool, ledger: str) -> Iterator[Finding]:
    """What the target's account may not do; without ``binlog`` it must be able to leave out the binary log.

    The session then does so. Raises ServerError.
    """
    grants = read_grants(session)
    account = f"target account {session.endpoint.user}"
    schemas = [selection.target_schema(name) for name in selection.schemas]
    yield from _lacking(grants, schemas, TARGET_PRIVILEGES, account)
    yield from _lacking(grants, [ledger], LEDGER_PRIVILEGES, account)
    if ledger != LEDGER_SCHEMA:
        # Whether it is there or not: see `ledger_guard`.
        yield from _lacking(grants, [LEDGER_SCHEMA], ("SELECT",), account)
    if not binlog and not _may_leave_out_binlog(session):
        yield blocker(
            account,
            "may not keep its changes out of the binary log",
            f"grant it {session.flavor.unlogged_privilege} on *.*, or let them be logged",
        )


def _may_leave_out_binlog(session: Session) -> bool:
    # Tried, because several privileges allow it and which ones has changed with versions.
    try:
        session.execute(NOT_LOGGED)
    except ServerError as error:
        if error.number == ACCESS_DENIED:
            return False
        raise
    return True


def _lacking(
    grants: tuple[Grant, ...], schemas: Sequence[str], needed: tuple[str, ...], account: str
) -> Iterator[Finding]:
    for schema in schemas:
        if names := missing(grants, schema, needed):
            lacking = ", ".join(names)
            yield blocker(account, f"lacks {lacking} on {schema}.*", f"GRANT {lacking} ON `{schema}`.* to it")
