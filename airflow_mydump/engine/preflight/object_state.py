"""Whether the target can be put into the session state that routines, triggers and events were written in."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from airflow_mydump.engine.errors import ServerError
from airflow_mydump.engine.identifier import literal
from airflow_mydump.engine.preflight.candidate import Candidate
from airflow_mydump.engine.preflight.finding import Finding, blocker, listed, warning
from airflow_mydump.engine.server.session_state import metadata


def findings(candidate: Candidate) -> Iterator[Finding]:
    """Blockers for each sql_mode and time zone that the target refuses; a warning if no event will run there.

    Raises ServerError.
    """
    states: dict[tuple[str, str], list[object]] = defaultdict(list)
    for stored in candidate.catalog.objects:
        if stored.kind != "view":
            states["sql_mode", stored.sql_mode].append(stored)
        if stored.kind == "event":
            states["time_zone", stored.time_zone].append(stored)
    try:
        for (variable, value), users in states.items():
            if reason := _refusal(candidate, variable, value):
                yield blocker(
                    f"{variable} {value!r} of {listed(users)}",
                    f"is refused by the target: {reason}",
                    "load its time zone tables"
                    if variable == "time_zone"
                    else "create them on the source under a mode that both servers know",
                )
    finally:
        for statement in metadata(candidate.target.flavor):
            candidate.target.execute(statement)
    if candidate.variables["event_scheduler"] != "ON" and (events := list(candidate.catalog.of_kind("event"))):
        yield warning(
            listed(events),
            f"will not run: the target has event_scheduler={candidate.variables['event_scheduler']}",
            "SET GLOBAL event_scheduler = ON there, if they are to run",
        )


def _refusal(candidate: Candidate, variable: str, value: str) -> str:
    try:
        candidate.target.execute(f"SET {variable} = {literal(value)}")
    except ServerError as error:
        return str(error)
    return ""
