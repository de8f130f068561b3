"""Tables without a primary key, on a target that refuses them or gives them one."""

from __future__ import annotations

from collections.abc import Iterator

from airflow_mydump.engine.preflight.candidate import Candidate
from airflow_mydump.engine.preflight.finding import Finding, blocker, listed
from airflow_mydump.engine.server.privilege import has_on_server, read_grants

_SETS_VARIABLES = ("SUPER", "SYSTEM_VARIABLES_ADMIN", "SESSION_VARIABLES_ADMIN")
"""Any of them lets an account switch the rule off for its own sessions, which `phases.schema` then does."""


def findings(candidate: Candidate) -> Iterator[Finding]:
    """A blocker if the target would refuse or change tables without a primary key. Raises ServerError."""
    for variable in ("sql_require_primary_key", "sql_generate_invisible_primary_key", "innodb_force_primary_key"):
        if candidate.variables.get(variable, "OFF") == "OFF":
            continue
        keyless = _keyless(candidate, unique_is_enough=variable == "innodb_force_primary_key")
        if keyless and not _may_switch_off(candidate, variable):
            yield blocker(
                listed(keyless),
                f"has no primary key, and the target has {variable}=ON",
                f"SET GLOBAL {variable} = OFF on the target"
                + (
                    f", or GRANT {_SETS_VARIABLES[-1]} ON *.* to the target account"
                    if variable.startswith("sql_")
                    else ", or exclude it"
                ),
            )


def _keyless(candidate: Candidate, unique_is_enough: bool) -> list[object]:
    return [
        table.name
        for table in candidate.catalog.tables
        if not table.primary_key
        and not (unique_is_enough and (table.keys or table.engine.lower() != "innodb"))
        and not any(element.startswith("PRIMARY KEY") for element in candidate.definitions[table.name].elements)
    ]


def _may_switch_off(candidate: Candidate, variable: str) -> bool:
    if not variable.startswith("sql_"):
        return False
    grants = read_grants(candidate.target)
    return any(has_on_server(grants, privilege) for privilege in _SETS_VARIABLES)
