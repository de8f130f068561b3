"""What workers announce, on its way to a listener in the process that has them.

An event takes a pipe 30 µs of both processes, and a tenth of that among others; small tables announce thousands a
second.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from multiprocessing.context import BaseContext
from multiprocessing.queues import SimpleQueue
from threading import Condition, Thread

from airflow_mydump.engine.event import Event, Listener

_SECONDS_AT_ONCE = 0.1
"""How much later than a worker its listener may know; a worker that is killed may take so much with it."""

_LAST_EVENTS_SECONDS = 5.0


class Relay:
    """Calls the listener, in a thread of this process, with what reaches it through ``events``."""

    def __init__(self, context: BaseContext, listener: Listener) -> None:
        self.events: SimpleQueue[Sequence[Event]] = context.SimpleQueue()
        self._listener = listener
        self._error: BaseException | None = None
        self._thread = Thread(target=self._listen, daemon=True)

    def begin(self) -> None:
        """Begin to listen."""
        self._thread.start()

    def end(self) -> None:
        """Listen to what has been sent, and no more; workers must have ended. Raises what the listener raised."""
        # In a thread, and without waiting for ever: a worker that was killed while it announced keeps the queue locked.
        ending = Thread(target=self.events.put, args=((),), daemon=True)
        ending.start()
        self._thread.join(_LAST_EVENTS_SECONDS)
        # A thread that still holds the queue when Python ends makes it complain about a leaked semaphore.
        ending.join(_LAST_EVENTS_SECONDS)
        if self._error:
            raise self._error

    def _listen(self) -> None:
        while some := self.events.get():
            if self._error is None:  # else only so that workers do not wait for who reads what they say
                self._tell(some)

    def _tell(self, some: Sequence[Event]) -> None:
        try:
            for event in some:
                self._listener(event)
        except BaseException as error:  # it is raised in the thread that knows what to do with it
            self._error = error


class Announcer:
    """A worker's side: sends events on, several at once if they come fast, and each soon."""

    def __init__(self, events: SimpleQueue[Sequence[Event]]) -> None:
        self._events = events
        self._unsent: list[Event] = []
        self._changed = Condition()
        Thread(target=self._send_soon, daemon=True).start()

    def announce(self, event: Event) -> None:
        """Take an event; as a listener."""
        with self._changed:
            self._unsent.append(event)
            self._changed.notify()

    def send(self) -> None:
        """Send all that has been announced; returns when it is on its way."""
        with self._changed:
            if self._unsent:
                self._events.put(self._unsent)
            self._unsent = []

    def _send_soon(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._unsent)
            time.sleep(_SECONDS_AT_ONCE)
            self.send()
