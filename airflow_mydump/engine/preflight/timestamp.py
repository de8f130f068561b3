"""Whether the target gives TIMESTAMP columns a default that nobody asked for."""

from __future__ import annotations

import re
from collections.abc import Iterator

from airflow_mydump.engine.preflight.candidate import Candidate
from airflow_mydump.engine.preflight.finding import Finding, blocker, listed

_WITHOUT_DEFAULT = re.compile(r"`(?:[^`]|``)+` timestamp(?:\(\d\))? NOT NULL(?! (?:DEFAULT|GENERATED))", re.IGNORECASE)


def findings(candidate: Candidate) -> Iterator[Finding]:
    """A blocker for tables whose columns would get one. MariaDB takes the setting from the session; to set it in one of
    MySQL's needs a privilege, and a warning comes with it."""
    variable = "explicit_defaults_for_timestamp"
    if candidate.target.flavor.pins_timestamp_defaults or candidate.variables.get(variable) == "ON":
        return
    tables = [
        table
        for table, definition in candidate.definitions.items()
        if any(_WITHOUT_DEFAULT.match(element) for element in definition.elements)
    ]
    if tables:
        yield blocker(
            listed(tables),
            f"has TIMESTAMP columns without a default, and the target would give them one ({variable}=OFF)",
            f"SET GLOBAL {variable} = ON there",
        )
