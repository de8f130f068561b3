"""System-versioned tables of MariaDB, which keep every earlier version of their rows."""

from __future__ import annotations

import re
from collections.abc import Sequence

from airflow_mydump.engine.errors import PreflightError
from airflow_mydump.engine.identifier import TableName
from airflow_mydump.engine.metadata.catalog import Column, History
from airflow_mydump.engine.server.flavor import Flavor

VERSIONED = "SYSTEM VERSIONED"
"""The TABLE_TYPE of such tables."""

_PERIOD = re.compile(r"\n  PERIOD FOR SYSTEM_TIME \(`((?:[^`]|``)+)`, `((?:[^`]|``)+)`\)")


def read_history(
    name: TableName, engine: str, definition: str, columns: Sequence[Column], kept: bool, flavor: Flavor
) -> History:
    """What is to be known of a versioned table's history, of which ``kept`` takes all.

    Raises PreflightError if that cannot be.
    """
    if engine.lower() != "innodb":
        raise PreflightError(
            f"{name} is a system-versioned {engine} table: what a load leaves behind when it fails would become "
            "history; exclude it"
        )
    found = _PERIOD.search(definition)
    names = [part.replace("``", "`") for part in found.groups()] if found else ["row_start", "row_end"]
    types = {column.name: column.data_type for column in columns if column.name in names}
    if kept and "bigint" in types.values():
        raise PreflightError(
            f"{name} keeps its history by transactions, whose numbers mean nothing on another server; "
            "use history=current, or exclude it"
        )
    start, end = (
        Column(part, "timestamp", "timestamp(6)", nullable=False, generated=False, auto_increment=False, octet_length=0)
        for part in names
    )
    return History((start, end), kept, flavor.last_moment)
