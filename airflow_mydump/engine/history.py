"""System-versioned tables of MariaDB, which keep every earlier version of their rows."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from airflow_mydump.engine.catalog import Column, History, Table
from airflow_mydump.engine.errors import PreflightError
from airflow_mydump.engine.flavor import Flavor
from airflow_mydump.engine.identifier import TableName
from airflow_mydump.engine.session import Session

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


def history_obstacle(target: Session, tables: Iterable[Table]) -> str:
    """Why the target cannot take the history that is to be kept; empty if it can, or none is. Raises ServerError."""
    kept = [table for table in tables if table.history and table.history.kept]
    if not kept:
        return ""
    name, flavor = kept[0].name, target.flavor
    if not flavor.can_insert_history:
        return f"{name} is to keep its history, and the target is {flavor}: MariaDB 10.11 or later takes it"
    if (setting := target.text_rows("SELECT @@GLOBAL.secure_timestamp")[0][0]) != "NO":
        return f"{name} is to keep its history, and the target has secure_timestamp={setting}, which forbids that"
    if any(table.history and table.history.last_moment != flavor.last_moment for table in kept):
        # The end of a current row is the last moment of the server's timestamps, which MariaDB 11.5 moved.
        return f"{name} is to keep its history, and for {flavor} timestamps end at another moment than on the source"
    return ""


def history_notes(tables: Iterable[Table]) -> Iterable[str]:
    """What is left behind."""
    for table in tables:
        if table.history and not table.history.kept:
            yield f"{table.name} is system-versioned: its current rows are moved, and their history stays behind"
