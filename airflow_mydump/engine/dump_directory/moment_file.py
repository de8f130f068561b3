"""Where an unfinished dump keeps the moment of the source that its rows belong to."""

from __future__ import annotations

from contextlib import suppress

from airflow_mydump.engine.consistency.moment import Moment
from airflow_mydump.engine.workdir import WorkDirectory

_MOMENT = "moment.json"


def write_moment(directory: WorkDirectory, moment: Moment) -> None:
    """Note the moment. Raises ConfigurationError."""
    directory.write(_MOMENT, moment)


def read_moment(directory: WorkDirectory) -> Moment | None:
    """The moment noted last, if there is one. Raises ConfigurationError."""
    directory.filesystem.invalidate_cache()
    return directory.read(_MOMENT, Moment) if directory.exists(_MOMENT) else None


def remove_moment(directory: WorkDirectory) -> None:
    """Forget the moment: what was dumped in it counts for nothing any more."""
    directory.filesystem.invalidate_cache()
    with suppress(FileNotFoundError):
        directory.filesystem.rm_file(directory.file(_MOMENT))
