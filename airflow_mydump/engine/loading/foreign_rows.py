"""Rows that were read out of INSERT statements, framed and loaded as rows from a server are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import chain, compress

from airflow_mydump.engine.dump_directory.insert_reader import InsertReader
from airflow_mydump.engine.errors import DumpError, LoadMismatchError
from airflow_mydump.engine.framing.frame import Delimiters, FrameStream
from airflow_mydump.engine.loading.loader import Loader
from airflow_mydump.engine.metadata.catalog import Column, Table
from airflow_mydump.engine.metadata.datatype import is_moved_by_number
from airflow_mydump.engine.plan.plan import PlannedTable
from airflow_mydump.engine.server.session import Row


def load_inserts(loader: Loader, planned: PlannedTable, reader: InsertReader) -> int:
    """Load a file's rows into the planned table; returns how many the target recorded.

    Raises DumpError naming the file where its rows do not fit the table, FramingCollision, LoadMismatchError,
    ServerError. The caller rolls back then.
    """
    batches = reader.batches()
    first = next(batches, None)
    if first is None:
        return 0
    table, kept = _columns(planned.table, reader, len(first[0]))
    rows = _narrowed(chain([first], batches), len(first[0]), kept, planned.table)
    delimiters = Delimiters.for_rows_of(table)
    stream = FrameStream(rows, len(table.stored_columns), delimiters)
    recorded = loader.load(planned.target, table, delimiters, stream)
    if recorded != stream.rows:
        raise LoadMismatchError(
            f"{planned.target}: {stream.rows} rows were read and the target recorded {recorded}; they are rolled back"
        )
    return recorded


def _columns(table: Table, reader: InsertReader, width: int) -> tuple[Table, list[bool]]:
    """The table with the columns in the file's order, and which of the file's values are stored."""
    names = reader.columns
    if names is None:
        if width == len(table.stored_columns):
            names = tuple(column.name for column in table.stored_columns)
        else:
            names = tuple(column.name for column in table.columns)
    known = {column.name: column for column in table.columns}
    if len(names) != width or not set(names) <= known.keys() or len(set(names)) != width:
        raise DumpError(f"the rows in a file of {table.name} do not have its columns")
    columns = [_as_text(known[name]) for name in names]
    return replace(table, columns=tuple(columns)), [not column.generated for column in columns]


def _as_text(column: Column) -> Column:
    """The column as other tools write it: a SET by its members' names, whatever they are."""
    return replace(column, column_type=column.data_type) if is_moved_by_number(column) else column


def _narrowed(batches: Iterator[list[Row]], width: int, kept: list[bool], table: Table) -> Iterator[Sequence[Row]]:
    for batch in batches:
        if any(len(row) != width for row in batch):
            raise DumpError(f"a file of {table.name} has rows of different lengths")
        yield batch if all(kept) else [tuple(compress(row, kept)) for row in batch]
