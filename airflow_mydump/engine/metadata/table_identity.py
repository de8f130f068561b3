"""Which tables names stand for: InnoDB gives every table, and every partition, a number when it is made, and no other
ever gets that one.

A name may stand for another table a moment later (RENAME, EXCHANGE PARTITION), whose definition has the same text. A
snapshot that is older than that reads the other table's rows and says nothing, if only the table was made before it
(MariaDB 10.11, MySQL 9.7). And so may the name of a column: where no row is touched (``CHANGE a b …, CHANGE b a …``,
MariaDB's ``DROP v, ADD v``), the table keeps its number, and old snapshots read the other column; but the time when it
was made, as the server has it, is that of the ALTER.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from airflow_mydump.engine.error_number import ACCESS_DENIED
from airflow_mydump.engine.errors import ServerError
from airflow_mydump.engine.identifier import TableName, literal
from airflow_mydump.engine.metadata.schema_condition import in_schemas
from airflow_mydump.engine.server.session import Session

_NUMBER, _OF = "no. ", "of "
_AT_ONCE = 100
_FEW = 500
"""Tables that are faster asked for by name than with all others of their databases."""

_PARTITION = re.compile("#p#", re.IGNORECASE)


def read_identities(
    session: Session, tables: Sequence[TableName], times: Mapping[TableName, str] | None = None
) -> dict[TableName, str]:
    """What tells the table that a name stands for now from any other, with all its partitions; without those that are
    not there.

    It is InnoDB's number and the time when the table was made, in seconds. Where the account may not see the numbers
    (PROCESS), or a table has none, it is the time alone: a partition that was exchanged is not seen by that. ``times``
    are CREATE_TIME, if they were just read. Raises ServerError.
    """
    if not tables:
        return {}
    numbers = _numbers(session, tables)
    return {
        name: f"{_NUMBER}{numbers[name]} {_OF}{time}" if name in numbers else f"{_OF}{time}"
        for name, time in (_times(session, tables) if times is None else times).items()
    }


def is_numbered(identity: str) -> bool:
    """Whether a table was told by InnoDB's number, and not by its time alone."""
    return identity.startswith(_NUMBER)


def made_at(identity: str) -> str:
    """When its table was made, as the server writes times; "" if it does not know."""
    return identity.rpartition(_OF)[2]


def may_see_numbers(session: Session) -> bool:
    """Whether the account may see InnoDB's numbers. Raises ServerError."""
    try:
        session.rows("SELECT 1 FROM information_schema.INNODB_CMP")  # asks for the same privilege, and is short
    except ServerError as error:
        if error.number == ACCESS_DENIED:
            return False
        raise
    return True


def _numbers(session: Session, tables: Sequence[TableName]) -> dict[TableName, str]:
    """The numbers of tables and their partitions; none if the account may not see them."""
    wanted = frozenset(tables)
    look = _by_file if session.flavor.has_dictionary else _by_table
    found: dict[TableName, list[str]] = defaultdict(list)
    try:
        for name, part, number in look(session, tables):
            if name in wanted:
                found[name].append(f"{part}{number}")
    except ServerError as error:
        if error.number == ACCESS_DENIED:
            return {}
        raise
    return {name: ", ".join(sorted(parts)) for name, parts in found.items()}


def _by_file(session: Session, tables: Sequence[TableName]) -> Iterator[tuple[TableName, str, str]]:
    """By the numbers of their files: MySQL 9.7 opens every table of the server to show its number (6,000: 5 to 9 s)."""
    files = {f"{table.schema}/{table.name}": table for table in tables}
    schemas = {_escaped(table.schema) for table in tables}
    if len(tables) < _FEW:
        conditions = [f"NAME IN ({_literals(files)})"]
        conditions += [f"NAME LIKE {literal(f'{schema}/%{mark}%')}" for schema in schemas for mark in _MARKS]
    else:
        conditions = [f"NAME LIKE {literal(f'{schema}/%')}" for schema in schemas]
    for name, number in session.pairs(
        f"SELECT NAME, SPACE FROM information_schema.INNODB_TABLESPACES_BRIEF WHERE {' OR '.join(conditions)}"
    ):
        ends = [len(name), *(mark.start() for mark in _PARTITION.finditer(name))]
        table = next((files[name[:end]] for end in ends if name[:end] in files), None)
        if table is not None:
            yield table, name.removeprefix(f"{table.schema}/{table.name}"), number


