"""The steps that each command announces, in their order."""

from __future__ import annotations

from airflow_mydump.engine.event import EventKind

_LOADING = (
    EventKind.TABLE_CREATED, EventKind.CHUNK_STARTED, EventKind.CHUNK_CLAIMED, EventKind.CHUNK_LOADED,
    EventKind.CHUNK_COMMITTING, EventKind.CHUNK_COMMITTED, EventKind.KEYS_ADDED, EventKind.CHUNK_VERIFIED,
    EventKind.OBJECT_CREATED,
)  # fmt: skip

STEPS: dict[str, tuple[EventKind, ...]] = {
    "copy": _LOADING,
    "dump": (EventKind.CHUNK_STARTED, EventKind.FILE_WRITTEN, EventKind.CHUNK_DUMPED, EventKind.DUMP_FINISHING),
    "load": _LOADING,
}
