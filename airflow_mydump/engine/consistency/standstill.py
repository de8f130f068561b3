"""The proof that a replica whose applier is stopped stands still.

Three things that may write to it are looked at. The applier, by its being stopped and by how far it has come, which
moves with whatever it does, also where the server does not log that again (``log_slave_updates``). Everybody else, by
``read_only``. And administrators, whom that does not concern: by the position in the server's own binary log, which
moves with all they write, or by ``super_read_only``, which refuses them.
"""

from __future__ import annotations

from airflow_mydump.engine.consistency.applier import read_applier
from airflow_mydump.engine.consistency.held_session import Proof
from airflow_mydump.engine.errors import PreflightError, SnapshotError
from airflow_mydump.engine.server.replication_position import read_position
from airflow_mydump.engine.server.session import Session


def standstill(session: Session) -> dict[str, str]:
    """The server's own position in its binary log and how far its applier has come; while both stay as they are, nobody
    writes to it. Raises SnapshotError if the applier runs, ConfigurationError, ServerError."""
    applier = read_applier(session)
    if applier.running:
        raise SnapshotError("the source's applier runs, and was to be paused while rows are read; all begin anew")
    return read_position(session) | {
        "PRIMARY": applier.primary,
        "PRIMARY_LOG_FILE": applier.log_file,
        "PRIMARY_LOG_POS": applier.log_position,
    }


def stands_still(position: dict[str, str]) -> Proof:
    """A proof that the source is where it was."""

    def prove(session: Session) -> None:
        try:
            require_provable(session)
        except PreflightError as error:
            raise SnapshotError(f"{error}; this is so since its applier was paused, and all begin anew") from error
        if standstill(session) != position:
            raise SnapshotError(
                "the source has moved on since its applier was paused: somebody wrote to it, or let the applier run; "
                "what was read is thrown away when the run pauses it again"
            )

    return prove


def require_provable(session: Session) -> None:
    """Raise PreflightError if somebody might write to the server, its applier stopped, and nothing would show it;
    ServerError."""
    if not _is_on(session, "read_only"):
        raise PreflightError(
            "the source is a replica that may be written to besides, so pausing its applier does not keep it still: "
            "SET GLOBAL read_only = 1, or choose another mode of consistency"
        )
    # Galera brings the writes of other nodes, and logs them only with log_slave_updates.
    if session.rows("SHOW GLOBAL VARIABLES LIKE 'wsrep\\_on'") and _is_on(session, "wsrep_on"):
        raise PreflightError(
            "the source is a node of a Galera cluster (wsrep_on), whose other nodes write to it while its applier is "
            "paused: choose another mode of consistency"
        )
    if session.flavor.has_super_read_only and _is_on(session, "super_read_only"):
        return
    if not read_position(session):
        raise PreflightError(_unseen_administrators(session))


def _unseen_administrators(session: Session) -> str:
    if _is_on(session, "log_bin"):
        remedy = f"GRANT {session.flavor.binary_log_privilege} ON *.* to the source's account, which may not see it"
    else:
        remedy = "start the source with log_bin, for it has none"
    if session.flavor.has_super_read_only:
        remedy += ", or SET GLOBAL super_read_only = 1"
    return (
        "that an administrator writes to the source while its applier is paused is seen by its binary log alone: "
        f"{remedy}, or choose another mode of consistency"
    )


def _is_on(session: Session, variable: str) -> bool:
    # A number or a word, and MariaDB has other words for a read_only that is stricter (12.0).
    return session.value(f"SELECT @@GLOBAL.{variable}") not in (b"0", b"OFF")
