"""The moment of the source that a run's rows belong to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from airflow_mydump.engine.consistency.settings import Mode


def to_come(mode: Mode) -> str:
    """What there is to say before a moment is taken."""
    return f"{mode}: all rows of one moment, which has not come yet"


@dataclass(frozen=True)
class Moment:
    """When the source was as the run shows it. ``epoch`` is a name of its own for each; rows of two are never mixed.

    ``position`` is the source's in its binary log at exactly this moment, empty where it has none or the account may
    not see it. ``definitions_locked`` tells whether the server refused changed definitions while rows were read.
    """

    epoch: str
    mode: Mode
    taken_at: str
    server: str
    position: Mapping[str, str]
    definitions_locked: bool

    def __str__(self) -> str:
        at = ", ".join(f"{name} {value}" for name, value in self.position.items()) or "no binary log position is known"
        rows = f"all rows of transactional tables are as they were at {self.taken_at} UTC"
        return f"{self.mode}: {rows} on {self.server} ({at})"
