"""What a running task says in its log and to Airflow's metrics, and leaves for the page in Airflow's UI, every few
seconds, whatever the number of tables."""

from __future__ import annotations

import time
from collections import Counter
from typing import Any

from airflow.providers.common.compat.sdk import Stats

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
    """A listener that counts what is done, and logs, meters and pushes the sums.

    The metrics are the counters ``mydump.rows``, ``mydump.bytes`` and ``mydump.steps``, with the phase as a tag.

    :param instance: the task instance, which takes the XCom `PROGRESS`
    """

    def __init__(self, log: Any, instance: Any) -> None:
        self._log = log
        self._instance = instance
        self._record = ProgressRecord()
        self._expected = _expected_bytes(instance)
        self._metered: Counter[str] = Counter()
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
        self._log.info("%s%s%s in %.1f s%s%s", counts, rate, size, seconds, self._rest(seconds), detail)
        self._meter()
        record.sample()
        self._push()

    def _rest(self, seconds: float) -> str:
        if not 0 < self._record.bytes < self._expected:
            return ""
        return f", about {(self._expected - self._record.bytes) * seconds / self._record.bytes:,.0f} s to go"

    def _meter(self) -> None:
        record = self._record
        for name, total in (("rows", record.rows), ("bytes", record.bytes), ("steps", sum(record.done.values()))):
            if new := total - self._metered[name]:
                Stats.incr(f"mydump.{name}", new, tags={"phase": self._instance.task_id})
                self._metered[name] = total

    def _push(self) -> None:
        try:
            self._instance.xcom_push(key=PROGRESS, value=plain(self._record.progress()))
        except Exception as error:  # whatever it is: a page that lags behind is no reason to stop moving rows
            self._log.warning("The progress could not be pushed: %s", error)


def _expected_bytes(instance: Any) -> int:
    """About how many bytes a task's bundle holds, by the plan; 0 for a task without one."""
    bundle = getattr(getattr(instance, "task", None), "bundle", None)
    return int(bundle["weight"]) if isinstance(bundle, dict) else 0
