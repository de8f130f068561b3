"""A sign of life on a connection that is needed later, so that the server drops it soon after its machine has vanished.

A server knows of no death that the network has not told it of, and keeps what the connection has: named locks, table
locks, a snapshot. So it is told to drop a connection that is silent for `LOST_AFTER_SECONDS`, and asked something more
often than that for as long as the process lives.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from threading import Event, Thread

from airflow_mydump.engine.errors import MydumpError

LOST_AFTER_SECONDS = 45
_SIGN_OF_LIFE_SECONDS = 10

BOUNDED = f"SET SESSION wait_timeout = {LOST_AFTER_SECONDS}"
"""For the connection itself."""


class SignOfLife:
    """A thread that calls ``ask`` from time to time, from `begin` to `end`. An error ends it, and is seen by whoever
    uses the connection next."""

    def __init__(self, ask: Callable[[], None]) -> None:
        self._ask = ask
        self._ended = Event()
        self._thread = Thread(target=self._show, daemon=True)

    def begin(self) -> None:
        """Begin to ask."""
        self._thread.start()

    def end(self) -> None:
        """Ask no more; one that is being asked may still be at it."""
        self._ended.set()

    def _show(self) -> None:
        with suppress(MydumpError):
            while not self._ended.wait(_SIGN_OF_LIFE_SECONDS):
                self._ask()
