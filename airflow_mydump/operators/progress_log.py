"""What a running task says in its log: one line every few seconds, whatever the number of tables."""

from __future__ import annotations

import time
from collections import Counter
from typing import Any

from airflow_mydump.engine.event import Event, EventKind

_SECONDS = 5.0

_ENDINGS = {
    EventKind.TABLE_CREATED: "tables ready",
    EventKind.CHUNK_COMMITTED: "chunks loaded",
    EventKind.CHUNK_DUMPED: "chunks dumped",
    EventKind.CHUNK_SKIPPED: "chunks done before",
    EventKind.CHUNK_VERIFIED: "chunks verified",
    EventKind.KEYS_ADDED: "tables given their foreign keys",
    EventKind.OBJECT_CREATED: "objects created",
}


class ProgressLog:
    """A listener that counts what is done and logs the sums."""

    def __init__(self, log: Any) -> None:
        self._log = log
        self._done: Counter[EventKind] = Counter()
        self._rows = 0
        self._bytes = 0
        self._started = self._last = time.monotonic()

    def __call__(self, event: Event) -> None:
        """Take note of an event, and speak if it is time to."""
        if event.kind not in _ENDINGS:
            return
        self._done[event.kind] += 1
        self._rows += event.rows
        self._bytes += event.bytes
        if time.monotonic() - self._last >= _SECONDS:
            self.speak(f", last {event.name}")

    def speak(self, detail: str = "") -> None:
        """Log the sums so far."""
        self._last = time.monotonic()
        seconds = self._last - self._started
        counts = ", ".join(f"{count:,} {_ENDINGS[kind]}" for kind, count in self._done.items()) or "nothing to do"
        rate = f", {self._rows:,} rows at {self._rows / max(seconds, 0.001):,.0f}/s" if self._rows else ""
        size = f", {self._bytes / 1e6:,.1f} MB" if self._bytes else ""
        self._log.info("%s%s%s in %.1f s%s", counts, rate, size, seconds, detail)
