"""A session that reads while something else keeps the source from changing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from airflow_mydump.engine.consistency.kept_session import KeptSession
from airflow_mydump.engine.errors import ServerError, WorkerLostError
from airflow_mydump.engine.server.endpoint import Endpoint
from airflow_mydump.engine.server.session import Session

Proof = Callable[[Session], None]
"""Raises SnapshotError if the source may have changed since the moment that the rows belong to."""


class HeldSession(KeptSession):
    """A reading session that has it proved, before and after each read, that the source stands still.

    It begins a snapshot for each read, before the first proof: rows of transactional tables cannot change in between.
    """

    def __init__(self, source: Endpoint, prove: Proof) -> None:
        super().__init__(source)
        self._prove = prove

    @contextmanager
    def consistent_snapshot(self) -> Iterator[None]:
        """A snapshot of the moment. Raises SnapshotError if it is over, or if the connection was lost."""
        try:
            self.execute("START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY")
            self.require_moment()
            with self._patient():
                yield
            self.require_moment()
        except BaseException as error:
            try:
                self.execute("ROLLBACK")
            except ServerError:
                raise WorkerLostError(
                    f"this worker lost its connection to the source ({error}); it may be tried again"
                ) from error
            raise
        self.execute("COMMIT")

    def require_moment(self) -> None:
        """Raise SnapshotError unless the source is still as it was in the moment of the run."""
        self._prove(self)
