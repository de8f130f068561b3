"""Keeps definitions on the source from changing while its rows are read."""

from __future__ import annotations

from airflow_mydump.engine.consistency.named_lock import NamedLocks
from airflow_mydump.engine.consistency.settings import Consistency
from airflow_mydump.engine.errors import ServerError


def lock_definitions(locks: NamedLocks, settings: Consistency) -> bool:
    """Take MySQL's backup lock, which many may hold and which stays until the connection ends; False if it is not to
    be had.

    Writers are not held up by it, only ALTER, CREATE, DROP and TRUNCATE are. The account needs BACKUP_ADMIN. Not on
    MariaDB: BACKUP STAGE BLOCK_DDL also blocks every write to a table that is not transactional (measured, 10.11).
    Raises SnapshotError if the connection is lost.
    """
    with locks.connection() as session:
        if not session.flavor.has_backup_lock:
            return False
        try:
            session.execute(f"SET SESSION lock_wait_timeout = {settings.max_lock_seconds}")
            session.execute("LOCK INSTANCE FOR BACKUP")
        except ServerError:
            return False
    return True
