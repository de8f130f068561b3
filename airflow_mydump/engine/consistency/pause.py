"""Pauses a replica's applier for as long as rows are read, and lets it run again afterwards, whatever happened.

That it is this run that stopped it is written down before, where the run keeps what outlives its plans: who comes next
knows then that the applier is to run again.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timezone

from airflow_mydump.engine.consistency.applier import read_applier, start_applier, stop_applier
from airflow_mydump.engine.consistency.logbook import Logbook, settle
from airflow_mydump.engine.consistency.moment import Moment
from airflow_mydump.engine.consistency.settings import Consistency
from airflow_mydump.engine.consistency.standstill import require_provable, standstill
from airflow_mydump.engine.errors import IncompleteRunError, MydumpError, PreflightError
from airflow_mydump.engine.event import Listener, notice
from airflow_mydump.engine.server.endpoint import Endpoint
from airflow_mydump.engine.server.server_name import server_name
from airflow_mydump.engine.server.session import Session
from airflow_mydump.engine.server.turn import in_turn
from airflow_mydump.engine.workdir import WorkDirectory

PAUSE = "pause.json"
"""The record's file."""


@dataclass(frozen=True)
class Pause:
    """That a run has stopped the applier of a server, or is about to."""

    server: str


def pause_applier(
    source: Endpoint, record: WorkDirectory, settings: Consistency, logbook: Logbook, announce: Listener
) -> None:
    """Stop the applier and note the moment; does nothing when all work is done.

    ``record`` is the run's directory, whatever its plan: a pause that an earlier try left is this one's. It goes on in
    the same moment then, if the plan is the same and nothing has moved since; otherwise what was read before is thrown
    away.

    Raises PreflightError if somebody else has stopped the applier or the server may be written to,
    ConfigurationError if it is no replica, IncompleteRunError, SnapshotError, ServerError; the applier runs again then,
    or `resume_applier` is left to see to it.
    """
    if logbook.complete():
        return
    try:
        standing = _stop(source, record, settings, announce)
        _begin(standing, logbook, announce)
    except BaseException:
        with suppress(MydumpError):  # the record stays
            resume_applier(source, record, settings, announce)
        raise


def resume_applier(source: Endpoint, record: WorkDirectory, settings: Consistency, announce: Listener) -> None:
    """Let the applier run again if this run has stopped it; harmless if it runs, or was never stopped.

    Raises SnapshotError if it does not start, IncompleteRunError if another server answers now, ConnectError,
    ServerError; another try may succeed.
    """
    if _found(record) is None:
        return
    with _turn(source, record) as session:
        pause = _found(record)
        if pause is None:
            return
        if server_name(session) != pause.server:
            raise IncompleteRunError(_elsewhere(session, pause, record))
        start_applier(source, pause.server, settings.max_lock_seconds)
        announce(notice("the source's applier runs again"))
        with suppress(FileNotFoundError):
            record.filesystem.rm_file(record.file(PAUSE))


@contextmanager
def resuming(source: Endpoint, record: WorkDirectory, settings: Consistency, announce: Listener) -> Iterator[None]:
    """Whatever becomes of the work inside, `resume_applier` is called behind it; a mode without a pause needs none.

    Raises what the work raises, with what that raises besides; or that alone.
    """
    try:
        yield
    except MydumpError as error:
        try:
            resume_applier(source, record, settings, announce)
        except MydumpError as left:
            raise IncompleteRunError(f"{error}; besides, the source's applier is still stopped: {left}") from error
        raise
    except BaseException:
        if _found(record):
            announce(notice("letting the source's applier run again; if this is interrupted too, it stays stopped"))
        resume_applier(source, record, settings, announce)
        raise
    resume_applier(source, record, settings, announce)


def _turn(source: Endpoint, record: WorkDirectory) -> Session:
    """A session in which nobody else of this run stops the applier, or lets it run: whether the record is there, and
    whether the applier runs, go together for whoever has it."""
    return in_turn(source, [f"applier of {record}"])


@dataclass(frozen=True)
class _Standing:
    """A server whose applier is stopped, since when, and how far it has come."""

    server: str
    since: datetime
    position: dict[str, str]


def _stop(source: Endpoint, record: WorkDirectory, settings: Consistency, announce: Listener) -> _Standing:
    with _turn(source, record) as session:
        _take(session, record, announce)
        server = server_name(session)
        stop_applier(source, server, settings.max_lock_seconds)
        return _Standing(server, datetime.now(timezone.utc), standstill(session))


def _take(session: Session, record: WorkDirectory, announce: Listener) -> None:
    """Write down that this run stops the applier, if it is this run's to stop."""
    earlier = _found(record)
    if earlier and earlier.server != server_name(session):
        raise IncompleteRunError(_elsewhere(session, earlier, record))
    if not earlier and not read_applier(session).running:
        raise PreflightError(
            "the source's applier is stopped already, and not by this run: whoever stopped it may start it at any "
            "time; start it, or choose another mode of consistency"
        )
    require_provable(session)
    if earlier:
        announce(notice("an earlier try of this run was ended while it had the source's applier stopped"))
    else:
        record.write(PAUSE, Pause(server_name(session)))


def _begin(standing: _Standing, logbook: Logbook, announce: Listener) -> None:
    before = logbook.current()
    if before and (before.position, before.server) == (standing.position, standing.server):
        logbook.require_planned()
        announce(notice("nothing has moved on the source since then: going on in the same moment"))
        return
    logbook.clear(before)
    moment = Moment(
        epoch=secrets.token_hex(8),
        mode="replica",
        taken_at=standing.since.strftime("%Y-%m-%d %H:%M:%S.%f"),
        server=standing.server,
        position=standing.position,
        definitions_locked=True,  # nobody but administrators may change anything
    )
    settle(logbook, moment)
    announce(notice(f"the source's applier is paused: {moment}"))


def _found(record: WorkDirectory) -> Pause | None:
    record.filesystem.invalidate_cache()
    return record.read(PAUSE, Pause) if record.exists(PAUSE) else None


def _elsewhere(session: Session, pause: Pause, record: WorkDirectory) -> str:
    return (
        f"this run has stopped the applier of {pause.server}, and {server_name(session)} answers at the source's "
        f"address now: let it run again there, and remove {record.file(PAUSE)}"
    )
