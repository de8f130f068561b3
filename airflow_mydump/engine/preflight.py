"""Checks made on both servers before anything changes: what would fail or lose something later is said now."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace

from airflow_mydump.engine.endpoint import Endpoint
from airflow_mydump.engine.errors import PreflightError, ServerError
from airflow_mydump.engine.identifier import literal
from airflow_mydump.engine.privilege import (
    SOURCE_PRIVILEGES,
    TARGET_PRIVILEGES,
    Grant,
    has_on_server,
    missing,
    read_grants,
)
from airflow_mydump.engine.selection import LEDGER_SCHEMA, Selection
from airflow_mydump.engine.session import Session
from airflow_mydump.engine.session_state import NOT_LOGGED, metadata

_ACCESS_DENIED = 1227


@dataclass(frozen=True)
class Servers:
    """What was found at both ends, in words."""

    source: str
    target: str


def check(source: Endpoint, target: Endpoint, selection: Selection) -> Servers:
    """Check both servers, and both accounts, for a run over a selection. Changes nothing.

    Raises PreflightError naming all that is in the way, ConnectError, ServerError.
    """
    with Session(source, metadata) as reading, _target_session(target) as writing:
        blockers = [
            *_identity_blockers(reading, writing, selection),
            *_source_blockers(reading, selection),
            *_target_blockers(writing, selection, target.binlog),
        ]
        _require_none(blockers)
        return Servers(str(reading.flavor), str(writing.flavor))


def check_source(source: Endpoint, selection: Selection) -> str:
    """Check the source alone, for a dump; returns what it is. Changes nothing. Raises as `check` does."""
    with Session(source, metadata) as reading:
        _require_none(_source_blockers(reading, selection))
        return str(reading.flavor)


def check_target(target: Endpoint, selection: Selection, dumped_from: str) -> str:
    """Check the target alone, for a restore; returns what it is. Changes nothing. Raises as `check` does.

    ``dumped_from`` is the vendor and version of the server that a dump came from, empty where nobody knows.
    """
    with _target_session(target) as writing:
        blockers = _target_blockers(writing, selection, target.binlog)
        _require_none(blockers)
        return str(writing.flavor)


def _target_session(target: Endpoint) -> Session:
    # As everybody's: the privilege to leave the binary log out is one of the things to find out.
    return Session(replace(target, binlog=True), metadata)


def _require_none(blockers: list[str]) -> None:
    if blockers:
        raise PreflightError("nothing was changed. " + "; ".join(blockers))


def _identity_blockers(source: Session, target: Session, selection: Selection) -> list[str]:
    onto_itself = [name for name in selection.schemas if selection.target_schema(name) in selection.schemas]
    if not onto_itself or not _are_one_server(source, target):
        return []
    return [
        f"source and target are the same server, and database {onto_itself[0]} would be copied onto a database "
        "that is read: choose another target, or rename it"
    ]


def _are_one_server(source: Session, target: Session) -> bool:
    """Whether a lock taken through one connection is seen through the other, whatever names and ports say."""
    name = literal(f"{LEDGER_SCHEMA}:{secrets.token_hex(16)}")
    source.rows(f"SELECT GET_LOCK({name}, 0)")
    seen = target.value(f"SELECT IS_USED_LOCK({name})")
    source.rows(f"SELECT RELEASE_LOCK({name})")
    return seen is not None


def _source_blockers(session: Session, selection: Selection) -> list[str]:
    grants = read_grants(session)
    blockers = _missing(grants, selection.schemas, SOURCE_PRIVILEGES, f"source account {session.endpoint.user}")
    if selection.takes_routines and not _sees_routines(session, grants):
        blockers.append(
            f"source account {session.endpoint.user} cannot see every routine: "
            f"grant it {'SHOW_ROUTINE' if session.flavor.vendor == 'mysql' else 'SELECT ON mysql.*'}"
        )
    return blockers


def _sees_routines(session: Session, grants: tuple[Grant, ...]) -> bool:
    if has_on_server(grants, "SELECT"):
        return True
    if session.flavor.vendor == "mysql":
        return has_on_server(grants, "SHOW_ROUTINE")
    return not missing(grants, "mysql", ["SELECT"])


def _target_blockers(session: Session, selection: Selection, binlog: bool) -> list[str]:
    grants = read_grants(session)
    account = f"target account {session.endpoint.user}"
    schemas = [selection.target_schema(name) for name in selection.schemas]
    blockers = _missing(grants, schemas, TARGET_PRIVILEGES, account)
    blockers += _missing(grants, [LEDGER_SCHEMA], TARGET_PRIVILEGES[:6], account)
    if session.value("SELECT @@GLOBAL.read_only + 0") != b"0":
        blockers.append("the target has read_only set the wrong way: choose a server that may be written to")
    if not binlog and not _may_leave_out_binlog(session):
        blockers.append(
            f"{account} may not keep its changes out of the binary log: grant it {session.flavor.unlogged_privilege} "
            "on *.*, or let them be logged"
        )
    return blockers


def _may_leave_out_binlog(session: Session) -> bool:
    # Tried, because several privileges allow it and which ones has changed with versions.
    try:
        session.execute(NOT_LOGGED)
    except ServerError as error:
        if error.number == _ACCESS_DENIED:
            return False
        raise
    return True


def _missing(
    grants: tuple[Grant, ...], schemas: list[str] | tuple[str, ...], needed: tuple[str, ...], account: str
) -> list[str]:
    lacking = {schema: missing(grants, schema, needed) for schema in schemas}
    return [f"{account} lacks {', '.join(names)} on {schema}.*" for schema, names in lacking.items() if names]
