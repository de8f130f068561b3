"""Reads which unique keys tables have, for all tables of some databases at once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import groupby, takewhile
from operator import itemgetter

from airflow_mydump.engine.chunking.chunk_key import PRIMARY
from airflow_mydump.engine.identifier import TableName
from airflow_mydump.engine.metadata.catalog import Column, Key
from airflow_mydump.engine.metadata.schema_condition import by_bytes, in_schemas
from airflow_mydump.engine.server.flavor import Flavor
from airflow_mydump.engine.server.session import Session


def read_keys(session: Session, schemas: Sequence[str]) -> Mapping[TableName, tuple[Key, ...]]:
    """Every table's unique keys without nullable columns that a query may name, the primary key first.

    The others come by name; `in_order_of_definition` has InnoDB's order. Raises ServerError.
    """
    rows = session.text_stream(
        "SELECT TABLE_SCHEMA, TABLE_NAME, INDEX_NAME, COLUMN_NAME, SUB_PART, COLLATION, NULLABLE "
        f"FROM information_schema.STATISTICS WHERE {in_schemas('TABLE_SCHEMA', schemas)} "
        f"AND NON_UNIQUE = 0 AND INDEX_TYPE = 'BTREE' AND {session.flavor.usable_index_condition} "
        f"ORDER BY {by_bytes('TABLE_SCHEMA')}, {by_bytes('TABLE_NAME')}, "
        f"INDEX_NAME <> '{PRIMARY}', INDEX_NAME, SEQ_IN_INDEX"
    )
    keys: dict[TableName, list[Key]] = defaultdict(list)
    for (schema, table, name), parts in groupby(rows, itemgetter(0, 1, 2)):
        if key := _key(name, list(parts)):
            keys[TableName(schema, table)].append(key)
    return {table: tuple(found) for table, found in keys.items()}


def _key(name: str, parts: Sequence[Sequence[str]]) -> Key | None:
    if any(nullable == "YES" for *_, nullable in parts):
        return None
    direction = parts[0][5]
    # A part that is an expression has no column; SUB_PART is there where only a prefix is indexed.
    ordered = takewhile(lambda part: part[3] and not part[4] and part[5] == direction, parts)
    return Key(name, tuple(part[3] for part in ordered))


def without_misordered(key: Key, columns: Sequence[Column], flavor: Flavor) -> Key:
    """The key up to the first column whose ranges this server reads wrongly through an index."""
    if not flavor.misorders_unpadded_char:
        return key
    wrong = {column.name for column in columns if column.data_type == "char" and _is_no_pad(column.collation)}
    return replace(key, columns=tuple(takewhile(lambda name: name not in wrong, key.columns)))


def _is_no_pad(collation: str) -> bool:
    return "_nopad_" in collation or "_0900_" in collation


def in_order_of_definition(keys: Sequence[Key], definition: str) -> tuple[Key, ...]:
    """Keys in the order in which SHOW CREATE TABLE shows them: without a primary key, InnoDB stores the rows in the
    order of the first."""

    def position(key: Key) -> int:
        name = key.name.replace("`", "``")
        return -1 if key.name == PRIMARY else definition.find(f"\n  UNIQUE KEY `{name}` ")

    return tuple(sorted(keys, key=position)) if len(keys) > 1 else tuple(keys)
