"""Which privileges an account has, read from SHOW GRANTS.

A server hides from information_schema what an account may not see. Without this check a run with too few
privileges would move a part of a database and call it the whole.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from airflow_mydump.engine.server.session import Session

ALL = "ALL PRIVILEGES"

SOURCE_PRIVILEGES = ("SELECT", "SHOW VIEW", "TRIGGER", "EVENT")
"""Needed on each selected database, to read its tables and to see every view, trigger and event."""

TARGET_PRIVILEGES = (
    "SELECT", "INSERT", "UPDATE", "DELETE", "CREATE", "DROP", "ALTER", "INDEX", "REFERENCES",
    "CREATE VIEW", "SHOW VIEW", "CREATE ROUTINE", "ALTER ROUTINE", "TRIGGER", "EVENT",
)  # fmt: skip
"""Needed on each target database."""

LEDGER_PRIVILEGES = TARGET_PRIVILEGES[:6]
"""Needed on the ledger's database."""

SEES_ROUTINES = {"mysql": "SHOW_ROUTINE ON *.*", "mariadb": "SELECT ON mysql.*"}
"""Lets an account read the routines of others."""

_GRANT = re.compile(
    r"(?P<verb>GRANT|REVOKE) (?P<privileges>.+?) ON (?P<schema>\*|`(?:[^`]|``)+`)\.\* (?:TO|FROM) ", re.DOTALL
)
_COLUMN_LIST = re.compile(r"\([^)]*\)")


@dataclass(frozen=True)
class Grant:
    """Privileges on every table of the databases that a pattern names; ``*`` is the whole server."""

    privileges: frozenset[str]
    pattern: str
    revoked: bool = False

    def covers(self, schema: str) -> bool:
        """Whether the grant applies to a database; ``%`` and ``_`` in it are wildcards unless escaped."""
        if self.pattern == "*":
            return True
        return re.fullmatch(_like(self.pattern), schema, re.DOTALL) is not None


def read_grants(session: Session) -> tuple[Grant, ...]:
    """The account's grants on databases and on the server, its active roles' included. Raises ServerError."""
    using = ""
    if session.flavor.vendor == "mysql":
        # MySQL lists an active role's privileges only when the role is named.
        (role,) = session.text_rows("SELECT CURRENT_ROLE()")[0]
        using = "" if role in ("", "NONE") else f" FOR CURRENT_USER() USING {role}"
    return parse_grants(line for (line,) in session.text_rows(f"SHOW GRANTS{using}"))


def parse_grants(lines: Iterable[str]) -> tuple[Grant, ...]:
    """Read the lines of SHOW GRANTS; grants on single tables, columns or routines are left out."""
    grants = []
    for line in lines:
        if found := _GRANT.match(line):
            names = _COLUMN_LIST.sub("", found["privileges"]).split(",")
            privileges = frozenset(ALL if name.strip() == "ALL" else name.strip() for name in names)
            schema = found["schema"]
            pattern = schema if schema == "*" else schema[1:-1].replace("``", "`")
            grants.append(Grant(privileges, pattern, revoked=found["verb"] == "REVOKE"))
    return tuple(grants)


def missing(grants: Iterable[Grant], schema: str, needed: Iterable[str]) -> list[str]:
    """Those of the needed privileges that the account does not have on a database."""
    covering = [grant for grant in grants if grant.covers(schema)]
    return [name for name in needed if not _has(covering, name)]


def has_on_server(grants: Iterable[Grant], privilege: str) -> bool:
    """Whether the account has a privilege on the whole server."""
    return _has([grant for grant in grants if grant.pattern == "*"], privilege)


def sees_routines(session: Session, grants: Iterable[Grant]) -> bool:
    """Whether the session's account can read the routines of others."""
    if has_on_server(grants, "SELECT"):
        return True
    if session.flavor.vendor == "mysql":
        return has_on_server(grants, "SHOW_ROUTINE")
    return not missing(grants, "mysql", ["SELECT"])


def _has(covering: Iterable[Grant], name: str) -> bool:
    granted = revoked = False
    for grant in covering:
        if name in grant.privileges or ALL in grant.privileges:
            granted, revoked = granted or not grant.revoked, revoked or grant.revoked
    return granted and not revoked


def _like(pattern: str) -> str:
    parts = re.findall(r"\\.|.", pattern, re.DOTALL)
    wildcards = {"%": ".*", "_": "."}
    return "".join(wildcards.get(part) or re.escape(part.removeprefix("\\") or part) for part in parts)
