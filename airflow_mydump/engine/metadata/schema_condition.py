"""Conditions on information_schema that tell names of databases apart as file systems do: by every letter's case.

MariaDB 10.11 compares these columns without regard to case. A list with two databases that differ in case alone finds
one of them, and any other list finds the databases beside it that nobody asked for.
"""

from __future__ import annotations

from collections.abc import Sequence

from airflow_mydump.engine.identifier import literal


def in_schemas(column: str, schemas: Sequence[str]) -> str:
    """The condition that a column of information_schema names one of these databases.

    The column itself is compared as well wherever it can be: only then servers look at no other database.
    """
    names = ", ".join(literal(name) for name in schemas)
    exactly = f"{by_bytes(column)} IN ({names})"
    some_are_twins = len({name.casefold() for name in schemas}) < len(schemas)
    return exactly if some_are_twins else f"({column} IN ({names}) AND {exactly})"


def by_bytes(column: str) -> str:
    """A column of names to sort or group by, so that the rows of two names that differ in case stay apart."""
    return f"CAST({column} AS BINARY)"