_MARKS = ("#p#", "#P#")
"""In the name of a partition's file; before MySQL 8.0.14 in capitals."""


def _literals(names: Iterable[str]) -> str:
    return ", ".join(map(literal, names))


def _escaped(name: str) -> str:
    return re.sub(r"([\\_%])", r"\\\1", name)


def _by_table(session: Session, tables: Sequence[TableName]) -> Iterator[tuple[TableName, str, str]]:
    """By InnoDB's list of tables, which has the names of files and is read as a whole in any case (6,000: 30 ms)."""
    schemas = ", ".join(_encoded(name) for name in sorted({table.schema for table in tables}))
    schema, rest = "SUBSTRING_INDEX(NAME, '/', 1)", "SUBSTRING(NAME, LOCATE('/', NAME) + 1)"
    table = f"SUBSTRING_INDEX({rest}, '#P#', 1)"
    names = ", ".join(_encoded(table.name) for table in tables) if len(tables) < _FEW else ""
    for schema_name, table_name, part, number in session.text_rows(
        f"SELECT {_decoded(schema)}, {_decoded(table)}, SUBSTRING({rest}, LENGTH({table}) + 1), TABLE_ID "
        f"FROM information_schema.INNODB_SYS_TABLES WHERE {schema} IN ({schemas})"
        + (f" AND {table} IN ({names})" if names else "")
    ):
        yield TableName(schema_name, table_name), part, number


def _encoded(name: str) -> str:
    """A name as files have it, where any letter but ASCII's is written in others."""
    return f"CAST(CONVERT({literal(name)} USING filename) AS BINARY)"


def _decoded(expression: str) -> str:
    return f"CONVERT(CONVERT(CAST({expression} AS BINARY) USING filename) USING utf8mb4)"


def _times(session: Session, tables: Sequence[TableName]) -> Mapping[TableName, str]:
    """The times when tables were made. On MariaDB 10.11 a new name counts as that, too."""
    wanted = frozenset(tables)
    look = _with_others if len(tables) >= _FEW else _by_name if session.flavor.has_dictionary else _one_by_one
    return {name: time for name, time in look(session, tables) if name in wanted}


def _one_by_one(session: Session, tables: Sequence[TableName]) -> Iterator[tuple[TableName, str]]:
    # MariaDB finds a table by its name where that is one constant, and opens all of a database for a list.
    for start in range(0, len(tables), _AT_ONCE):
        query = " UNION ALL ".join(
            "SELECT TABLE_SCHEMA, TABLE_NAME, CREATE_TIME FROM information_schema.TABLES "
            f"WHERE TABLE_SCHEMA = {literal(table.schema)} AND TABLE_NAME = {literal(table.name)}"
            for table in tables[start : start + _AT_ONCE]
        )
        for schema, name, time in session.text_rows(query):
            yield TableName(schema, name), time


def _by_name(session: Session, tables: Sequence[TableName]) -> Iterator[tuple[TableName, str]]:
    for schema in {table.schema for table in tables}:
        names = _literals(table.name for table in tables if table.schema == schema)
        for name, time in session.pairs(
            "SELECT TABLE_NAME, CREATE_TIME FROM information_schema.TABLES "
            f"WHERE TABLE_SCHEMA = {literal(schema)} AND TABLE_NAME IN ({names})"
        ):
            yield TableName(schema, name), time


def _with_others(session: Session, tables: Sequence[TableName]) -> Iterator[tuple[TableName, str]]:
    schemas = sorted({table.schema for table in tables})
    for schema, name, time in session.text_rows(
        "SELECT TABLE_SCHEMA, TABLE_NAME, CREATE_TIME FROM information_schema.TABLES "
        f"WHERE {in_schemas('TABLE_SCHEMA', schemas)}"
    ):
        yield TableName(schema, name), time
