"""Asks a server about a table's key: where it begins and ends, what stands at a distance, how many rows a range has."""

from __future__ import annotations

from airflow_mydump.engine.chunking.chunk import partition_clause
from airflow_mydump.engine.chunking.chunk_key import ChunkKey
from airflow_mydump.engine.chunking.key_type import key_expression
from airflow_mydump.engine.identifier import TableName, quote
from airflow_mydump.engine.server.session import Row, Session

_ROWS_FROM_END = {10: -2, 12: -3}
"""Where EXPLAIN's ``rows`` stands in a line: MariaDB ends with rows and Extra, MySQL with rows, filtered and Extra."""


class KeyReader:
    """Questions about one table's key, or about that of one of its partitions; ``probes`` counts them.

    ``session`` must be in the `session_state.reading` state, because values are taken as stored bytes. All methods
    raise ServerError.
    """

    def __init__(self, session: Session, table: TableName, key: ChunkKey, partition: str = "") -> None:
        partitions = partition_clause((partition,) if partition else ())
        self._session = session
        self._from = f"FROM {table.sql}{partitions} FORCE INDEX ({quote(key.index)})"
        self._expressions = tuple(key_expression(column) for column in key.columns)
        self._names = tuple(quote(name) for name in key.names)
        self.probes = 0

    def estimate(self, condition: str) -> int:
        """The optimizer's estimate of the rows that meet a condition on the key.

        The answer comes from two dives into the index, whatever the number of rows. InnoDB's is exact for some ten
        pages, tends to twice the truth beyond, and is never more than half of what statistics say of the table.
        """
        # COUNT(*): without an aggregate or ORDER BY, MySQL 8 skips the dives where FORCE INDEX leaves one index
        # ("rows: 1" for 95 rows). FORMAT: MySQL 9 may be configured to explain as a tree or as JSON.
        return self._total(f"EXPLAIN FORMAT=TRADITIONAL SELECT COUNT(*) {self._from} WHERE {condition}")

    def ends(self, depth: int, condition: str) -> tuple[bytes, bytes] | None:
        """The smallest and the largest value of a key column among the rows that meet a condition; None without any."""
        row = self._one(self._values(depth, condition, f"{self._names[depth]} ASC", 1))
        last = self._one(self._values(depth, condition, f"{self._names[depth]} DESC", 1))
        if row is None or last is None:
            return None
        return _present(row[0]), _present(last[0])

    def first(self, depth: int, condition: str) -> bytes | None:
        """The smallest value of a key column among the rows that meet a condition; None without any."""
        row = self._one(self._values(depth, condition, self._names[depth], 1))
        return None if row is None else _present(row[0])

    def after(self, depth: int, condition: str, rows: int, start: str) -> tuple[bytes, bool] | None:
        """What stands ``rows`` rows behind the first that meets a condition, and whether it is greater than ``start``.

        The server walks over the index entries between. None if there are not so many rows.
        """
        greater = f"{self._names[depth]} > {start}"
        row = self._one(self._values(depth, condition, self._names[depth], 1, rows, f", {greater}"))
        return None if row is None else (_present(row[0]), row[1] == b"1")

    def key_after(self, rows: int) -> tuple[bytes, ...] | None:
        """The whole key of the row that stands ``rows`` rows behind the first; None if there are not so many."""
        self.probes += 1
        row = self._one(
            f"SELECT {', '.join(self._expressions)} {self._from} ORDER BY {', '.join(self._names)} LIMIT {rows}, 1"
        )
        return None if row is None else tuple(map(_present, row))

    def count(self, condition: str, most: int) -> int:
        """The number of rows that meet a condition, counted up to ``most``."""
        self.probes += 1
        inner = f"SELECT 1 {self._from}{f' WHERE {condition}' if condition else ''} LIMIT {most}"
        return int(self._session.value(f"SELECT COUNT(*) FROM ({inner}) AS counted") or 0)

    def _values(self, depth: int, condition: str, order: str, limit: int, offset: int = 0, more: str = "") -> str:
        self.probes += 1
        where = f" WHERE {condition}" if condition else ""
        return f"SELECT {self._expressions[depth]}{more} {self._from}{where} ORDER BY {order} LIMIT {offset}, {limit}"

    def _one(self, sql: str) -> Row | None:
        rows = self._session.rows(sql)
        return rows[0] if rows else None

    def _total(self, explain: str) -> int:
        self.probes += 1
        # Without rows to read (impossible WHERE, no matching row, empty table) the figure is NULL or 1.
        return sum(int(row[_ROWS_FROM_END[len(row)]] or 0) for row in self._session.rows(explain))


def _present(value: bytes | None) -> bytes:
    assert value is not None, "no column of a chunk key is nullable"
    return value
