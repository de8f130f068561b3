"""Options that say which moment rows belong to."""

from __future__ import annotations

import argparse
from typing import get_args

from airflow_mydump.engine.consistency.settings import Consistency, LongQueries, Mode
from airflow_mydump.options.value import parse_positive


def add_consistency(verb: argparse.ArgumentParser) -> None:
    """Add which moment rows belong to, and what may be done for it."""
    default = Consistency()
    verb.add_argument(
        "--consistency",
        choices=get_args(Mode),
        default=default.mode,
        help="snapshot: all rows as of one moment; locked: the same, with tables that cannot be written to while "
        "they are read; replica: the source is a replica, whose applier is paused meanwhile; "
        "none: each chunk when its turn comes (default: %(default)s)",
    )
    verb.add_argument(
        "--max-lock-seconds",
        type=parse_positive,
        default=default.max_lock_seconds,
        metavar="N",
        help="the longest that a snapshot may hold up the source's writers, that locks on tables are waited for, or "
        "that a replica's applier may take to stop (default %(default)s)",
    )
    verb.add_argument(
        "--gather-seconds",
        type=parse_positive,
        default=default.gather_seconds,
        metavar="N",
        help="how long a snapshot waits for all workers, and for long queries to end (default %(default)s)",
    )
    verb.add_argument(
        "--long-queries",
        choices=get_args(LongQueries),
        default=default.long_queries,
        help="what to do about queries on the source that would hold up a snapshot's lock (default: %(default)s)",
    )
    verb.add_argument(
        "--long-query-seconds",
        type=parse_positive,
        default=default.long_query_seconds,
        metavar="N",
        help="from when on a query is a long one (default %(default)s)",
    )


def consistency_of(options: argparse.Namespace) -> Consistency:
    """Which moment rows belong to."""
    return Consistency(
        mode=options.consistency,
        max_lock_seconds=options.max_lock_seconds,
        gather_seconds=options.gather_seconds,
        long_query_seconds=options.long_query_seconds,
        long_queries=options.long_queries,
    )
