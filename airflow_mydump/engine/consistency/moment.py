"""The moment of the source that a run's rows belong to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from airflow_mydump.engine.consistency.settings import Mode

NO_EXCHANGES_SEEN = (
    "without the privilege PROCESS, tables were told apart by the second in which they were made, and an exchanged "
    "partition would not have been noticed"
)


def to_come(mode: Mode) -> str:
    """What there is to say before a moment is taken."""
    return f"{mode}: all rows of one moment, which has not come yet"


@dataclass(frozen=True)
class Moment:
    """When the source was as the run shows it. ``epoch`` is a name of its own for each; rows of two are never mixed.

    ``position`` is the source's in its binary log at exactly this moment, empty where it has none or the account may
    not see it. ``definitions_locked`` tells whether the server refused changed definitions while rows were read,
    ``exchanges_seen`` whether a partition that another table took the place of would have been noticed. ``written``
    counts what was ever written to the source (`count_written_rows`), empty where that cannot be told, or a table is in
    no engine that is counted.
    """

    epoch: str
    mode: Mode
    taken_at: str
    server: str
    position: Mapping[str, str]
    definitions_locked: bool
    exchanges_seen: bool = True
    written: str = ""

    def is_the_same_as(self, other: Moment) -> bool:
        """Whether nothing was written to the source in between, and that is proved."""
        known = bool(self.position and self.written)
        return known and (self.server, self.position, self.written) == (other.server, other.position, other.written)

    def __str__(self) -> str:
        at = ", ".join(f"{name} {value}" for name, value in self.position.items()) or "no binary log position is known"
        rows = f"all rows of transactional tables are as they were at {self.taken_at} UTC"
        unseen = "" if self.exchanges_seen else f"; {NO_EXCHANGES_SEEN}"
        return f"{self.mode}: {rows} on {self.server} ({at}){unseen}"
