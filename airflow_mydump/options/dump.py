"""Options of dump directories."""

from __future__ import annotations

import argparse

from airflow_mydump.engine.dump_directory.compressed_file import DEFAULT_LEVEL
from airflow_mydump.engine.dump_directory.dump_plan import HIGHEST_LEVEL
from airflow_mydump.options.cutting import add_threads
from airflow_mydump.options.run import add_run, add_work_directory
from airflow_mydump.options.selection import add_choice, add_rename
from airflow_mydump.options.server import add_target
from airflow_mydump.options.value import parse_positive


def add_dump(verb: argparse.ArgumentParser) -> None:
    """Add where a dump goes, and how."""
    verb.add_argument(
        "--output",
        required=True,
        metavar="DIR-OR-URL",
        help="the dump directory; the same command goes on with an unfinished dump in it",
    )
    verb.add_argument(
        "--level",
        type=parse_positive,
        default=DEFAULT_LEVEL,
        metavar="N",
        help=f"zstd's level, 1 to {HIGHEST_LEVEL} (default %(default)s)",
    )
    verb.add_argument(
        "--replace", action="store_true", help="remove the dump of this package that the directory has, and begin anew"
    )


def add_load(verb: argparse.ArgumentParser) -> None:
    """Add all of a restore, from where it comes to what it does on its target."""
    verb.add_argument("--input", required=True, metavar="DIR-OR-URL", help="the dump directory")
    verb.add_argument("--schemas", metavar="A,B", help="databases to take (default: all in the dump)")
    add_choice(verb)
    add_target(verb)
    add_rename(verb)
    add_threads(verb)
    add_run(verb)
    add_work_directory(verb)
    add_dynamic_sql(verb)


def add_dynamic_sql(verb: argparse.ArgumentParser) -> None:
    """Add whether bodies may compose statements."""
    verb.add_argument(
        "--allow-dynamic-sql",
        action="store_true",
        help="take routines, triggers and events that compose statements when they run; only for dumps you trust",
    )
