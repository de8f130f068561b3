"""Definitions on a source that never stop changing, and names that other tables take; any moment can be told.

Whatever the moment, of the two tables `one` and `two` one has the rows of A, and the other those of B; so have the
first partition of `cut` and the table `spare`.
"""

from __future__ import annotations

import itertools
import threading
import time
from typing import TYPE_CHECKING

import pymysql

from tests.integration.pair import rows_of, run_sql

if TYPE_CHECKING:
    from sandbox.server import Server

ROWS = 300
_PAUSE_SECONDS = 0.15
_PASSING = (1205, 1213)

_CHANGES = (
    ("RENAME TABLE one TO three, two TO one, three TO two",),
    ("ALTER TABLE cut EXCHANGE PARTITION p0 WITH TABLE spare",),
    ("ALTER TABLE left_ ADD COLUMN late INT NOT NULL DEFAULT 7", "ALTER TABLE left_ DROP COLUMN late"),
    ("CREATE TABLE passing (v INT)", "INSERT INTO passing VALUES (1)", "DROP TABLE passing"),
    ("ALTER TABLE cut ADD PARTITION (PARTITION p9 VALUES LESS THAN (9000))", "ALTER TABLE cut DROP PARTITION p9"),
    ("ALTER TABLE one CHANGE v w CHAR(40), CHANGE w v CHAR(40)",) * 2,
    ("CREATE OR REPLACE VIEW seen AS SELECT 1 AS one", "DROP VIEW seen"),
    ("ALTER TABLE right_ ENGINE = InnoDB",),
)  # fmt: skip


def make_tables(server: Server, database: str) -> None:
    """The tables that change, beside those of `make_bank`."""
    columns = "(id INT PRIMARY KEY, v CHAR(40), w CHAR(40))"
    run_sql(
        server,
        f"CREATE TABLE one {columns}",
        f"CREATE TABLE two {columns}",
        f"CREATE TABLE spare {columns}",
        f"CREATE TABLE cut {columns} PARTITION BY RANGE (id) "
        "(PARTITION p0 VALUES LESS THAN (1000), PARTITION p1 VALUES LESS THAN (2000))",
        *(f"INSERT INTO {table} VALUES {_rows(what)}" for table, what in
          (("one", "A"), ("two", "B"), ("cut", "A"), ("spare", "B"))),
        "INSERT INTO cut VALUES (1500, 'v', 'w')",
        database=database,
    )  # fmt: skip


def _rows(what: str) -> str:
    return ", ".join(f"({number}, 'v {what}', 'w {what}')" for number in range(ROWS))


class DefinitionLoop:
    """A thread that changes them until the block ends, each change after a pause."""

    def __init__(self, server: Server, database: str) -> None:
        self._server, self._database = server, database
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._change)
        self.changes = 0

    def __enter__(self) -> DefinitionLoop:
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._stop.set()
        self._thread.join()

    def _change(self) -> None:
        with self._server.connect(database=self._database) as connection, connection.cursor() as cursor:
            cursor.execute("SET lock_wait_timeout = 2")
            for change in itertools.cycle(_CHANGES):
                for statement in change:
                    self._run(cursor, statement)
                if self._stop.wait(_PAUSE_SECONDS):
                    return

    def _run(self, cursor: pymysql.cursors.Cursor, statement: str) -> None:
        """Until it is done, or was done by a try whose answer said otherwise."""
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            try:
                cursor.execute(statement)
            except pymysql.Error as error:
                if error.args[0] not in _PASSING:
                    return
            else:
                self.changes += 1
                return


def require_right(server: Server, database: str, one_moment: bool) -> None:
    """Assert that every table has the rows that it had in some moment, and all in the same one if so it must be."""
    held = {table: _content(server, database, table) for table in ("one", "two", "cut", "spare")}
    assert rows_of(server, "SELECT v, w FROM cut WHERE id >= 1000", database) == [("v", "w")]
    if one_moment:
        assert {held["one"], held["two"]} == {held["cut"], held["spare"]} == {"A", "B"}, held


def _content(server: Server, database: str, table: str) -> str:
    """A or B; nothing but the rows of one of them."""
    rows = rows_of(server, f"SELECT id, v, w FROM {table} WHERE id < 1000 ORDER BY id", database)
    assert [number for number, *_ in rows] == list(range(ROWS)), table
    (texts,) = {tuple(texts) for _, *texts in rows}
    what = str(texts[0])[-1]
    assert texts == (f"v {what}", f"w {what}"), (table, texts)
    return what
