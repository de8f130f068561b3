"""Options that say what a run does on its target, and under which name."""

from __future__ import annotations

import argparse
from typing import Any, get_args

from airflow_mydump.engine.plan.adaptation import Adaptation
from airflow_mydump.engine.preflight.foreign_key import ForeignKeys
from airflow_mydump.engine.selection.selection import LEDGER_SCHEMA
from airflow_mydump.engine.translation.choice import TranslationChoice
from airflow_mydump.options.value import parse_definer, parse_rename


def add_run(verb: argparse.ArgumentParser) -> None:
    """Add what a run does on its target."""
    verb.add_argument(
        "--if-exists",
        choices=("fail", "truncate", "drop", "skip"),
        default="truncate",
        help="what to do with tables that the target has (default: %(default)s)",
    )
    verb.add_argument(
        "--no-verify", action="store_true", help="do not compare rows; the report then says that they are not verified"
    )
    verb.add_argument("--no-defer-keys", action="store_true", help="create large tables with their secondary keys")
    verb.add_argument(
        "--no-binlog",
        action="store_true",
        help="keep the run out of the target's binary log, and so from its replicas; faster, needs a privilege",
    )
    verb.add_argument("--run-key", help="name of the run; the same name goes on where that run stopped")
    verb.add_argument(
        "--ledger",
        default=LEDGER_SCHEMA,
        metavar="DATABASE",
        help="the target's database in which the run is recorded; all that fill the same tables need the same "
        "(default: %(default)s)",
    )
    add_adaptation(verb)
    add_translation(verb)


def add_work_directory(verb: argparse.ArgumentParser) -> None:
    """Add where plans and reports are kept."""
    verb.add_argument(
        "--work-directory",
        metavar="DIR-OR-URL",
        help="where plans and reports are kept (default: a private directory below the system's temporary one)",
    )


def add_ledger(verb: argparse.ArgumentParser) -> None:
    """Add how much stays in the ledger."""
    verb.add_argument(
        "--keep-ledger",
        action="store_true",
        help="leave in the target's ledger what a complete run recorded of each step; else one row stays",
    )


def add_users(verb: argparse.ArgumentParser) -> None:
    """Add which accounts come along."""
    verb.add_argument(
        "--users",
        action="append",
        default=[],
        metavar="GLOB",
        help="make the source's accounts USER@HOST that match, and their roles, with their privileges; those that the "
        "target has are left as they are; repeatable. The verb preflight shows the statements, without secrets",
    )


def add_adaptation(verb: argparse.ArgumentParser) -> None:
    """Add what becomes of definers, of names in bodies and of foreign keys."""
    definers = verb.add_mutually_exclusive_group()
    definers.add_argument(
        "--definers",
        choices=("keep", "strip"),
        default="keep",
        help="keep the definers of views, routines, triggers and events, or make the target account theirs; what has "
        "SQL SECURITY DEFINER then runs as that account (default: %(default)s)",
    )
    definers.add_argument(
        "--map-definer",
        action="append",
        type=parse_definer,
        default=[],
        metavar="A@B=C@D",
        help="give objects with the definer A@B the definer C@D; repeatable",
    )
    verb.add_argument(
        "--rewrite-names",
        action=argparse.BooleanOptionalAction,
        help="rewrite the names of renamed databases inside views, routines, triggers and events, or leave them as "
        "they are (default: refuse the run)",
    )
    verb.add_argument(
        "--foreign-keys",
        choices=get_args(ForeignKeys),
        default="refuse",
        help="what to do with foreign keys to tables that are not selected: refuse the run, or keep those whose table "
        "the target has (default: %(default)s)",
    )


def add_translation(verb: argparse.ArgumentParser) -> None:
    """Add what becomes of what the other vendor does not have."""
    verb.add_argument(
        "--collation",
        action="append",
        type=parse_rename,
        default=[],
        metavar="A=X",
        help="on a target of the other vendor, take its collation X for A; repeatable",
    )
    verb.add_argument(
        "--type",
        action="append",
        type=parse_rename,
        default=[],
        metavar="A=X",
        help="on a target of the other vendor, make type X of type A: uuid=char(36), inet4=varchar(15), "
        "inet6=varchar(39), json=longtext; repeatable",
    )


def run_settings_of(options: argparse.Namespace) -> dict[str, Any]:
    """What the options of `add_run` say, in the words of `PlanSettings`."""
    return {
        "if_exists": options.if_exists,
        "defer_keys": not options.no_defer_keys,
        "verify": not options.no_verify,
        "users": tuple(getattr(options, "users", ())),
        "ledger": options.ledger,
        "translation": translation_of(options),
        "adaptation": adaptation_of(options),
    }


def translation_of(options: argparse.Namespace) -> TranslationChoice:
    """What becomes of what the other vendor does not have."""
    return TranslationChoice(collations=dict(options.collation), types=dict(options.type))


def adaptation_of(options: argparse.Namespace) -> Adaptation:
    """What becomes of definers, of names in bodies and of foreign keys."""
    return Adaptation(
        definers=dict(options.map_definer) or options.definers,
        rewrite_names=options.rewrite_names,
        foreign_keys=options.foreign_keys,
    )
