"""Patterns that choose tables by name: globs, and regular expressions behind ``re:``."""

from __future__ import annotations

import re
from fnmatch import fnmatchcase

from airflow_mydump.engine.errors import SelectionError
from airflow_mydump.engine.identifier import TableName

REGEX = "re:"
"""What a regular expression begins with."""


def matches(table: TableName, pattern: str) -> bool:
    """Whether a pattern is for this table; case matters.

    A glob with a dot is matched against ``database.table``, one without against the table's name. A regular expression
    must match ``database.table`` from its first to its last letter.
    """
    if pattern.startswith(REGEX):
        return re.fullmatch(pattern.removeprefix(REGEX), str(table)) is not None
    return fnmatchcase(str(table) if "." in pattern else table.name, pattern)


def require_pattern(field: str, pattern: str) -> None:
    """Raise SelectionError naming the field, unless the pattern can be used."""
    if not pattern.removeprefix(REGEX):
        raise SelectionError(f"{field} has an empty pattern: give a glob, or re: and a regular expression")
    if pattern.startswith(REGEX):
        try:
            re.compile(pattern.removeprefix(REGEX))
        except re.error as error:
            raise SelectionError(f"{field}: {pattern} is no regular expression: {error}") from None
