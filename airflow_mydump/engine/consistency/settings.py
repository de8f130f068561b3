"""What a user says about consistency."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from airflow_mydump.engine.errors import ConfigurationError

Mode = Literal["snapshot", "locked", "replica", "none"]
"""``snapshot``: all workers read one moment. ``locked``: one of them keeps the tables read-locked until all are done.
``replica``: the source is a replica whose applier is paused. ``none``: each chunk is read in a moment of its own."""

LongQueries = Literal["wait", "fail", "kill"]


@dataclass(frozen=True)
class Consistency:
    """The mode, and what a snapshot may cost the source.

    :param mode: ``snapshot`` (default), ``locked``, ``replica`` or ``none``
    :param max_lock_seconds: the longest that the source's writers are held up: for getting the global lock, and again
        for holding it; ``locked`` tables are held until all rows are read, and this bounds the getting alone; of a
        ``replica``, how long its applier may take to stop, and to start
    :param gather_seconds: how long a worker waits for the others, and for long queries to end, killed or not
    :param long_query_seconds: from when on a query is a long one; the global lock would wait for it, and all others
        for the lock
    :param long_queries: what to do while there are any: ``wait`` (default), ``fail`` or ``kill`` them
    """

    mode: Mode = "snapshot"
    max_lock_seconds: int = 10
    gather_seconds: int = 300
    long_query_seconds: int = 30
    long_queries: LongQueries = "wait"

    def __post_init__(self) -> None:
        for name, choices in (("mode", Mode), ("long_queries", LongQueries)):
            if getattr(self, name) not in get_args(choices):
                wanted = f"one of {', '.join(get_args(choices))}"
                raise ConfigurationError(f"{type(self).__name__}.{name} is {wanted}, not {getattr(self, name)!r}")
        for name in ("max_lock_seconds", "gather_seconds", "long_query_seconds"):
            if getattr(self, name) < 1:
                raise ConfigurationError(f"{type(self).__name__}.{name} must be at least 1, not {getattr(self, name)}")
