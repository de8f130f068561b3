"""Removes old dumps: only directories that are proved to be complete dumps of this package, and never the newest of a
selection."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

from airflow_mydump.engine.dump_directory import METADATA
from airflow_mydump.engine.dump_directory.dump_plan import DumpPlan
from airflow_mydump.engine.dump_directory.dump_record import PLAN
from airflow_mydump.engine.dump_directory.reader import read_dump
from airflow_mydump.engine.dump_directory.storage import Storage
from airflow_mydump.engine.errors import ConfigurationError, DumpError
from airflow_mydump.engine.selection.selection import Selection
from airflow_mydump.engine.workdir import WorkDirectory


@dataclass(frozen=True)
class Pruned:
    """What became of the directories: their names, and why others were left alone."""

    removed: tuple[str, ...]
    kept: tuple[str, ...]
    left_alone: tuple[str, ...]


@dataclass(frozen=True)
class _Dump:
    name: str
    storage: Storage
    started: datetime
    source: str
    selection: Selection

    def holds_the_same_as(self, other: _Dump) -> bool:
        """Whether one may take the other's place."""
        return (self.source, self.selection) == (other.source, other.selection)


def prune_dumps(parent: WorkDirectory, keep: int, keep_days: int, now: datetime | None = None) -> Pruned:
    """Remove the dumps directly below ``parent`` that are neither among the ``keep`` newest complete ones of what they
    hold (the same selection of the same server) nor begun in the last ``keep_days`` days.

    A dump counts, and is removed, only if it is one: complete, with all of its files and no other beside them. All
    else is left alone: unfinished dumps, damaged ones, other tools', anything. Raises ConfigurationError if ``keep``
    is less than 1 or the directory cannot be read or emptied.
    """
    if keep < 1:
        raise ConfigurationError(f"keep is at least 1, so that a dump remains, not {keep}")
    oldest = (now or datetime.now(timezone.utc)) - timedelta(days=keep_days)
    found = _directories(parent)
    left_alone = [f"{name}: {reason}" for name, reason in found if isinstance(reason, str)]
    removed: list[str] = []
    kept: list[_Dump] = []
    for dump in sorted((dump for _, dump in found if isinstance(dump, _Dump)), key=_newest_first):
        if reason := _not_whole(dump.storage):
            left_alone.append(f"{dump.name}: {reason}")
        elif sum(each.holds_the_same_as(dump) for each in kept) < keep or dump.started > oldest:
            kept.append(dump)
        else:
            dump.storage.remove()
            with suppress(OSError, NotImplementedError):  # where a store has no directories, there is nothing left
                parent.filesystem.rmdir(dump.storage.directory.path)
            removed.append(dump.name)
    return Pruned(tuple(removed), tuple(dump.name for dump in kept), tuple(left_alone))


def _newest_first(dump: _Dump) -> tuple[float, str]:
    return -dump.started.timestamp(), dump.name


def _directories(parent: WorkDirectory) -> list[tuple[str, _Dump | str]]:
    """The directories below, each with its dump, or why it is none that could be removed."""
    filesystem = parent.filesystem
    filesystem.invalidate_cache()
    try:
        entries = filesystem.ls(parent.path, detail=True)
    except FileNotFoundError:
        return []
    except OSError as error:
        raise ConfigurationError(f"{parent} cannot be listed: {error.strerror or error}") from error
    names = [entry["name"].rstrip("/").rpartition("/")[2] for entry in entries if entry["type"] == "directory"]
    return [(name, _look(name, Storage(parent.child(name)))) for name in sorted(names)]


def _look(name: str, storage: Storage) -> _Dump | str:
    if not storage.private.exists(PLAN):
        return "no dump of this package"
    if not storage.directory.exists(METADATA):
        return "an unfinished dump"
    try:
        plan = storage.private.read(PLAN, DumpPlan)
        started = datetime.strptime(plan.started, "%Y-%m-%d %H:%M:%S").replace(tzinfo=timezone.utc)
    except (ConfigurationError, ValueError) as error:
        return f"its plan cannot be read: {error}"
    return _Dump(name, storage, started, plan.source_identity or plan.source, plan.selection)


def _not_whole(storage: Storage) -> str:
    try:
        # Dynamic SQL is no damage.
        return "another tool's dump" if read_dump(storage, dynamic_sql=True).foreign else ""
    except (DumpError, ConfigurationError) as error:
        return str(error)
