"""What the engine announces while it works: one small event a step.

Progress bars, logs and metrics listen to them, and so do the tests that kill or corrupt at exactly that point.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from airflow_mydump.engine.identifier import TableName


class EventKind(str, Enum):
    """The steps of a run, in their order."""

    TABLE_CREATED = "table created"
    CHUNK_STARTED = "chunk started"
    CHUNK_CLAIMED = "chunk claimed"
    CHUNK_LOADED = "chunk loaded"
    CHUNK_COMMITTING = "chunk committing"
    CHUNK_COMMITTED = "chunk committed"
    FILE_WRITTEN = "file written"
    CHUNK_DUMPED = "chunk dumped"
    DUMP_FINISHING = "dump finishing"
    CHUNK_SKIPPED = "chunk skipped"
    CHUNK_VERIFIED = "chunk verified"
    KEYS_ADDED = "keys added"
    OBJECT_CREATED = "object created"
    NOTICE = "notice"


@dataclass(frozen=True)
class Event:
    """A step that was done for a table or object; ``rows`` and ``bytes`` are what that step moved or checked.

    ``text`` is what a notice, which is about the run and no table, has to say.
    """

    kind: EventKind
    name: TableName
    chunk: str = ""
    rows: int = 0
    bytes: int = 0
    text: str = ""


Listener = Callable[[Event], None]


def notice(text: str) -> Event:
    """Something to tell of the run."""
    return Event(EventKind.NOTICE, TableName("", ""), text=text)


def ignore(event: Event) -> None:
    """A listener that listens to nothing."""
