"""Checks of the two servers as such: versions, identity, and whether the target takes data."""

from __future__ import annotations

import secrets
from collections.abc import Iterator

from airflow_mydump.engine.identifier import literal
from airflow_mydump.engine.preflight.candidate import read_variables
from airflow_mydump.engine.preflight.finding import Finding, blocker, warning
from airflow_mydump.engine.selection.selection import LEDGER_SCHEMA, Selection
from airflow_mydump.engine.server.session import Session


def version_findings(session: Session, side: str) -> Iterator[Finding]:
    """Whether the server is one that this package knows."""
    oldest = session.flavor.oldest_supported
    if session.flavor.version < oldest.version:
        yield blocker(f"the {side}", f"is {session.flavor}, older than {oldest}", "move from or to a newer server")


def pair_findings(source: Session, target: Session, selection: Selection) -> Iterator[Finding]:
    """What may be wrong with these two servers together. Raises ServerError."""
    yield from _versions(source, target)
    yield from _identity(source, target, selection)
    before, after = read_variables(source), read_variables(target)
    if int(after["max_allowed_packet"]) < int(before["max_allowed_packet"]):
        yield warning(
            "the target's max_allowed_packet",
            f"is {after['max_allowed_packet']} and the source's {before['max_allowed_packet']}: a value that is larger "
            "than the target's is refused there where rows go as INSERT, and is NULL to some of its functions",
            f"SET GLOBAL max_allowed_packet = {before['max_allowed_packet']} on the target",
        )
    if int(after["innodb_page_size"]) < int(before["innodb_page_size"]):
        yield warning(
            "the target's innodb_page_size",
            f"is {after['innodb_page_size']} and the source's {before['innodb_page_size']}: tables with long rows or "
            "keys may be refused there",
            "choose a target with the source's page size",
        )


def _versions(source: Session, target: Session) -> Iterator[Finding]:
    if target.flavor.vendor == source.flavor.vendor and target.flavor.version[:2] < source.flavor.version[:2]:
        yield warning(
            f"the target, {target.flavor},",
            f"is older than the source, {source.flavor}: it may not know all that definitions say",
            "choose a target that is not older",
        )


def _identity(source: Session, target: Session, selection: Selection) -> Iterator[Finding]:
    onto_itself = [name for name in selection.schemas if selection.target_schema(name) in selection.schemas]
    if onto_itself and _are_one_server(source, target):
        yield blocker(
            "source and target",
            f"are the same server, and database {onto_itself[0]} would be copied onto a database that is read",
            "choose another target, or rename it",
        )


def _are_one_server(source: Session, target: Session) -> bool:
    """Whether a lock taken through one connection is seen through the other, whatever names and ports say."""
    name = literal(f"{LEDGER_SCHEMA}:{secrets.token_hex(16)}")
    source.rows(f"SELECT GET_LOCK({name}, 0)")
    seen = target.value(f"SELECT IS_USED_LOCK({name})")
    source.rows(f"SELECT RELEASE_LOCK({name})")
    return seen is not None


def target_findings(session: Session) -> Iterator[Finding]:
    """Whether the target takes data. Raises ServerError."""
    variables = read_variables(session)
    if variables["local_infile"] == "OFF":
        yield warning(
            "the target",
            "takes no LOAD DATA LOCAL (local_infile=OFF): rows go there as INSERT statements, which is slower",
            "SET GLOBAL local_infile = 1",
        )
    # MySQL's super_read_only sets read_only too.
    if variables["read_only"] not in ("OFF", "0"):
        yield blocker("the target", "has read_only set", "choose a server that may be written to")
