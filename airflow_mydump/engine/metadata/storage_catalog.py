"""Reads how tables are stored, for all tables of some databases at once: their partitions, and the size of their
files."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence

from airflow_mydump.engine.error_number import ACCESS_DENIED
from airflow_mydump.engine.errors import ServerError
from airflow_mydump.engine.identifier import TableName, literal
from airflow_mydump.engine.metadata.catalog import Partition
from airflow_mydump.engine.metadata.schema_condition import by_bytes, in_schemas
from airflow_mydump.engine.server.session import Session


def read_partitions(session: Session, schemas: Sequence[str]) -> Mapping[TableName, tuple[Partition, ...]]:
    """The partitions of every table that has some, in their order; subpartitions are summed up. Raises ServerError."""
    rows = session.text_rows(
        "SELECT TABLE_SCHEMA, TABLE_NAME, PARTITION_NAME, SUM(TABLE_ROWS), SUM(DATA_LENGTH) "
        f"FROM information_schema.PARTITIONS WHERE {in_schemas('TABLE_SCHEMA', schemas)} "
        f"AND PARTITION_NAME IS NOT NULL GROUP BY {by_bytes('TABLE_SCHEMA')}, {by_bytes('TABLE_NAME')}, PARTITION_NAME "
        "ORDER BY TABLE_SCHEMA, TABLE_NAME, MIN(PARTITION_ORDINAL_POSITION)"
    )
    found: dict[TableName, list[Partition]] = defaultdict(list)
    for schema, table, name, count, size in rows:
        found[TableName(schema, table)].append(Partition(name, int(count or 0), int(size or 0)))
    return {table: tuple(partitions) for table, partitions in found.items()}


def read_file_bytes(session: Session, schemas: Sequence[str]) -> Mapping[TableName, int]:
    """The size of the files of InnoDB tables that have their own: statistics may be stale, a file's size is not.

    Empty where the account lacks the PROCESS privilege. Tables whose names hold letters beyond ASCII are left out.
    Raises ServerError.
    """
    wanted = " OR ".join(f"NAME LIKE {literal(_pattern(schema))}" for schema in schemas)
    try:
        rows = session.text_rows(
            f"SELECT NAME, FILE_SIZE FROM information_schema.{session.flavor.tablespaces} WHERE {wanted}"
        )
    except ServerError as error:
        if error.number == ACCESS_DENIED:
            return {}
        raise
    sizes: Counter[TableName] = Counter()
    for name, size in rows:
        schema, _, table = re.split(r"#p#", name, maxsplit=1, flags=re.IGNORECASE)[0].partition("/")
        sizes[TableName(_decoded(schema), _decoded(table))] += int(size or 0)
    return sizes


def _pattern(schema: str) -> str:
    encoded = re.sub(r"[^0-9A-Za-z_]", lambda found: f"@{ord(found[0]):04x}", schema)
    return encoded.replace("\\", "\\\\").replace("_", "\\_").replace("%", "\\%") + "/%"


def _decoded(name: str) -> str:
    """A file's name as the server encodes it: ``@0024`` is a dollar sign."""
    return re.sub(r"@([0-9a-f]{4})", lambda found: chr(int(found[1], 16)), name)
