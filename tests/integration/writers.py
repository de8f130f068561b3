"""Writers on a source that never stop, and keep a promise that any moment of it keeps."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pymysql

from tests.integration.pair import rows_of, run_sql

if TYPE_CHECKING:
    from sandbox.server import Server

ACCOUNTS, CENTS = 200, 1000
SIDES = ("left_", "right_")


def make_bank(server: Server, database: str) -> None:
    """Two tables whose sum never changes, and a journal whose rows are in the order of their commits."""
    accounts = ", ".join(f"({number}, {CENTS}, REPEAT('x', 200))" for number in range(ACCOUNTS))
    run_sql(
        server,
        *(f"CREATE TABLE {side} (id INT PRIMARY KEY, cents INT NOT NULL, filler CHAR(200))" for side in SIDES),
        *(f"INSERT INTO {side} VALUES {accounts}" for side in SIDES),
        "CREATE TABLE journal (number BIGINT PRIMARY KEY, cents INT NOT NULL)",
        "CREATE TABLE counter (one INT PRIMARY KEY, number BIGINT NOT NULL)",
        "INSERT INTO counter VALUES (1, 0)",
        database=database,
    )  # fmt: skip


class Writers:
    """Threads that transfer from one table to the other; each transfer has the next number in the journal."""

    def __init__(self, server: Server, database: str, threads: int = 2) -> None:
        self._server, self._database = server, database
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._transfer, args=(number,)) for number in range(threads)]
        self.slowest = 0.0

    def __enter__(self) -> Writers:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _transfer(self, seed: int) -> None:
        number = seed
        with self._server.connect(database=self._database) as connection, connection.cursor() as cursor:
            cursor.execute("SET autocommit = 0")
            while not self._stop.is_set():
                number = (number * 31 + 17) % ACCOUNTS
                try:
                    # The counter's row is locked to the commit: numbers are in the order of commits.
                    cursor.execute("UPDATE counter SET number = number + 1")
                    cursor.execute("INSERT INTO journal SELECT number, 1 FROM counter")
                    cursor.execute(f"UPDATE left_ SET cents = cents - 1 WHERE id = {number}")
                    cursor.execute(f"UPDATE right_ SET cents = cents + 1 WHERE id = {ACCOUNTS - 1 - number}")
                    connection.commit()
                except pymysql.err.OperationalError:
                    connection.rollback()


def require_one_moment(server: Server, database: str) -> int:
    """Assert that the tables are of one and the same moment; returns how many transfers there were by then."""
    ((total,),) = rows_of(
        server, "SELECT (SELECT SUM(cents) FROM left_) + (SELECT SUM(cents) FROM right_)", database=database
    )
    assert total == 2 * ACCOUNTS * CENTS
    ((counted, highest, moved, counter),) = rows_of(
        server,
        "SELECT COUNT(*), COALESCE(MAX(number), 0), "
        f"(SELECT SUM(cents) FROM right_) - {ACCOUNTS * CENTS}, (SELECT number FROM counter) FROM journal",
        database=database,
    )
    assert counted == highest == moved == counter
    return int(highest)
