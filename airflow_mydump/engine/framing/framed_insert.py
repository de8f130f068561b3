"""Framed rows as multi-row INSERT statements, for a target that takes no LOAD DATA LOCAL.

Needs a session in the `session_state.loading` state: its literals are binary, and take backslash escapes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from MySQLdb import _mysql

from airflow_mydump.engine.errors import LoadMismatchError
from airflow_mydump.engine.framing.frame import Delimiters
from airflow_mydump.engine.identifier import TableName, quote
from airflow_mydump.engine.metadata.catalog import Table
from airflow_mydump.engine.metadata.datatype import stored_expression

_escape: Callable[[bytes], bytes] = _mysql.escape_string

STATEMENT_BYTES = 1 << 20
"""Rows are put into one statement until it has about this many bytes, above which larger ones gain little."""


def insert_statements(
    target: TableName, table: Table, delimiters: Delimiters, frames: Iterable[bytes], most_bytes: int
) -> Iterator[tuple[int, bytes]]:
    """Statements that insert framed rows of ``table``'s stored columns into ``target``, and how many rows each has.

    ``most_bytes`` is the target's max_allowed_packet, which no statement exceeds. Raises LoadMismatchError naming the
    table if a row cannot keep to that, or has another number of fields than the table; and what ``frames`` raises.
    """
    columns = ", ".join(quote(column.name) for column in table.stored_columns)
    head = f"INSERT INTO {target.sql} ({columns}) VALUES ".encode()
    room = most_bytes - len(head) - 1  # the packet's first byte says what it is
    waiting: list[bytes] = []
    size = 0
    for row in _rows(target, table, delimiters, frames):
        if len(row) > room:
            raise LoadMismatchError(
                f"{target}: a row takes {len(row):,} bytes in a statement, and the target's max_allowed_packet is "
                f"{most_bytes:,}: raise it, or let the target take LOAD DATA LOCAL (SET GLOBAL local_infile = 1)"
            )
        if waiting and size + len(row) > min(room, STATEMENT_BYTES):
            yield len(waiting), head + b",".join(waiting)
            waiting, size = [], 0
        waiting.append(row)
        size += len(row) + 1
    if waiting:
        yield len(waiting), head + b",".join(waiting)


def _rows(target: TableName, table: Table, delimiters: Delimiters, frames: Iterable[bytes]) -> Iterator[bytes]:
    """The rows as lists of literals in parentheses."""
    field, null = delimiters.field, delimiters.null
    literals = [stored_expression(column, "'%b'").encode() for column in table.stored_columns]
    whole = b"(%b)" % b",".join(literals)
    for lines in _whole_lines(target, delimiters.line, frames):
        for line in lines.split(delimiters.line)[:-1]:
            values = line.split(field)
            if len(values) != len(literals):
                raise LoadMismatchError(f"{target}: a row does not have the table's number of columns")
            if null in line:
                pairs = zip(literals, values, strict=True)
                yield b"(%b)" % b",".join(
                    b"NULL" if value == null else literal % _escape(value) for literal, value in pairs
                )
            else:
                yield whole % tuple(map(_escape, values))


def _whole_lines(target: TableName, line: bytes, frames: Iterable[bytes]) -> Iterator[bytes]:
    rest = b""
    for framed in frames:
        end = framed.rfind(line)
        if end < 0:
            # The delimiter may lie across the border of two frames.
            rest += framed
            end = rest.rfind(line)
            if end < 0:
                continue
            framed, rest = rest, b""
        yield rest + framed[: end + len(line)]
        rest = framed[end + len(line) :]
    if rest:
        raise LoadMismatchError(f"{target}: the rows do not end with a whole one")
