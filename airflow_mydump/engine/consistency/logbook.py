"""Where a run keeps the moment of the source that its rows belong to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from airflow_mydump.engine.consistency.moment import Moment
from airflow_mydump.engine.consistency.named_lock import NamedLocks
from airflow_mydump.engine.errors import SnapshotError
from airflow_mydump.engine.identifier import TableName


class Logbook(Protocol):
    """What the modes of consistency ask of a run, whatever becomes of its rows."""

    def complete(self) -> bool:
        """Whether everything is done, in the moment that is noted."""

    def tables(self) -> Sequence[TableName]:
        """The source's tables whose rows are read."""

    def clear(self, before: Moment | None) -> None:
        """Throw away what was read in the moment that was noted ``before``, and earlier; nothing that still is can be
        kept afterwards. Raises SnapshotError if another has been noted since."""

    def record(self, moment: Moment) -> None:
        """Note the moment that is valid from now on. Raises SnapshotError if there is another."""

    def require_planned(self) -> Mapping[TableName, str]:
        """Raise IncompleteRunError if the source's definitions are not those that the run was planned with; returns the
        identities that prove it of tables, as they are now."""

    def note_tables(self, epoch: str) -> bool:
        """Note which of the source's tables the names stand for, just before a moment in which they are not locked;
        returns whether InnoDB has all of them, and counts what is written to them."""

    def require_noted(self, epoch: str, seen: Mapping[TableName, str]) -> None:
        """Raise SnapshotError unless the names still stand for the tables that were noted for it; those whose
        identities were just ``seen`` are not looked at again."""

    def current(self) -> Moment | None:
        """The moment noted last, unless it was thrown away."""


def start_over(logbook: Logbook, locks: NamedLocks) -> None:
    """Throw away what was read before, as the worker that leads.

    One that was taken for dead, and wakes up now, throws away nothing: either its locks are gone, or another moment
    has been noted since it had them. Raises SnapshotError then.
    """
    before = logbook.current()
    locks.require_alive()
    logbook.clear(before)


def settle(logbook: Logbook, moment: Moment) -> None:
    """Let a run's rows belong to a moment from now on, in which the source's tables cannot change any more.

    Rows are read by the columns and partitions that the plan knows: a definition that changed before the moment is
    seen here, and nobody looks for it later. Nothing but locks keeps a name from being given to another table, behind a
    snapshot too. Raises IncompleteRunError naming what changed, SnapshotError naming a table that is another one now.
    """
    seen = logbook.require_planned()
    if moment.mode == "snapshot":
        logbook.require_noted(moment.epoch, seen)
    logbook.record(moment)


def go_on_or_settle(logbook: Logbook, locks: NamedLocks, moment: Moment) -> Moment:
    """The moment that a run's rows belong to from now on: the one noted before, if the source is in ``moment`` what it
    was in that; else ``moment`` itself, and what was read before is thrown away.

    Raises as `start_over` and `settle` do.
    """
    before = logbook.current()
    if before and moment.is_the_same_as(before) and _same_tables(logbook, before):
        locks.require_alive()
        logbook.require_planned()
        return before
    start_over(logbook, locks)
    settle(logbook, moment)
    return moment


def _same_tables(logbook: Logbook, before: Moment) -> bool:
    try:
        logbook.require_noted(before.epoch, {})
    except SnapshotError:
        return False
    return True
