"""Whether the target knows the definers of views, routines, triggers and events, and lets its account name them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from airflow_mydump.engine.ddl.definer import MAY_NAME_ANOTHER, current_account, definer_of
from airflow_mydump.engine.errors import ServerError
from airflow_mydump.engine.preflight.candidate import Candidate
from airflow_mydump.engine.preflight.finding import Finding, blocker, listed, warning
from airflow_mydump.engine.server.privilege import SEES_ROUTINES, has_on_server, read_grants, sees_routines
from airflow_mydump.engine.server.session import Session

_STRIP = 'strip or map definers (definers="strip")'


def findings(candidate: Candidate, coming: frozenset[str] = frozenset()) -> Iterator[Finding]:
    """Blockers for definers that are missing or may not be named, and for functions that may not be created.

    ``coming`` are accounts that the run itself creates before. Raises ServerError.
    """
    users = defaultdict(list)
    for stored in candidate.catalog.objects:
        users[definer_of(stored)].append(stored)
    users.pop("", None)
    session = candidate.target
    account = current_account(session)
    grants = read_grants(session)
    privileges = MAY_NAME_ANOTHER[session.flavor.vendor]
    others = {definer: objects for definer, objects in users.items() if definer != account}
    if not any(has_on_server(grants, name) for name in privileges):
        for definer, objects in others.items():
            yield blocker(
                listed(objects),
                f"has the definer {definer}, and the target account {account} may not create objects for others",
                f"GRANT {privileges[0]} ON *.* to it, or {_STRIP}",
            )
    elif missing := _missing(session, others.keys() - coming):
        for definer in missing:
            yield blocker(
                f"definer {definer}",
                f"of {listed(others[definer])} is no account of the target",
                f"create it there, or {_STRIP}",
            )
    elif missing is None and others:
        yield warning(
            f"definers {listed(sorted(others))}",
            "may be missing on the target: its account may not read mysql.user",
            "GRANT SELECT ON mysql.user to it",
        )
    routines = [stored for objects in others.values() for stored in objects if stored.kind in ("function", "procedure")]
    if routines and not sees_routines(session, grants):
        yield blocker(
            f"target account {account}",
            f"may not read {listed(routines)} when they are there, so that they could not be verified",
            f"GRANT {SEES_ROUTINES[session.flavor.vendor]} to it, or {_STRIP}",
        )
    programs = [stored for stored in candidate.catalog.objects if stored.kind in ("function", "trigger")]
    if programs and not has_on_server(grants, "SUPER") and _distrusts_functions(candidate):
        yield blocker(
            listed(programs),
            f"cannot be created by the target account {account} while the target writes a binary log",
            "SET GLOBAL log_bin_trust_function_creators = 1 there, or GRANT SUPER ON *.* to the account",
        )


def _missing(session: Session, definers: frozenset[str] | set[str]) -> list[str] | None:
    """Those that are no accounts of the target; None if its account may not know."""
    if not definers:
        return []
    try:
        rows = session.pairs("SELECT User, Host FROM mysql.user")
    except ServerError as error:
        if error.number == 1142:  # SELECT denied
            return None
        raise
    # MariaDB keeps roles in the same table, with an empty host.
    accounts = {f"{user}@{host}" if host else user for user, host in rows}
    return sorted(definer for definer in definers if definer not in accounts)


def _distrusts_functions(candidate: Candidate) -> bool:
    variables = candidate.variables
    return variables["log_bin"] == "ON" and variables.get("log_bin_trust_function_creators", "ON") == "OFF"
