"""Checks of a source that is to be read as a replica whose applier is paused."""

from __future__ import annotations

from collections.abc import Iterator

from airflow_mydump.engine.consistency.applier import read_applier
from airflow_mydump.engine.consistency.standstill import require_provable
from airflow_mydump.engine.errors import ConfigurationError, PreflightError
from airflow_mydump.engine.preflight.finding import Finding, blocker
from airflow_mydump.engine.server.privilege import has_on_server, read_grants
from airflow_mydump.engine.server.session import Session

_OTHERWISE = "choose another mode of consistency"


def findings(session: Session) -> Iterator[Finding]:
    """What keeps the source's applier from being paused, but whether it runs: an earlier try may have stopped it.

    Raises ServerError.
    """
    grants = read_grants(session)
    account = f"source account {session.endpoint.user}"
    for names, what in (
        (session.flavor.applier_privileges, "may not pause the applier"),
        (session.flavor.replica_status_privileges, "may not see how far the applier has come"),
    ):
        if not any(has_on_server(grants, name) for name in names):
            yield blocker(account, what, f"GRANT {names[0]} ON *.* to it, or {_OTHERWISE}")
            return
    try:
        read_applier(session)
        require_provable(session)
    except (ConfigurationError, PreflightError) as error:
        yield blocker("the source", "cannot be read as a paused replica", str(error))
