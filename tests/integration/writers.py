"""Writers on a source that never stop, and keep a promise that any moment of it keeps."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

import pymysql

from tests.integration.pair import rows_of, run_sql

if TYPE_CHECKING:
    from sandbox.server import Server

ACCOUNTS, CENTS = 600, 1000
SIDES = ("left_", "right_")


def make_bank(server: Server, database: str) -> None:
    """Two tables whose sum never changes, and a journal of all transfers, in which each writer counts its own."""
    accounts = ", ".join(f"({number}, {CENTS}, REPEAT('x', 200))" for number in range(ACCOUNTS))
    run_sql(
        server,
        *(f"CREATE TABLE {side} (id INT PRIMARY KEY, cents INT NOT NULL, filler CHAR(200))" for side in SIDES),
        *(f"INSERT INTO {side} VALUES {accounts}" for side in SIDES),
        "CREATE TABLE journal (writer INT, number BIGINT, PRIMARY KEY (writer, number))",
        database=database,
    )  # fmt: skip


class Writers:
    """Threads that transfer from one table to the other until the block ends.

    ``tireless`` ones begin again where they are after any error of the server's, such as that it is gone.
    """

    def __init__(self, server: Server, database: str, threads: int = 2, tireless: bool = False) -> None:
        self._server, self._database, self._tireless = server, database, tireless
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._write, args=(writer,)) for writer in range(threads)]

    def __enter__(self) -> Writers:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _write(self, writer: int) -> None:
        while not self._stop.is_set():
            try:
                self._transfer(writer)
            except (pymysql.Error, OSError):
                if not self._tireless:
                    raise
                time.sleep(0.05)

    def _transfer(self, writer: int) -> None:
        with self._server.connect(database=self._database) as connection, connection.cursor() as cursor:
            cursor.execute("SET autocommit = 0")
            cursor.execute(f"SELECT COALESCE(MAX(number) + 1, 0) FROM journal WHERE writer = {writer}")
            (number,) = cursor.fetchone() or (0,)
            while not self._stop.is_set():
                # Each writer has accounts of its own: who waits for another's row cannot also wait for a lock on all.
                account = (number * len(self._threads) + writer) % ACCOUNTS
                cursor.execute(f"INSERT INTO journal VALUES ({writer}, {number})")
                cursor.execute(f"UPDATE left_ SET cents = cents - 1 WHERE id = {account}")
                cursor.execute(f"UPDATE right_ SET cents = cents + 1 WHERE id = {account}")
                connection.commit()
                number += 1


def require_one_moment(server: Server, database: str) -> int:
    """Assert that the tables are of one and the same moment; returns how many transfers there were by then."""
    ((total, moved),) = rows_of(
        server,
        f"SELECT l.cents + r.cents, r.cents - {ACCOUNTS * CENTS} FROM (SELECT SUM(cents) cents FROM left_) l, "
        "(SELECT SUM(cents) cents FROM right_) r",
        database=database,
    )
    assert total == 2 * ACCOUNTS * CENTS
    counts = rows_of(server, "SELECT COUNT(*), MAX(number) FROM journal GROUP BY writer", database=database)
    assert all(count == highest + 1 for count, highest in counts), "a writer's transfer is missing before its last"
    assert sum(count for count, _ in counts) == moved
    return int(moved)
