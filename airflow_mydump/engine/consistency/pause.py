"""Pauses a replica's applier for as long as rows are read, and lets it run again afterwards, whatever happened.

That it is this run that stopped it is written down before, where the run keeps its plan: who comes next knows then
that the applier is to run again.
"""

from __future__ import annotations

import secrets
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timezone

from airflow_mydump.engine.consistency.applier import read_applier, standstill, start_applier, stop_applier
from airflow_mydump.engine.consistency.logbook import Logbook, settle
from airflow_mydump.engine.consistency.moment import Moment
from airflow_mydump.engine.consistency.settings import Consistency
from airflow_mydump.engine.errors import PreflightError
from airflow_mydump.engine.event import Event, EventKind, Listener
from airflow_mydump.engine.identifier import TableName
from airflow_mydump.engine.server.endpoint import Endpoint
from airflow_mydump.engine.server.server_name import server_name
from airflow_mydump.engine.server.session import Session
from airflow_mydump.engine.server.session_state import metadata
from airflow_mydump.engine.workdir import WorkDirectory

_PAUSE = "pause.json"


@dataclass(frozen=True)
class Pause:
    """That a run has stopped the applier of a server."""

    server: str


def pause_applier(
    source: Endpoint, record: WorkDirectory, settings: Consistency, logbook: Logbook, announce: Listener
) -> None:
    """Stop the applier and note the moment; does nothing when all work is done.

    After a try that was killed it goes on in the same moment if nothing has moved since; otherwise what was read before
    is thrown away. Raises PreflightError if somebody else has stopped the applier or the server may be written to,
    ConfigurationError if it is no replica, SnapshotError, ServerError; the applier runs again then.
    """
    if logbook.complete():
        return
    with Session(source, metadata) as session:
        running, ours = read_applier(session).running, record.exists(_PAUSE)
        if not running and not ours:
            raise PreflightError(
                "the source's applier is stopped already, and not by this run: whoever stopped it may start it at any "
                "time; start it, or choose another mode of consistency"
            )
        require_read_only(session)
        if not ours:
            record.write(_PAUSE, Pause(server_name(session)))
        else:
            announce(_notice("an earlier try of this run was ended while it had the source's applier stopped"))
        try:
            _begin(session, running, settings, logbook, announce)
        except BaseException:
            resume_applier(source, record, settings, announce)
            raise


def resume_applier(source: Endpoint, record: WorkDirectory, settings: Consistency, announce: Listener) -> None:
    """Let the applier run again if this run has stopped it; harmless if it runs, or was never stopped.

    Raises SnapshotError if it does not start, ConnectError, ServerError.
    """
    record.filesystem.invalidate_cache()
    if not record.exists(_PAUSE):
        return
    with Session(source, metadata) as session:
        if not read_applier(session).running:
            start_applier(session, settings.max_lock_seconds)
            announce(_notice("the source's applier runs again"))
    with suppress(FileNotFoundError):
        record.filesystem.rm_file(record.file(_PAUSE))


def require_read_only(session: Session) -> None:
    """Raise PreflightError unless the server refuses writes of everybody but its applier; ServerError."""
    if session.value("SELECT @@GLOBAL.read_only") in (b"0", b"OFF"):
        raise PreflightError(
            "the source is a replica that may be written to besides, so pausing its applier does not keep it still: "
            "SET GLOBAL read_only = 1, or choose another mode of consistency"
        )


def _begin(session: Session, running: bool, settings: Consistency, logbook: Logbook, announce: Listener) -> None:
    if running:
        stop_applier(session, settings.max_lock_seconds)
    taken_at = datetime.now(timezone.utc)
    position, server = standstill(session), server_name(session)
    moment = logbook.current()
    if moment and (moment.position, moment.server) == (position, server):
        logbook.require_planned()
        announce(_notice("nothing has moved on the source since then: going on in the same moment"))
        return
    logbook.clear()
    moment = Moment(
        epoch=secrets.token_hex(8),
        mode="replica",
        taken_at=taken_at.strftime("%Y-%m-%d %H:%M:%S.%f"),
        server=server,
        position=position,
        definitions_locked=True,  # nobody but administrators may change anything
    )
    settle(logbook, moment)
    announce(_notice(f"the source's applier is paused: {moment}"))


def _notice(text: str) -> Event:
    return Event(EventKind.NOTICE, TableName("", ""), text=text)
