"""The applier of a replica: the thread that does what the primary did."""

from __future__ import annotations

import time
from dataclasses import dataclass

from airflow_mydump.engine.error_number import LOST
from airflow_mydump.engine.errors import ConfigurationError, ServerError, SnapshotError
from airflow_mydump.engine.server.endpoint import Endpoint
from airflow_mydump.engine.server.server_name import server_name
from airflow_mydump.engine.server.session import Session
from airflow_mydump.engine.server.session_state import metadata

_POLL_SECONDS = 0.1


@dataclass(frozen=True)
class Applier:
    """Whether it runs, what MariaDB calls its connection, whom it follows, and how far it has come in that server's
    binary log."""

    running: bool
    connection: str
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
        status.get("Connection_name", ""),
        f"{status['Master_Host']}:{status['Master_Port']}",
        status["Relay_Master_Log_File"],
        status["Exec_Master_Log_Pos"],
    )


def stop_applier(source: Endpoint, server: str, seconds: int) -> None:
    """Stop the applier of the server with this name, between two transactions.

    Raises SnapshotError if another server answers or it takes longer, ServerError. The server cannot be made to give
    up then (MariaDB 10.11, MySQL 9.7): it stops the applier when the transaction is over, unless `start_applier` is
    called, which waits behind it.
    """
    with Session(source, metadata, seconds) as session:
        _require(session, server)
        if not _in_time(session, session.flavor.stop_applier(read_applier(session).connection)):
            raise SnapshotError(
                f"the source's applier did not stop within {seconds} s, for it is in a long transaction: raise "
                "max_lock_seconds, or choose a quieter hour"
            )
        _wait(session, running=False, seconds=seconds)


def start_applier(source: Endpoint, server: str, seconds: int) -> None:
    """Let the applier of the server with this name run again; harmless if it does.

    Raises SnapshotError if another server answers or it takes longer: the server then starts the applier when it has
    stopped it, which it was asked for before. ServerError.
    """
    with Session(source, metadata, seconds) as session:
        _require(session, server)
        if not _in_time(session, session.flavor.start_applier(read_applier(session).connection)):
            raise SnapshotError(
                f"the source has not stopped its applier yet, after {seconds} s, for it is in a long transaction; it "
                "runs on afterwards"
            )
        _wait(session, running=True, seconds=seconds)


def _require(session: Session, server: str) -> None:
    if (now := server_name(session)) != server:
        raise SnapshotError(f"at the source's address answer several servers: {server}, and {now}")


def _in_time(session: Session, statement: str) -> bool:
    """Whether a statement is done before the session counts the server as lost; it is done all the same."""
    try:
        session.execute(statement)
    except ServerError as error:
        if error.number in LOST:
            return False
        raise
    return True


def _wait(session: Session, running: bool, seconds: int) -> None:
    deadline = time.monotonic() + seconds
    while read_applier(session).running is not running:
        if time.monotonic() > deadline:
            wanted = "start again: see its error on the server" if running else "stop: raise max_lock_seconds"
            raise SnapshotError(f"the source's applier did not {wanted} (after {seconds} s)")
        time.sleep(_POLL_SECONDS)
