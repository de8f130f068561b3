"""Checks made before anything changes: what would fail or lose something later is said now.

`check` and its siblings look at the servers and accounts alone, and are a run's first phase. `catalog_findings` looks
at what is to be moved; the planner asks it when it has the catalog, also before anything is changed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from airflow_mydump.engine.consistency.settings import Consistency
from airflow_mydump.engine.preflight import (
    accounts,
    accounts_to_move,
    bodies,
    collation,
    definers,
    foreign_key,
    history,
    letter_case,
    object_state,
    partition,
    primary_key,
    replica,
    sequence,
    servers,
    storage,
    timestamp,
)
from airflow_mydump.engine.preflight.accounts_to_move import coming_accounts as coming_accounts
from airflow_mydump.engine.preflight.candidate import Candidate
from airflow_mydump.engine.preflight.finding import Finding, require_no_blocker
from airflow_mydump.engine.preflight.foreign_key import ForeignKeys
from airflow_mydump.engine.selection.selection import LEDGER_SCHEMA, Selection
from airflow_mydump.engine.server.endpoint import Endpoint
from airflow_mydump.engine.server.session import Session
from airflow_mydump.engine.server.session_state import metadata

ONE_BY_ONE = Consistency(mode="none")


@dataclass(frozen=True)
class Servers:
    """What was found at both ends, in words, and what there is to say about them."""

    source: str
    target: str
    findings: tuple[Finding, ...] = ()


def check(
    source: Endpoint, target: Endpoint, selection: Selection, consistency: Consistency = ONE_BY_ONE,
    ledger: str = LEDGER_SCHEMA,
) -> Servers:  # fmt: skip
    """Check both servers, and both accounts, for a run over a selection with such consistency, recorded in a ledger.
    Changes nothing.

    Raises PreflightError naming all that is in the way, ConnectError, ServerError.
    """
    found = look(source, target, selection, consistency, ledger)
    require_no_blocker(found.findings)
    return found


def look(
    source: Endpoint, target: Endpoint, selection: Selection, consistency: Consistency = ONE_BY_ONE,
    ledger: str = LEDGER_SCHEMA,
) -> Servers:  # fmt: skip
    """As `check`, for callers that want to see the blockers too. Raises ConnectError, ServerError."""
    with Session(source, metadata) as reading, _target_session(target) as writing:
        found = (
            *servers.pair_findings(reading, writing, selection),
            *source_findings(reading, selection, consistency),
            *target_findings(writing, selection, target.binlog, ledger),
        )
        return Servers(str(reading.flavor), str(writing.flavor), found)


def check_source(source: Endpoint, selection: Selection, consistency: Consistency = ONE_BY_ONE) -> str:
    """Check the source alone, for a dump; returns what it is. Changes nothing. Raises as `check` does."""
    with Session(source, metadata) as reading:
        require_no_blocker(source_findings(reading, selection, consistency))
        return str(reading.flavor)


def check_target(target: Endpoint, selection: Selection, ledger: str = LEDGER_SCHEMA) -> None:
    """Check the target alone, for a restore. Changes nothing. Raises as `check` does."""
    require_no_blocker(look_at_target(target, selection, ledger))


def look_at_target(target: Endpoint, selection: Selection, ledger: str = LEDGER_SCHEMA) -> tuple[Finding, ...]:
    """As `check_target`, for callers that want to see the blockers too. Raises ConnectError, ServerError."""
    with _target_session(target) as writing:
        return tuple(target_findings(writing, selection, target.binlog, ledger))


def _target_session(target: Endpoint) -> Session:
    # As everybody's: the privilege to leave the binary log out is one of the things to find out.
    return Session(replace(target, binlog=True), metadata)


def source_findings(session: Session, selection: Selection, consistency: Consistency = ONE_BY_ONE) -> Iterator[Finding]:
    """The source by itself. Raises ServerError."""
    yield from servers.version_findings(session, "source")
    yield from accounts.source_findings(session, selection)
    if consistency.mode == "snapshot":
        yield from accounts.snapshot_findings(session)
    if consistency.mode == "locked":
        yield from accounts.locking_findings(session, selection)
    if consistency.mode in ("snapshot", "locked") and consistency.long_queries == "kill":
        yield from accounts.killing_findings(session)
    if consistency.mode == "replica":
        yield from replica.findings(session)


def target_findings(session: Session, selection: Selection, binlog: bool, ledger: str) -> Iterator[Finding]:
    """The target by itself. Raises ServerError."""
    yield from servers.version_findings(session, "target")
    yield from accounts.target_findings(session, selection, binlog, ledger)
    yield from servers.target_findings(session)


def about_both(source: Session, target: Session, selection: Selection, users: Sequence[str]) -> tuple[Finding, ...]:
    """What there is to say about both servers, and about the accounts that a run is to make. Raises ServerError."""
    return (
        *servers.pair_findings(source, target, selection),
        *accounts_to_move.findings(source, target, users, selection),
    )


def catalog_findings(
    candidate: Candidate, foreign_keys: ForeignKeys, coming_accounts: frozenset[str] = frozenset()
) -> Iterator[Finding]:
    """What the target makes of the tables and objects that are to be moved. Raises ServerError."""
    yield from letter_case.findings(candidate)
    yield from partition.findings(candidate)
    if candidate.selection.content != "data":  # then the tables are the target's own
        yield from collation.findings(candidate)
        yield from storage.findings(candidate)
        yield from primary_key.findings(candidate)
        yield from foreign_key.findings(candidate, foreign_keys)
        yield from sequence.findings(candidate)
        yield from history.findings(candidate)
        yield from timestamp.findings(candidate)
    yield from object_state.findings(candidate)
    yield from definers.findings(candidate, coming_accounts)
    yield from bodies.findings(candidate)
