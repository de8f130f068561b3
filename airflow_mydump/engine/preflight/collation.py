"""Whether the target knows every character set and collation that the definitions name."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator

from airflow_mydump.engine.preflight.candidate import Candidate
from airflow_mydump.engine.preflight.finding import Finding, blocker, listed
from airflow_mydump.engine.server.session import Session

_IN_OPTIONS = re.compile(r"\b(?:CHARSET|COLLATE)=(\w+)")


def findings(candidate: Candidate) -> Iterator[Finding]:
    """One blocker for each name that the target does not know, with what uses it. Raises ServerError."""
    known = _known(candidate.target)
    for name, users in _used(candidate).items():
        if name.lower() not in known:
            yield blocker(
                f"character set or collation {name}",
                f"of {listed(users)} is not known to the target, {candidate.target.flavor}",
                "change it on the source, exclude what uses it, or choose another target",
            )


def _used(candidate: Candidate) -> dict[str, list[object]]:
    used: dict[str, list[object]] = defaultdict(list)
    for schema in candidate.catalog.schemas:
        for name in (schema.charset, schema.collation):
            used[name].append(f"database {schema.name}")
    for table in candidate.catalog.tables:
        names = {name for column in table.columns for name in (column.charset, column.collation)}
        for name in names.union(_IN_OPTIONS.findall(candidate.definitions[table.name].options)):
            used[name].append(table.name)
    for stored in candidate.catalog.objects:
        for name in {stored.charset, stored.collation, stored.database_collation}:
            used[name].append(stored)
    used.pop("", None)
    return used


def _known(session: Session) -> frozenset[str]:
    rows = session.text_rows("SELECT * FROM information_schema.COLLATION_CHARACTER_SET_APPLICABILITY")
    # MariaDB 10.10 and later: COLLATION_NAME is short (uca1400_ai_ci), and the third column has the full name.
    names = {name.lower() for row in rows for name in row[:3]}
    # utf8 is what utf8mb3 was called before MySQL 8.0 and MariaDB 10.6, and is still understood.
    return frozenset(names | {f"utf8{name[7:]}" for name in names if name.startswith("utf8mb3")})
