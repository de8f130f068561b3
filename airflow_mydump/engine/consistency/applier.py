"""The applier of a replica: the thread that does what the primary did."""

from __future__ import annotations

import time
from dataclasses import dataclass

from airflow_mydump.engine.consistency.held_session import Proof
from airflow_mydump.engine.errors import ConfigurationError, SnapshotError
from airflow_mydump.engine.server.replication_position import read_position
from airflow_mydump.engine.server.session import Session

_POLL_SECONDS = 0.1


@dataclass(frozen=True)
class Applier:
    """Whether it runs, whom it follows, and how far it has come in that server's binary log."""

    running: bool
    primary: str
    log_file: str
    log_position: str


def read_applier(session: Session) -> Applier:
    """The server's applier. Raises ConfigurationError if it has none, or several; ServerError."""
    found = session.named_rows(session.flavor.replica_status)
    if len(found) != 1:
        what = f"{len(found)} appliers" if found else "no applier: it is not a replica"
        raise ConfigurationError(f"the source has {what}; consistency replica needs exactly one")
    # MySQL 8.0.22 renamed the columns; MariaDB (10.11) has the old names.
    status = {
        name.replace("Replica_", "Slave_").replace("Source_", "Master_"): value for name, value in found[0].items()
    }
    return Applier(
        status["Slave_SQL_Running"] != "No",
        f"{status['Master_Host']}:{status['Master_Port']}",
        status["Relay_Master_Log_File"],
        status["Exec_Master_Log_Pos"],
    )


def stop_applier(session: Session, seconds: int) -> None:
    """Stop it, between two transactions. Raises SnapshotError if that takes longer; ServerError."""
    session.execute(session.flavor.stop_applier)
    _wait(session, running=False, seconds=seconds)


def start_applier(session: Session, seconds: int) -> None:
    """Let it run again. Raises SnapshotError if it does not; ServerError."""
    session.execute(session.flavor.start_applier)
    _wait(session, running=True, seconds=seconds)


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
    """A proof that the source is where it was: its applier is stopped, and nothing was written to its binary log."""

    def prove(session: Session) -> None:
        if standstill(session) != position:
            raise SnapshotError(
                "the source has moved on since its applier was paused: somebody wrote to it, or let the applier run; "
                "what was read is thrown away when the run pauses it again"
            )

    return prove


def _wait(session: Session, running: bool, seconds: int) -> None:
    deadline = time.monotonic() + seconds
    while read_applier(session).running is not running:
        if time.monotonic() > deadline:
            wanted = "start again: see its error on the server" if running else "stop: raise max_lock_seconds"
            raise SnapshotError(f"the source's applier did not {wanted} (after {seconds} s)")
        time.sleep(_POLL_SECONDS)
