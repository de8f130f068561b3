"""The source's global read lock, for some milliseconds."""

from __future__ import annotations

import time

from airflow_mydump.engine.consistency.long_query import guard
from airflow_mydump.engine.consistency.settings import Consistency
from airflow_mydump.engine.errors import ServerError, SnapshotError, WorkerLostError
from airflow_mydump.engine.retry import retrying
from airflow_mydump.engine.server.endpoint import Endpoint
from airflow_mydump.engine.server.session import Session
from airflow_mydump.engine.server.session_state import metadata

_LOCK_WAIT_TIMEOUT = 1205
_SHORT_TRIES, _PAUSE_SECONDS = 10, 1.5


class GlobalLock:
    """FLUSH TABLES WITH READ LOCK, bounded by the server itself: it waits for ``max_lock_seconds`` at most to be
    granted, and a holder that is silent for as long, because it was stopped or cut off, is thrown out.

    It is asked for many times for a second before it is once for as long as allowed. Longer waiting rarely helps: where
    transactions wait for one another's rows, the one that could go on waits for this lock, this lock for the statement
    that waits for its row, and only giving up lets them all pass.

    Use as a context manager, which is entered when the lock is held.
    """

    def __init__(self, source: Endpoint, settings: Consistency, deadline: float) -> None:
        self._source = source
        self._settings = settings
        self._deadline = deadline

    def __enter__(self) -> GlobalLock:
        for seconds in [1] * _SHORT_TRIES:
            if self._try(seconds):
                return self
            time.sleep(_PAUSE_SECONDS)  # those who waited behind it pass
        if self._try(self._settings.max_lock_seconds):
            return self
        raise SnapshotError(
            f"the source did not grant its global lock, {_SHORT_TRIES} times within a second and once within "
            f"{self._settings.max_lock_seconds} s: queries or backups hold it up; raise max_lock_seconds, or choose a "
            "quieter hour"
        )

    def _try(self, seconds: int) -> bool:
        # A new connection for each: MySQL (9.7) refuses with error 1205 while queries run, and keeps the lock that it
        # did not grant until the connection ends.
        self._session = retrying(self._source.patience)(Session, self._source, metadata)
        try:
            guard(self._session, self._settings, self._deadline)
            self._session.execute(
                f"SET SESSION lock_wait_timeout = {seconds}, wait_timeout = {self._settings.max_lock_seconds}"
            )
            self._session.execute("FLUSH TABLES WITH READ LOCK")
            return True
        except ServerError as error:
            self._session.close()
            if error.number == _LOCK_WAIT_TIMEOUT:
                return False
            raise error.during(
                "cannot take the source's global lock for a snapshot (grant the account RELOAD, or choose consistency "
                "none)"
            ) from error
        except BaseException:
            self._session.close()
            raise

    def release(self) -> None:
        """Release the lock. Raises SnapshotError if the server took it away before."""
        try:
            self._session.execute("UNLOCK TABLES")
        except ServerError as error:
            raise WorkerLostError(
                f"the global lock was lost before every worker had its snapshot ({error}); all begin anew"
            ) from error

    def __exit__(self, *error: object) -> None:
        self._session.close()
