"""The table of the target that takes a source's rows where rows alone are moved: it must store them as the source
does."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from airflow_mydump.engine.errors import PreflightError
from airflow_mydump.engine.identifier import TableName, literal
from airflow_mydump.engine.metadata.catalog import Column, Table
from airflow_mydump.engine.metadata.history import VERSIONED
from airflow_mydump.engine.metadata.storage_catalog import read_partitions
from airflow_mydump.engine.server.session import Session
from airflow_mydump.engine.structure.column import ColumnStructure
from airflow_mydump.engine.structure.table import TableStructure, read_table_structure


def require_recipient(session: Session, table: Table, target: TableName, kind: str | None) -> None:
    """Raise PreflightError unless ``target``, of that TABLE_TYPE, can take the rows of ``table``: it has the columns
    that store them with the same types and character sets, the generated ones that are verified with the same
    expressions, an engine that rolls back if the source's does, and the partitions that the chunks are read by. Keys,
    defaults and what may be NULL are its own. Raises ServerError.

    Bytes travel unconverted: in a column of another character set they would be another text, and every checksum right.
    """
    if table.history or kind == VERSIONED:
        # Emptied by DELETE, it would have what it had as history; MariaDB has no TRUNCATE for it (error 4137).
        raise PreflightError(f"{target} is system-versioned, and content=data cannot empty such tables; exclude it")
    if kind != "BASE TABLE":
        raise PreflightError(f"the target has no table {target}, and content=data creates none; move the schema first")
    ours = read_table_structure(table.name, table.definition, table.columns)
    theirs = _read(session, target)
    if difference := next(_differences(table, ours, theirs), ""):
        raise PreflightError(
            f"{target} cannot take the rows of {table.name}: {difference}; content=data moves rows between columns "
            "that store the same"
        )
    there = {partition.name for partition in read_partitions(session, [target.schema]).get(target, ())}
    if missing := [partition.name for partition in table.partitions if partition.name not in there]:
        raise PreflightError(f"{target} has no partition {missing[0]}, by which {table.name} is read and verified")


def _read(session: Session, target: TableName) -> TableStructure:
    # The definition leaves a character set out that is the table's, or a collation's own.
    rows = session.text_rows(
        "SELECT COLUMN_NAME, CHARACTER_SET_NAME, COLLATION_NAME FROM information_schema.COLUMNS "
        f"WHERE TABLE_SCHEMA = {literal(target.schema)} AND TABLE_NAME = {literal(target.name)}"
    )
    columns = [Column(name, "", "", False, False, False, 0, charset, collation) for name, charset, collation in rows]
    return read_table_structure(target, session.text_rows(f"SHOW CREATE TABLE {target.sql}")[0][1], columns)


def _differences(table: Table, ours: TableStructure, theirs: TableStructure) -> Iterator[str]:
    left, right = _stored(ours), _stored(theirs)
    for name in sorted(left.keys() ^ right.keys()):
        yield f"only the {'source' if name in left else 'target'}'s has column {name}"
    for name, column in left.items():
        if name in right:
            yield from _column_differences(column, right[name])
    yield from _generated_differences(table, ours, theirs)
    engine = theirs.option("ENGINE")
    if table.engine and table.transactional != replace(table, engine=engine).transactional:
        # A try that was killed would leave rows in a table that cannot roll back, and the next double them.
        yield f"it has the engine {table.engine} on the source and {engine} on the target, and one alone can roll back"


def _column_differences(ours: ColumnStructure, theirs: ColumnStructure) -> Iterator[str]:
    for what, own, other in (("type", ours.type, theirs.type), ("character set", ours.charset, theirs.charset)):
        # Of another tool's dump nobody knows the character set that its source had by default.
        if own != other and own:
            yield f"column {ours.name} has {what} {own} on the source and {other or 'none'} on the target"


def _generated_differences(table: Table, ours: TableStructure, theirs: TableStructure) -> Iterator[str]:
    """Of the generated columns whose values are verified, and so read on the target."""
    verified = {column.name for column in table.digested_columns if column.generated}
    there = {column.name: column for column in theirs.columns}
    for column in ours.columns:
        if column.name not in verified:
            continue
        other = there.get(column.name)
        if other is None or other.generated is None:
            yield f"the target's has no generated column {column.name}"
        elif column.generated != other.generated:
            yield (
                f"column {column.name} is generated as {column.generated} on the source and as {other.generated} on "
                "the target"
            )
        else:
            yield from _column_differences(column, other)


def _stored(table: TableStructure) -> dict[str, ColumnStructure]:
    return {column.name: column for column in table.columns if column.generated is None}
