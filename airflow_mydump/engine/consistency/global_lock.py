"""The source's global read lock, for some milliseconds."""

from __future__ import annotations

import time

from airflow_mydump.engine.consistency.long_query import guard
from airflow_mydump.engine.consistency.settings import Consistency
from airflow_mydump.engine.endpoint import Endpoint
from airflow_mydump.engine.errors import ServerError, SnapshotError
from airflow_mydump.engine.session import Session
from airflow_mydump.engine.session_state import metadata

_LOCK_WAIT_TIMEOUT = 1205
_TRIES = 3


class GlobalLock:
    """FLUSH TABLES WITH READ LOCK, bounded by the server itself: it waits for ``max_lock_seconds`` at most to be
    granted, and a holder that is silent for as long, because it was stopped or cut off, is thrown out.

    Use as a context manager, which is entered when the lock is held, and call `release` while it must be held still.
    """

    def __init__(self, source: Endpoint, settings: Consistency, deadline: float) -> None:
        self._source = source
        self._settings = settings
        self._deadline = deadline

    def __enter__(self) -> GlobalLock:
        for number in range(1, _TRIES + 1):
            # A new connection for each: MySQL (9.7) refuses with error 1205 while queries run, and keeps the lock that
            # it did not grant until the connection ends.
            self._session = Session(self._source, metadata)
            try:
                self._take()
                return self
            except ServerError as error:
                self._session.close()
                if error.number != _LOCK_WAIT_TIMEOUT or number == _TRIES:
                    raise _refused(error, self._settings) from error
                time.sleep(self._settings.max_lock_seconds)  # let those who waited behind it pass
            except BaseException:
                self._session.close()
                raise
        raise AssertionError("the last try returns or raises")

    def _take(self) -> None:
        guard(self._session, self._settings, self._deadline)
        seconds = self._settings.max_lock_seconds
        self._session.execute(f"SET SESSION lock_wait_timeout = {seconds}, wait_timeout = {seconds}")
        self._session.execute("FLUSH TABLES WITH READ LOCK")

    def release(self) -> None:
        """Release the lock. Raises SnapshotError if the server took it away before."""
        try:
            self._session.execute("UNLOCK TABLES")
        except ServerError as error:
            raise SnapshotError(
                f"the global lock was lost before every worker had its snapshot ({error}); all begin anew"
            ) from error

    def __exit__(self, *error: object) -> None:
        self._session.close()


def _refused(error: ServerError, settings: Consistency) -> SnapshotError | ServerError:
    if error.number == _LOCK_WAIT_TIMEOUT:
        return SnapshotError(
            f"the source did not grant its global lock within {settings.max_lock_seconds} s, {_TRIES} times: queries "
            "or backups hold it up; raise max_lock_seconds, or choose a quieter hour"
        )
    return error.during(
        "cannot take the source's global lock for a snapshot (grant the account RELOAD, or choose consistency none)"
    )
