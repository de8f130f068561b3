"""Read locks on the source's tables, for as long as their rows are read."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import ExitStack

from airflow_mydump.engine.consistency.held_session import Proof
from airflow_mydump.engine.consistency.long_query import guard
from airflow_mydump.engine.consistency.named_lock import NamedLocks
from airflow_mydump.engine.consistency.settings import Consistency
from airflow_mydump.engine.errors import ServerError, SnapshotError, WorkerLostError
from airflow_mydump.engine.identifier import TableName
from airflow_mydump.engine.retry import retrying
from airflow_mydump.engine.server.endpoint import Endpoint
from airflow_mydump.engine.server.session import Session

_LOCK_WAIT_TIMEOUT = 1205
_SHORT_TRIES, _PAUSE_SECONDS = 10, 1.5
_PREPARED_POLL_SECONDS = 0.05


class TableLock:
    """FLUSH TABLES … WITH READ LOCK on a connection that also has a named lock of the epoch, so that who sees the one
    knows of the other: both end with the connection.

    It keeps definitions from changing, too, and MySQL (9.7, error 1205) refuses it beside LOCK INSTANCE FOR BACKUP.
    Getting it is bounded as with the global lock. Transactions that have written to the tables are waited for, and
    writers behind the lock wait. Use as a context manager, which is entered when the lock is held.
    """

    def __init__(
        self,
        source: Endpoint,
        run: str,
        epoch: str,
        tables: Sequence[TableName],
        settings: Consistency,
        deadline: float,
    ) -> None:
        self._source = source
        self._run = run
        self._epoch = epoch
        self._statement = f"FLUSH TABLES {', '.join(table.sql for table in tables)} WITH READ LOCK"
        self._settings = settings
        self._deadline = deadline
        self._held = ExitStack()

    def __enter__(self) -> TableLock:
        for seconds in [1] * _SHORT_TRIES:
            if self._try(seconds):
                return self
            time.sleep(_PAUSE_SECONDS)  # those who waited behind it pass
        if self._try(self._settings.max_lock_seconds):
            return self
        raise SnapshotError(
            f"the source did not grant read locks on the tables, {_SHORT_TRIES} times within a second and once within "
            f"{self._settings.max_lock_seconds} s: transactions that write to them hold them up; raise "
            "max_lock_seconds, or choose a quieter hour"
        )

    def _try(self, seconds: int) -> bool:
        # A new connection for each: what a refused try leaves behind ends with it, see `GlobalLock`.
        with ExitStack() as stack:
            locks = retrying(self._source.patience)(lambda: stack.enter_context(NamedLocks(self._source, self._run)))
            with locks.connection() as session:
                guard(session, self._settings, self._deadline)
                try:
                    session.execute(f"SET SESSION lock_wait_timeout = {seconds}")
                    session.execute(self._statement)
                except ServerError as error:
                    if error.number == _LOCK_WAIT_TIMEOUT:
                        return False
                    raise error.during(
                        "cannot take read locks on the source's tables (grant the account RELOAD and LOCK TABLES, or "
                        "choose another mode of consistency)"
                    ) from error
                self._await_prepared(session)
            locks.take(_held(self._epoch))
            self._held = stack.pop_all()
        return True

    def _await_prepared(self, session: Session) -> None:
        """Wait for the transactions that were prepared before the locks were held; none that is prepared from now on
        has written to the tables. Raises SnapshotError."""
        if not session.flavor.locks_pass_prepared:
            return
        before = _prepared(session)
        until = time.monotonic() + self._settings.max_lock_seconds
        while left := before & _prepared(session):
            if time.monotonic() > until:
                raise SnapshotError(
                    f"on the source a transaction is prepared (XA) and neither committed nor rolled back, {min(left)}, "
                    "and may change the tables whoever has them locked: see XA RECOVER, and end it"
                )
            time.sleep(_PREPARED_POLL_SECONDS)

    def __exit__(self, *error: object) -> None:
        self._held.close()


def _prepared(session: Session) -> frozenset[str]:
    """The names of all prepared transactions of the server."""
    return frozenset(" ".join(row) for row in session.text_rows("XA RECOVER FORMAT='SQL'"))


def holder_of(locks: NamedLocks, epoch: str) -> int | None:
    """The connection that has the tables of an epoch locked, if there is one. Raises SnapshotError."""
    return locks.used([_held(epoch)]).get(_held(epoch))


def lock_is_held(locks: NamedLocks, epoch: str) -> Proof:
    """A proof that the connection that has the tables of an epoch locked now has had it ever since.

    Raises SnapshotError if there is none.
    """
    holder = holder_of(locks, epoch)

    def prove(_: Session) -> None:
        if holder is None or holder_of(locks, epoch) != holder:
            raise WorkerLostError(
                "the read locks on the source's tables are gone, for the worker that held them has ended: what was "
                "read is thrown away when the workers are tried again, with new locks"
            )

    return prove


def _held(epoch: str) -> str:
    return f"held:{epoch}"
