"""What a running task says in its log and to the metrics: once every few seconds, whatever the number of tables."""

from __future__ import annotations

import time
from collections import Counter
from typing import Any

from airflow.providers.common.compat.sdk import Stats

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
    """A listener that counts what is done and tells the sums.

    ``expected`` are the bytes that the plan estimates, 0 if it does not: with them, the log says about when the task
    will be done. ``phase`` tags the metrics ``mydump.rows``, ``mydump.bytes`` and ``mydump.steps``.
    """

    def __init__(self, log: Any, phase: str = "", expected: int = 0) -> None:
        self._log = log
        self._phase = phase
        self._expected = expected
        self._told: Counter[str] = Counter()
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
        self._log.info("%s%s%s in %.1f s%s%s", counts, rate, size, seconds, self._rest(seconds), detail)
        self._count()

    def _rest(self, seconds: float) -> str:
        if not self._bytes or self._bytes >= self._expected:
            return ""
        rest = (self._expected - self._bytes) * seconds / self._bytes
        return f", about {rest:,.0f} s to go"

    def _count(self) -> None:
        """Tell the metrics what is new."""
        now = {"rows": self._rows, "bytes": self._bytes, "steps": sum(self._done.values())}
        for name, total in now.items():
            if new := total - self._told[name]:
                Stats.incr(f"mydump.{name}", new, tags={"phase": self._phase})
                self._told[name] = total
