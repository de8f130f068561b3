"""Options that say how tables are cut into chunks, and how many workers there are."""

from __future__ import annotations

import argparse
from typing import get_args

from airflow_mydump.engine.plan.planner import DEFAULT_CHUNK_BYTES, Strategy
from airflow_mydump.engine.plan.settings import PlanSettings
from airflow_mydump.options.value import parse_bytes, parse_from_zero, parse_positive


def add_cutting(verb: argparse.ArgumentParser) -> None:
    """Add how tables are cut into chunks."""
    verb.add_argument(
        "--chunk-bytes",
        type=parse_bytes,
        default=DEFAULT_CHUNK_BYTES,
        metavar="SIZE",
        help="size of the ranges that large tables are cut into; takes K, M, G (default 64M)",
    )
    verb.add_argument(
        "--strategy",
        choices=get_args(Strategy),
        default="adaptive",
        help="adaptive follows the rows, uniform cuts even ranges of the key (default: %(default)s)",
    )
    verb.add_argument(
        "--max-key-prefix-length",
        type=parse_from_zero,
        default=0,
        metavar="N",
        help="columns of a key that chunks may be bounded by (default 0: all that can be used)",
    )


def add_threads(verb: argparse.ArgumentParser) -> None:
    """Add the number of workers."""
    verb.add_argument(
        "--threads", type=parse_positive, default=4, metavar="N", help="workers at a time (default %(default)s)"
    )


def settings_of(options: argparse.Namespace) -> PlanSettings:
    """How to plan, as far as tables are cut."""
    return PlanSettings(
        chunk_bytes=options.chunk_bytes,
        concurrency=options.threads,
        strategy=options.strategy,
        max_key_prefix_length=options.max_key_prefix_length,
    )
