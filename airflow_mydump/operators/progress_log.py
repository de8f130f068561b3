"""What a running task says in its log and leaves for the page in Airflow's UI, every few seconds, whatever the number
of tables."""

from __future__ import annotations

import time
from typing import Any

from airflow_mydump.engine.event import Event, EventKind
from airflow_mydump.operators.progress_record import PROGRESS, ProgressRecord
from airflow_mydump.operators.xcom_value import plain

_SECONDS = 5.0

_WORDS = {
    EventKind.TABLE_CREATED: "tables ready",
    EventKind.CHUNK_COMMITTED: "chunks loaded",
    EventKind.CHUNK_DUMPED: "chunks dumped",
    EventKind.CHUNK_SKIPPED: "chunks done before",
    EventKind.CHUNK_VERIFIED: "chunks verified",
    EventKind.KEYS_ADDED: "tables given their foreign keys",
    EventKind.OBJECT_CREATED: "objects created",
}


class ProgressLog:
    """A listener that counts what is done, and logs and pushes the sums.

    :param instance: the task instance, which takes the XCom `PROGRESS`
    """

    def __init__(self, log: Any, instance: Any) -> None:
        self._log = log
        self._instance = instance
        self._record = ProgressRecord()
        self._started = self._last = time.monotonic()

    def __call__(self, event: Event) -> None:
        """Take note of an event, and speak if it is time to."""
        if event.kind is EventKind.NOTICE:
            self._log.info("%s", event.text)
            return
        self._record(event)
        if time.monotonic() - self._last >= _SECONDS:
            self.speak(f", last {event.name}")

    def speak(self, detail: str = "") -> None:
        """Log the sums so far, and push them."""
        self._last = time.monotonic()
        record, seconds = self._record, self._last - self._started
        counts = ", ".join(f"{count:,} {_WORDS[kind]}" for kind, count in record.done.items()) or "nothing to do"
        rate = f", {record.rows:,} rows at {record.rows / max(seconds, 0.001):,.0f}/s" if record.rows else ""
        size = f", {record.bytes / 1e6:,.1f} MB" if record.bytes else ""
        self._log.info("%s%s%s in %.1f s%s", counts, rate, size, seconds, detail)
        record.sample()
        self._push()

    def _push(self) -> None:
        try:
            self._instance.xcom_push(key=PROGRESS, value=plain(self._record.progress()))
        except Exception as error:  # whatever it is: a page that lags behind is no reason to stop moving rows
            self._log.warning("The progress could not be pushed: %s", error)
