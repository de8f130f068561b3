"""Where an unfinished dump keeps the moment of the source that its rows belong to."""

from __future__ import annotations

from contextlib import suppress

from airflow_mydump.engine.consistency.moment import Moment
from airflow_mydump.engine.dump_directory.storage import Storage

_MOMENT = "moment.json"


def write_moment(storage: Storage, moment: Moment) -> None:
    """Note the moment. Raises ConfigurationError."""
    storage.private.write(_MOMENT, moment)


def read_moment(storage: Storage) -> Moment | None:
    """The moment noted last, if there is one. Raises ConfigurationError."""
    storage.private.filesystem.invalidate_cache()
    return storage.private.read(_MOMENT, Moment) if storage.private.exists(_MOMENT) else None


def remove_moment(storage: Storage) -> None:
    """Forget the moment: what was dumped in it counts for nothing any more."""
    storage.private.filesystem.invalidate_cache()
    with suppress(FileNotFoundError):
        storage.private.filesystem.rm_file(storage.private.file(_MOMENT))
