"""A session that stays in one snapshot for as long as it lives."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from MySQLdb import _mysql

from airflow_mydump.engine.endpoint import Endpoint
from airflow_mydump.engine.errors import MydumpError, ServerError, SnapshotError
from airflow_mydump.engine.session import Session
from airflow_mydump.engine.session_state import metadata, reading


class KeptSession(Session):
    """A reading session in the snapshot of the moment in which `begin` was called.

    It never reconnects, because a snapshot cannot be had twice. When the target fails in the middle of a chunk, the
    rows that are left are thrown away, and not the connection.
    """

    def __init__(self, source: Endpoint) -> None:
        super().__init__(source, reading)

    def __enter__(self) -> KeptSession:
        return self

    def begin(self) -> None:
        """Begin the snapshot. Raises ServerError."""
        self.execute("START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY")

    @contextmanager
    def consistent_snapshot(self) -> Iterator[None]:
        """The snapshot that is there already. Raises SnapshotError if an error inside has cost it.

        MySQL lets go of the tables afterwards, so that an ALTER need not wait for the end of the run, and others behind
        the ALTER; MariaDB (10.11) keeps them.
        """
        try:
            self.execute("SAVEPOINT chunk")
            yield
        except BaseException as error:
            try:
                self.execute("ROLLBACK TO SAVEPOINT chunk")
            except ServerError:
                raise SnapshotError(
                    f"the source's snapshot was lost with its connection ({error}), and no other can read it: the "
                    "other workers do what this one leaves"
                ) from error
            raise
        self.execute("ROLLBACK TO SAVEPOINT chunk")

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
