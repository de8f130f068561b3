"""A session that stays in one snapshot for as long as it lives."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from threading import RLock
from typing import Any

from MySQLdb import _mysql

from airflow_mydump.engine.consistency.sign_of_life import BOUNDED, SignOfLife
from airflow_mydump.engine.error_number import LOST
from airflow_mydump.engine.errors import MydumpError, ServerError, SnapshotError, WorkerLostError
from airflow_mydump.engine.identifier import TableName
from airflow_mydump.engine.server.endpoint import Endpoint
from airflow_mydump.engine.server.session import Row, Session
from airflow_mydump.engine.server.session_state import SILENCE_SECONDS, metadata, reading

_LOCK_SECONDS = 30
_TABLES_AT_ONCE = 64
_LOCK_WAIT_TIMEOUT = 1205


class KeptSession(Session):
    """A reading session in the snapshot of the moment in which `begin` was called.

    It never reconnects, because a snapshot cannot be had twice. When the target fails in the middle of a chunk, the
    rows that are left are thrown away, and not the connection.

    Between two chunks it shows that it lives, so that its snapshot, and what that keeps, does not outlive its machine
    for long. While a chunk is read it may have to wait for a slow target, when all of the chunk is under way already
    and the server hears nothing: for as long as a target may be silent.
    """

    def __init__(self, source: Endpoint) -> None:
        self._one_at_a_time = RLock()
        self._alive = SignOfLife(self._show_life)
        super().__init__(source, reading)
        try:
            self._prepare()
        except BaseException:
            self.close()
            raise

    def _prepare(self) -> None:
        self.execute(BOUNDED)
        self._alive.begin()
        # An ALTER may wait for a table that another worker has read, this worker behind it, and the other one for this
        # worker's bundle: it must give the bundle away.
        self.execute(f"SET SESSION lock_wait_timeout = {_LOCK_SECONDS}")
        if self.flavor.logging_keeps_tables:
            with suppress(ServerError):  # it asks for BINLOG ADMIN; without it, others wait longer, and this is slower
                self.execute("SET SESSION sql_log_bin = 0")

    def __enter__(self) -> KeptSession:
        return self

    def close(self) -> None:
        """As `Session.close`."""
        self._alive.end()
        with self._one_at_a_time:
            super().close()

    def begin(self) -> None:
        """Begin the snapshot. Raises WorkerLostError, ServerError."""
        with _needing_the_snapshot():
            self.execute("START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY")

    @contextmanager
    def holding(self, tables: Sequence[TableName]) -> Iterator[None]:
        """Keep the names of tables inside: who alters, renames, empties or drops one waits.

        The server lets go of them afterwards, MariaDB without BINLOG ADMIN at the end of the snapshot. Raises
        SnapshotError if one stays locked by somebody else, WorkerLostError, ServerError.
        """
        with _needing_the_snapshot():
            self.execute("SAVEPOINT held")
            for start in range(0, len(tables), _TABLES_AT_ONCE):
                some = tables[start : start + _TABLES_AT_ONCE]
                self.rows(" UNION ALL ".join(f"(SELECT 1 FROM {table.sql} LIMIT 0)" for table in some))
        yield
        with _needing_the_snapshot():
            self.execute("ROLLBACK TO SAVEPOINT held")

    def execute(self, sql: str, encoding: str = "utf-8") -> int:
        """As `Session.execute`."""
        with self._one_at_a_time:
            return super().execute(sql, encoding)

    def rows(self, sql: str) -> list[Row]:
        """As `Session.rows`. Raises SnapshotError if the table stays locked."""
        with self._one_at_a_time, _giving_way():
            return super().rows(sql)

    def named_rows(self, sql: str) -> list[dict[str, str]]:
        """As `Session.named_rows`."""
        with self._one_at_a_time:
            return super().named_rows(sql)

    def stream(self, sql: str, batch_rows: int) -> Iterator[tuple[Row, ...]]:
        """As `Session.stream`. Raises SnapshotError if the table stays locked."""
        with self._one_at_a_time, _giving_way():
            yield from super().stream(sql, batch_rows)

    def stream_by_size(self, sql: str, batch_rows: int, batch_bytes: int) -> Iterator[list[Row]]:
        """As `Session.stream_by_size`. Raises SnapshotError if the table stays locked."""
        with self._one_at_a_time, _giving_way():
            yield from super().stream_by_size(sql, batch_rows, batch_bytes)

    @contextmanager
    def consistent_snapshot(self) -> Iterator[None]:
        """The snapshot that is there already. Raises SnapshotError if an error inside has cost it.

        The server lets go of the tables afterwards, so that an ALTER need not wait for the end of the run, and others
        behind the ALTER; MariaDB keeps them if the account lacks BINLOG ADMIN.
        """
        try:
            self.execute("SAVEPOINT chunk")
            with self._patient():
                yield
        except BaseException as error:
            try:
                self.execute("ROLLBACK TO SAVEPOINT chunk")
            except ServerError:
                raise WorkerLostError(
                    f"the source's snapshot was lost with its connection ({error}), and no other can read it: the "
                    "other workers do what this one leaves"
                ) from error
            raise
        self.execute("ROLLBACK TO SAVEPOINT chunk")

    @contextmanager
    def _patient(self) -> Iterator[None]:
        self.execute(f"SET SESSION wait_timeout = {SILENCE_SECONDS}")
        try:
            yield
        finally:
            with suppress(ServerError):  # a connection that is lost says so when it is needed
                self.execute(BOUNDED)

    def _show_life(self) -> None:
        # Not while another thread uses the connection: the server hears from it then, or is to wait.
        if self._one_at_a_time.acquire(blocking=False):
            try:
                super().execute("DO 0")
            finally:
                self._one_at_a_time.release()

    def _abandon(self, result: Any) -> None:
        if result is None:
            return  # the query failed: nothing is on the wire
        with suppress(MydumpError), Session(self.endpoint, metadata) as other:
            other.execute(f"KILL QUERY {self._connection.thread_id()}")
        with suppress(_mysql.Error):  # that the query was interrupted, or that the connection is lost
            while result.fetch_row(maxrows=1):
                pass
        with suppress(ServerError):  # an interruption that came after the query's end hits the next statement (1317)
            self.execute("DO 0")


@contextmanager
def _needing_the_snapshot() -> Iterator[None]:
    try:
        yield
    except ServerError as error:
        if error.number not in LOST:
            raise
        raise WorkerLostError(
            f"the source's snapshot was lost with its connection ({error}); the other workers do what this one leaves"
        ) from error


@contextmanager
def _giving_way() -> Iterator[None]:
    try:
        yield
    except ServerError as error:
        if error.number != _LOCK_WAIT_TIMEOUT:
            raise
        raise SnapshotError(
            f"a table on the source was locked by somebody else for {_LOCK_SECONDS} s; the other workers do what this "
            "one leaves"
        ) from error
