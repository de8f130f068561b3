"""How the workers of a run come to read in tables that one of them keeps locked.

Who is first locks the tables and keeps them locked until it ends, which it does when all bundles are done. The others
join whenever they come. When the one with the locks dies, so do the locks, no other worker can prove any more that they
are held, and all begin anew.
"""

from __future__ import annotations

import secrets
import time
from contextlib import ExitStack
from datetime import datetime, timezone

from airflow_mydump.engine.consistency.logbook import Logbook, settle, start_over
from airflow_mydump.engine.consistency.moment import Moment
from airflow_mydump.engine.consistency.named_lock import NamedLocks
from airflow_mydump.engine.consistency.settings import Consistency
from airflow_mydump.engine.consistency.table_lock import TableLock, holder_of
from airflow_mydump.engine.errors import ServerError, SnapshotError
from airflow_mydump.engine.server.endpoint import Endpoint
from airflow_mydump.engine.server.replication_position import read_position
from airflow_mydump.engine.server.server_name import server_name

_LEADER = "leader"
_POLL_SECONDS = 0.2


class Locking:
    """One worker's part in it. Use as a context manager; the locks are free afterwards, if it had them."""

    def __init__(self, source: Endpoint, run: str, locks: NamedLocks, settings: Consistency, logbook: Logbook) -> None:
        self._source = source
        self._run = run
        self._locks = locks
        self._settings = settings
        self._logbook = logbook
        self._held = ExitStack()

    def __enter__(self) -> Locking:
        return self

    def __exit__(self, *error: object) -> None:
        self._held.close()

    def join(self) -> Moment | None:
        """The moment of the locks that are held: another worker's, or now this one's. None if all work is done.

        Raises SnapshotError, ServerError; another try may succeed.
        """
        deadline = time.monotonic() + self._settings.gather_seconds
        while not self._locks.take(_LEADER):
            moment = self._logbook.current()
            if moment and holder_of(self._locks, moment.epoch):
                return moment
            if time.monotonic() > deadline:
                raise SnapshotError(
                    f"another worker is about to lock the source's tables, and had not after "
                    f"{self._settings.gather_seconds} s; raise gather_seconds, or choose a quieter hour"
                )
            time.sleep(_POLL_SECONDS)
        return None if self._logbook.complete() else self._lead(deadline)

    def _lead(self, deadline: float) -> Moment:
        start_over(self._logbook, self._locks)
        epoch = secrets.token_hex(8)
        tables = self._logbook.tables()
        try:
            self._held.enter_context(TableLock(self._source, self._run, epoch, tables, self._settings, deadline))
        except ServerError:
            self._logbook.require_planned()  # says so if it is because a table is no more
            raise
        taken_at = datetime.now(timezone.utc)
        with self._locks.connection() as connection:
            position, server = read_position(connection), server_name(connection)
        moment = Moment(
            epoch=epoch,
            mode="locked",
            taken_at=taken_at.strftime("%Y-%m-%d %H:%M:%S.%f"),
            server=server,
            position=position,
            definitions_locked=True,  # of the tables, by the same locks
        )
        settle(self._logbook, moment)
        return moment
