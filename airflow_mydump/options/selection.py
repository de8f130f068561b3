"""Options that say what is taken from a source."""

from __future__ import annotations

import argparse
from typing import Any, get_args

from airflow_mydump.engine.selection.open_selection import OpenSelection
from airflow_mydump.engine.selection.selection import Content, HistoryChoice, Selection
from airflow_mydump.options.cutting import add_threads
from airflow_mydump.options.server import URI_HELP
from airflow_mydump.options.value import parse_condition, parse_names, parse_partitions, parse_rename


def add_selection(verb: argparse.ArgumentParser, schemas_required: bool = True) -> None:
    """Add what is taken, and under which names it arrives."""
    add_source(verb, schemas_required)
    add_rename(verb)


def add_source(verb: argparse.ArgumentParser, schemas_required: bool = True) -> None:
    """Add the source, and what is taken from it."""
    verb.add_argument("--source", metavar="URI", help=URI_HELP.format("SOURCE"))
    verb.add_argument("--schemas", required=schemas_required, metavar="A,B", help="databases to take")
    add_choice(verb)
    add_threads(verb)
    verb.add_argument(
        "--partitions",
        action="append",
        type=parse_partitions,
        default=[],
        metavar="DB.TABLE=P,Q",
        help="take only the rows of a table that are in these partitions; repeatable",
    )
    verb.add_argument(
        "--where",
        action="append",
        type=parse_condition,
        default=[],
        metavar="DB.TABLE=CONDITION",
        help="take only the rows of a table that meet an SQL condition; repeatable",
    )
    verb.add_argument(
        "--history",
        choices=get_args(HistoryChoice),
        default="current",
        help="what to take of system-versioned tables: current rows, or keep all versions (default: %(default)s)",
    )


def add_choice(verb: argparse.ArgumentParser) -> None:
    """Add what is taken of databases that are named elsewhere."""
    for flag, what in (
        ("--include", "take only tables and views that match: t*, a.t*, or re: and a regular expression"),
        ("--exclude", "leave out tables and views that match"),
        ("--no-data", "take the structure of tables that match without their rows"),
    ):
        verb.add_argument(flag, action="append", default=[], metavar="PATTERN", help=f"{what}; repeatable")
    verb.add_argument(
        "--content",
        choices=get_args(Content),
        default="all",
        help="schema is structure without rows, data is rows into tables that exist (default: %(default)s)",
    )
    for kind in ("views", "routines", "triggers", "events"):
        verb.add_argument(f"--no-{kind}", action="store_true", help=f"leave {kind} behind")
    verb.add_argument("--allow-empty", action="store_true", help="a selection that holds no table or view is in order")


def add_rename(verb: argparse.ArgumentParser) -> None:
    """Add the names that databases get on the target."""
    verb.add_argument(
        "--rename",
        action="append",
        type=parse_rename,
        default=[],
        metavar="A=X",
        help="give database A the name X on the target; repeatable",
    )


def selection_of(options: argparse.Namespace) -> Selection:
    """What is taken, and under which names. Raises SelectionError."""
    return Selection(
        schemas=parse_names(options.schemas or ""),
        rename=dict(options.rename),
        where=dict(options.where),
        partitions=dict(options.partitions),
        history=options.history,
        **_choice_of(options),
    )


def open_selection_of(options: argparse.Namespace) -> OpenSelection:
    """What is taken of a dump, all its databases if none is named. Raises SelectionError."""
    return OpenSelection(schemas=parse_names(options.schemas or ""), rename=dict(options.rename), **_choice_of(options))


def _choice_of(options: argparse.Namespace) -> dict[str, Any]:
    """What the options of `add_choice` say, in the words of a selection."""
    return {
        "include": tuple(options.include),
        "exclude": tuple(options.exclude),
        "no_data": tuple(options.no_data),
        "content": options.content,
        "views": not options.no_views,
        "routines": not options.no_routines,
        "triggers": not options.no_triggers,
        "events": not options.no_events,
        "allow_empty": options.allow_empty,
    }
