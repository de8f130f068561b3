"""Named locks in the source server, by which the workers of a run tell one another what they are doing.

A lock dies with its connection, so whatever happens to a worker, the others see it: no broker, no file, no clock. The
connection is apart from the one that reads: it answers while that one is busy, and the server drops it soon after its
process' death even where the network swallowed the farewell (`sign_of_life`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from threading import Lock

from airflow_mydump.engine.consistency.sign_of_life import BOUNDED, SignOfLife
from airflow_mydump.engine.errors import MydumpError, WorkerLostError
from airflow_mydump.engine.identifier import literal
from airflow_mydump.engine.server.endpoint import Endpoint
from airflow_mydump.engine.server.session import Session
from airflow_mydump.engine.server.session_state import metadata


class NamedLocks:
    """The locks of one process in one run. Use as a context manager; all are free afterwards."""

    def __init__(self, source: Endpoint, run: str) -> None:
        self._source = source
        # MySQL allows 64 characters.
        self._prefix = f"airflow_mydump:{hashlib.sha256(run.encode()).hexdigest()[:16]}:"
        self._one_at_a_time = Lock()
        self._alive = SignOfLife(self.require_alive)

    def __enter__(self) -> NamedLocks:
        self._session = Session(self._source, metadata)
        self._session.execute(BOUNDED)
        self._alive.begin()
        return self

    def __exit__(self, *error: object) -> None:
        self._alive.end()
        with self._one_at_a_time:
            self._session.close()

    def take(self, name: str) -> bool:
        """Take a lock unless somebody else has it; True if it is ours. Raises WorkerLostError."""
        return self._ask(f"GET_LOCK({self._literal(name)}, 0)") == [b"1"]

    def release(self, name: str) -> None:
        """Give a lock back. Raises WorkerLostError."""
        self._ask(f"RELEASE_LOCK({self._literal(name)})")

    def used(self, names: Iterable[str]) -> dict[str, int]:
        """Which of the locks somebody has, we included, and on which connection. Raises WorkerLostError."""
        listed = list(names)
        found = self._ask(*(f"IS_USED_LOCK({self._literal(name)})" for name in listed)) if listed else []
        return {name: int(holder) for name, holder in zip(listed, found, strict=True) if holder is not None}

    def require_alive(self) -> None:
        """Raise WorkerLostError if the locks may be gone."""
        self._ask("1")

    @contextmanager
    def connection(self) -> Iterator[Session]:
        """The connection that has the locks, for statements of another kind that must end when it does."""
        with self._one_at_a_time:
            yield self._session

    def _literal(self, name: str) -> str:
        return literal(self._prefix + name)

    def _ask(self, *expressions: str) -> list[bytes | None]:
        with self._one_at_a_time:
            try:
                (row,) = self._session.rows(f"SELECT {', '.join(expressions)}")
            except MydumpError as error:
                raise WorkerLostError(
                    f"the connection to the source with this worker's locks was lost ({error}): others do its work"
                ) from error
        return list(row)
