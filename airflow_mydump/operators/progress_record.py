"""What a running task leaves for the page in Airflow's UI: sums, a few samples of them, and what took longest."""

from __future__ import annotations

import heapq
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from airflow_mydump.engine.event import Event, EventKind

PROGRESS = "mydump progress"
"""Key of the XCom with a task's progress; some 3 KB, written anew every few seconds."""

_ENDINGS = frozenset(
    {
        EventKind.TABLE_CREATED,
        EventKind.CHUNK_COMMITTED,
        EventKind.CHUNK_DUMPED,
        EventKind.CHUNK_SKIPPED,
        EventKind.CHUNK_VERIFIED,
        EventKind.KEYS_ADDED,
        EventKind.OBJECT_CREATED,
    }
)
_TIMED = (EventKind.CHUNK_LOADED, EventKind.CHUNK_DUMPED)
_MOST_SAMPLES, _MOST_TABLES, _MOST_CHUNKS = 32, 30, 5


@dataclass(frozen=True)
class TableProgress:
    """What a task has done for one table."""

    name: str
    chunks: int = 0
    rows: int = 0
    bytes: int = 0


@dataclass(frozen=True)
class SlowChunk:
    """A chunk that took long to move; ``chunk`` is its id in the plan."""

    seconds: float
    table: str
    chunk: str
    rows: int
    bytes: int


@dataclass(frozen=True)
class Progress:
    """What a task has done so far: names and figures, never a value out of a row.

    ``done`` counts the steps by the engine's names for them (`engine.event.EventKind`). ``samples`` are moments, in
    seconds since 1970, with the sums of rows and bytes. ``tables`` are the largest of those it worked on.
    """

    done: Mapping[str, int]
    rows: int
    bytes: int
    samples: tuple[tuple[float, int, int], ...]
    tables: tuple[TableProgress, ...]
    slowest: tuple[SlowChunk, ...]


class ProgressRecord:
    """A listener that sums up. What it tells has a bounded size, whatever the number of tables and chunks."""

    def __init__(self) -> None:
        self.done: Counter[EventKind] = Counter()
        self.rows = 0
        self.bytes = 0
        self._samples: list[tuple[float, int, int]] = []
        self._tables: dict[str, TableProgress] = {}
        self._slowest: list[SlowChunk] = []
        self._step = time.monotonic()
        self.sample()

    def __call__(self, event: Event) -> None:
        """Take note of an event."""
        now = time.monotonic()
        if event.kind in _TIMED:
            # The chunks of a batch start together: each one's time begins when the one before it was loaded.
            self._time(now - self._step, event)
        if event.kind in _ENDINGS:
            self._count(event)
        self._step = now

    def _count(self, event: Event) -> None:
        self.done[event.kind] += 1
        self.rows += event.rows
        self.bytes += event.bytes
        if event.chunk and event.kind is not EventKind.CHUNK_SKIPPED:
            name = str(event.name)
            table = self._tables.get(name) or TableProgress(name)
            self._tables[name] = TableProgress(
                name, table.chunks + 1, table.rows + event.rows, table.bytes + event.bytes
            )

    def _time(self, seconds: float, event: Event) -> None:
        chunk = SlowChunk(round(seconds, 2), str(event.name), event.chunk, event.rows, event.bytes)
        self._slowest = heapq.nlargest(_MOST_CHUNKS, [*self._slowest, chunk], key=lambda slow: slow.seconds)

    def sample(self) -> None:
        """Remember the sums of this moment; of many moments every second one is forgotten."""
        self._samples.append((round(time.time(), 1), self.rows, self.bytes))
        if len(self._samples) > _MOST_SAMPLES:
            del self._samples[1:-1:2]

    def progress(self) -> Progress:
        """What was done so far."""
        largest = heapq.nlargest(_MOST_TABLES, self._tables.values(), key=lambda table: (table.bytes, table.chunks))
        return Progress(
            done={kind.value: count for kind, count in self.done.items()},
            rows=self.rows,
            bytes=self.bytes,
            samples=tuple(self._samples),
            tables=tuple(largest),
            slowest=tuple(self._slowest),
        )
