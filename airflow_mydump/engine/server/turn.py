"""Turns: named locks of the target, in which one session at a time does what no transaction can undo.

The server frees them when their session ends, and ends a session that is silent for SILENT_SECONDS. So a machine that
stands still loses its turn, and when it goes on its session can do nothing any more. In the next session it has to
look again at what is left to do, after it has got its turn.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress
from hashlib import sha256
from typing import Protocol

from airflow_mydump.engine.errors import ServerError
from airflow_mydump.engine.server.endpoint import Endpoint
from airflow_mydump.engine.server.session import Session
from airflow_mydump.engine.server.session_state import metadata

TURN_SECONDS = 120
"""How long to wait for a turn, as long as for a row; then the attempt is made again."""

SILENT_SECONDS = 60
"""How long a session may be silent that has a turn: less than others wait for it."""

_LOCK_WAIT_TIMEOUT = 1205


class Connection(Protocol):
    """A connection that may have a turn: a `Session`, or a `Loader`."""

    def execute(self, sql: str) -> int:
        """Run a statement without rows. Raises ServerError."""

    def texts(self, query: str) -> tuple[str, ...]:
        """The only row of a query. Raises ServerError."""


def take_turn(connection: Connection, things: Collection[str]) -> None:
    """Wait until no other connection has its turn with any of these things, and keep others away from then on.

    Raises ServerError, 1205 after TURN_SECONDS in vain.
    """
    # In one order everywhere, so that no two wait for each other. AND ends at the first that is not granted.
    wanted = " AND ".join(f"COALESCE(GET_LOCK({lock}, {TURN_SECONDS}), 0)" for lock in sorted(map(_lock, things)))
    (granted,) = connection.texts(f"SELECT {wanted or '1'}")
    if granted != "1":
        give_back(connection, things)
        told = f"{min(things)}{f' or {len(things) - 1} others' if len(things) > 1 else ''}"
        raise ServerError(_LOCK_WAIT_TIMEOUT, f"another worker is busy with {told} for longer than {TURN_SECONDS} s")


def give_back(connection: Connection, things: Collection[str]) -> None:
    """Let others have their turn. A connection that is lost has done so already."""
    with suppress(ServerError):
        connection.execute(f"DO {', '.join(f'RELEASE_LOCK({_lock(thing)})' for thing in things) or '0'}")


def limit_silence(connection: Connection) -> None:
    """Let the server end a connection, and with it its turn, when it is silent for SILENT_SECONDS; due again after what
    pins the state of its session anew. Raises ServerError."""
    connection.execute(f"SET wait_timeout = {SILENT_SECONDS}")


@contextmanager
def turn(connection: Connection, things: Collection[str]) -> Iterator[None]:
    """`take_turn`, until the end of the context."""
    take_turn(connection, things)
    try:
        yield
    finally:
        give_back(connection, things)


def in_turn(target: Endpoint, things: Collection[str], look: Callable[[Session], None] | None = None) -> Session:
    """A new metadata session that has its turn with these things for as long as it lives, or until it is silent.

    ``look`` is called in it first, and sees what others did in theirs. Raises what it raises, ConnectError, ServerError
    as `take_turn` does.
    """
    session = Session(target, metadata)
    try:
        limit_silence(session)
        take_turn(session, things)
        if look:
            look(session)
    except BaseException:
        session.close()
        raise
    return session


def _lock(thing: str) -> str:
    # 64 characters are the most that a name of a lock may have on MySQL (error 3057), as many as one of a table.
    return f"'mydump-{sha256(thing.encode()).hexdigest()[:56]}'"
