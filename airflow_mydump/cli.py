"""The command line: ``python -m airflow_mydump VERB``. It runs the engine alone and never imports Airflow.

Exit 0 means complete and verified. Any other exit comes with one sentence on standard error: 1 for a run that failed
or a difference found, 2 for a command that cannot be right, 130 for an interruption.
"""

from __future__ import annotations

import argparse
import os
import re
import secrets
import sys
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Literal, NoReturn, get_args

from rich.console import Console
from rich.markup import escape
from rich.table import Table as RichTable

from airflow_mydump.engine.consistency.settings import Consistency, LongQueries, Mode
from airflow_mydump.engine.dump_directory.compressed_file import DEFAULT_LEVEL
from airflow_mydump.engine.dump_directory.dump_plan import HIGHEST_LEVEL, DumpSettings
from airflow_mydump.engine.dump_directory.storage import Storage
from airflow_mydump.engine.errors import ConfigurationError, MydumpError, SelectionError
from airflow_mydump.engine.phases.finish_dump import DumpReport
from airflow_mydump.engine.phases.report import as_markdown, require_complete
from airflow_mydump.engine.plan.adaptation import Adaptation
from airflow_mydump.engine.plan.plan import Plan
from airflow_mydump.engine.plan.planner import DEFAULT_CHUNK_BYTES, Strategy
from airflow_mydump.engine.plan.settings import PlanSettings
from airflow_mydump.engine.preflight.finding import Finding
from airflow_mydump.engine.preflight.foreign_key import ForeignKeys
from airflow_mydump.engine.retry import Patience
from airflow_mydump.engine.runs.comparison import Comparison, compare
from airflow_mydump.engine.runs.dump import Dump, make_dump
from airflow_mydump.engine.runs.examination import examine_copy, examine_dump, examine_restore
from airflow_mydump.engine.runs.migration import Migration, migrate, rehearse
from airflow_mydump.engine.runs.plan_preview import preview_plan
from airflow_mydump.engine.runs.restore import Restore, restore
from airflow_mydump.engine.selection.open_selection import OpenSelection
from airflow_mydump.engine.selection.selection import LEDGER_SCHEMA, Content, HistoryChoice, Selection
from airflow_mydump.engine.server.endpoint import Endpoint
from airflow_mydump.engine.size import parse_size
from airflow_mydump.engine.translation.choice import TranslationChoice
from airflow_mydump.engine.workdir import WorkDirectory, default_work_directory
from airflow_mydump.progress_bar import ProgressBar

_URI_HELP = (
    "mysql://user[:password]@host:port/[?ssl_mode=…]; default: environment variable MYDUMP_{0}_URI; "
    "an absent password is taken from MYDUMP_{0}_PASSWORD"
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status."""
    parser = _parser()
    options = parser.parse_args(arguments)
    try:
        return int(options.run(options))
    except (ConfigurationError, SelectionError) as error:
        return _complain(error, 2)
    except MydumpError as error:
        return _complain(error, 1)
    except KeyboardInterrupt:
        return _complain("interrupted; the same --run-key goes on", 130)


def _complain(what: object, status: int) -> int:
    print(f"airflow_mydump: {what}", file=sys.stderr)
    return status


def _copy(options: argparse.Namespace) -> int:
    run_key = options.run_key or f"cli-{secrets.token_hex(6)}"
    migration = Migration(
        source=_endpoint(options, "source"),
        target=_written_to(options),
        selection=_selection(options),
        settings=replace(_settings(options), **_run_settings(options)),
        work=WorkDirectory.at(options.work_directory or default_work_directory()),
        run_key=run_key,
        consistency=_consistency(options),
        keep_ledger=options.keep_ledger,
    )
    if options.dry_run:
        return _tell_plan(rehearse(migration))
    print(f"run key {run_key}: repeat the command with --run-key {run_key} to go on after an interruption")
    with ProgressBar() as progress:
        report = migrate(migration, progress.listen, progress.begin)
    print(as_markdown(report))
    require_complete(report)
    return 0


def _tell_plan(plan: Plan) -> int:
    for schema in plan.schemas:
        print(f"{schema.target}: {schema.tables} tables, {schema.skipped} left alone, {schema.chunks} chunks")
    for note in plan.notes:
        print(note)
    print("nothing stands in the way; nothing was changed")
    return 0


def _dump(options: argparse.Namespace) -> int:
    dump = Dump(
        source=_endpoint(options, "source"),
        selection=_selection(options),
        settings=DumpSettings(_settings(options), options.level, options.consistency),
        consistency=_consistency(options),
        storage=Storage.at(options.output),
        run_key="cli",
        replace_existing=options.replace,
    )
    with ProgressBar() as progress:
        report = make_dump(dump, progress.listen, progress.begin_dump)
    _tell_dump(report)
    return 0


def _tell_dump(report: DumpReport) -> None:
    print(
        f"dumped {report.tables:,} tables ({report.chunks:,} chunks, {report.rows:,} rows, "
        f"{report.bytes / 1e6:,.1f} MB, compressed {report.file_bytes / 1e6:,.1f} MB) and {report.objects:,} views, "
        f"routines, triggers and events from {report.source} into {report.directory}. Consistency {report.consistency}."
    )


def _load(options: argparse.Namespace) -> int:
    run_key = options.run_key or f"cli-{secrets.token_hex(6)}"
    restoring = Restore(
        storage=Storage.at(options.input),
        target=_written_to(options),
        settings=PlanSettings(concurrency=options.threads, **_run_settings(options)),
        work=WorkDirectory.at(options.work_directory or default_work_directory()),
        run_key=run_key,
        wanted=OpenSelection(schemas=_names(options.schemas or ""), rename=dict(options.rename), **_choice(options)),
        dynamic_sql=options.allow_dynamic_sql,
        keep_ledger=options.keep_ledger,
    )
    print(f"run key {run_key}: repeat the command with --run-key {run_key} to go on after an interruption")
    with ProgressBar() as progress:
        report = restore(restoring, progress.listen, progress.begin)
    print(as_markdown(report))
    require_complete(report)
    return 0


def _plan(options: argparse.Namespace) -> int:
    preview = preview_plan(_endpoint(options, "source"), _selection(options), _settings(options), options.prove)
    for line in preview.lines(options.tables):
        print(line)
    return 0


def _preflight(options: argparse.Namespace) -> int:
    settings = PlanSettings(**_run_settings(options))
    if options.input:
        findings = examine_restore(
            Storage.at(options.input),
            _written_to(options),
            OpenSelection(schemas=_names(options.schemas or ""), rename=dict(options.rename), **_choice(options)),
            settings,
            options.allow_dynamic_sql,
        )
    elif options.dump:
        findings = examine_dump(_endpoint(options, "source"), _selection(options))
    else:
        findings = examine_copy(
            _endpoint(options, "source"),
            _written_to(options),
            _selection(options),
            settings,
        )
    return _show(findings)


def _show(findings: Sequence[Finding]) -> int:
    blockers = sum(finding.severity == "blocker" for finding in findings)
    if findings:
        table = RichTable("", "what", "is the matter", "what to do", show_lines=True)
        for finding in sorted(findings, key=lambda each: each.severity):
            table.add_row(*map(escape, (finding.severity, finding.thing, finding.what, finding.advice)))
        Console().print(table)
    print(f"{blockers} in the way, {len(findings) - blockers} to know; nothing was changed")
    return _complain(f"{blockers} things stand in the way", 1) if blockers else 0


def _verify(options: argparse.Namespace) -> int:
    work = WorkDirectory.at(options.work_directory or default_work_directory())
    comparison = compare(
        _endpoint(options, "source"),
        _endpoint(options, "target"),
        _selection(options),
        options.threads,
        work.child(f"verify-{secrets.token_hex(6)}"),
        adaptation=_adaptation(options),
        choice=_translation(options),
    )
    return _tell(comparison)


def _tell(comparison: Comparison) -> int:
    print(
        f"compared {comparison.tables:,} tables ({comparison.chunks:,} chunks, {comparison.rows:,} rows) "
        f"and {comparison.objects:,} views, routines, triggers and events"
    )
    for difference in comparison.differences:
        print(f"- {difference}")
    if comparison.differences:
        return _complain(f"{len(comparison.differences)} differences found", 1)
    print("no difference")
    return 0


def _endpoint(options: argparse.Namespace, side: Literal["source", "target"]) -> Endpoint:
    variable = f"MYDUMP_{side.upper()}"
    uri = getattr(options, side) or os.environ.get(f"{variable}_URI")
    if not uri:
        raise ConfigurationError(f"name the {side}: --{side} URI, or {variable}_URI")
    endpoint = Endpoint.from_uri(uri, os.environ.get(f"{variable}_PASSWORD"))
    return replace(endpoint, patience=_patience(options)) if "attempts" in options else endpoint


def _written_to(options: argparse.Namespace) -> Endpoint:
    return replace(_endpoint(options, "target"), binlog=not options.no_binlog)


def _patience(options: argparse.Namespace) -> Patience:
    return Patience(options.attempts, options.first_pause_seconds, options.longest_pause_seconds)


def _settings(options: argparse.Namespace) -> PlanSettings:
    return PlanSettings(
        chunk_bytes=options.chunk_bytes,
        concurrency=options.threads,
        strategy=options.strategy,
        max_key_prefix_length=options.max_key_prefix_length,
    )


def _consistency(options: argparse.Namespace) -> Consistency:
    return Consistency(
        mode=options.consistency,
        max_lock_seconds=options.max_lock_seconds,
        gather_seconds=options.gather_seconds,
        long_query_seconds=options.long_query_seconds,
        long_queries=options.long_queries,
    )


def _run_settings(options: argparse.Namespace) -> dict[str, Any]:
    """What the options of `_add_run` say, in the words of `PlanSettings`."""
    return {
        "if_exists": options.if_exists,
        "defer_keys": not options.no_defer_keys,
        "verify": not options.no_verify,
        "users": tuple(getattr(options, "users", ())),
        "ledger": options.ledger,
        "translation": _translation(options),
        "adaptation": _adaptation(options),
    }


def _translation(options: argparse.Namespace) -> TranslationChoice:
    return TranslationChoice(collations=dict(options.collation), types=dict(options.type))


def _adaptation(options: argparse.Namespace) -> Adaptation:
    return Adaptation(
        definers=dict(options.map_definer) or options.definers,
        rewrite_names=options.rewrite_names,
        foreign_keys=options.foreign_keys,
    )


def _selection(options: argparse.Namespace) -> Selection:
    return Selection(
        schemas=_names(options.schemas or ""),
        rename=dict(options.rename),
        where=dict(options.where),
        partitions=dict(options.partitions),
        history=options.history,
        **_choice(options),
    )


def _choice(options: argparse.Namespace) -> dict[str, Any]:
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


def _names(text: str) -> tuple[str, ...]:
    return tuple(name for name in text.split(",") if name)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("airflow_mydump", description=__doc__.partition("\n")[0])
    verbs = parser.add_subparsers(required=True, metavar="VERB")
    copy = verbs.add_parser("copy", help="copy databases from one server to another, and verify them")
    _add_common(copy)
    _add_cutting(copy)
    _add_consistency(copy)
    _add_run(copy)
    _add_patience(copy)
    _add_ledger(copy)
    copy.add_argument("--dry-run", action="store_true", help="check and plan, and change nothing")
    _add_users(copy)
    copy.set_defaults(run=_copy)
    dump = verbs.add_parser("dump", help="dump databases into a directory, which myloader can read too")
    _add_source(dump)
    _add_cutting(dump)
    _add_consistency(dump)
    _add_dump(dump)
    _add_patience(dump)
    dump.set_defaults(run=_dump, rename=[])
    load = verbs.add_parser("load", help="restore a dump directory of this package or of mydumper, and verify it")
    _add_load(load)
    _add_patience(load)
    _add_ledger(load)
    load.set_defaults(run=_load)
    plan = verbs.add_parser("plan", help="show how tables would be cut into chunks, and why; needs no target")
    _add_selection(plan)
    _add_cutting(plan)
    plan.add_argument(
        "--tables", type=_positive, default=50, metavar="N", help="tables to list one by one (default: %(default)s)"
    )
    plan.add_argument(
        "--prove",
        action="store_true",
        help="count every chunk and every table in one snapshot, and fail unless they agree; reads each table twice",
    )
    plan.set_defaults(run=_plan)
    preflight = verbs.add_parser("preflight", help="look for all that stands in the way of a run; changes nothing")
    _add_common(preflight, schemas_required=False)
    _add_run(preflight)
    _add_users(preflight)
    preflight.add_argument("--input", metavar="DIR-OR-URL", help="look at a restore of this dump, instead of a copy")
    preflight.add_argument("--dump", action="store_true", help="look at a dump of the source, instead of a copy")
    _add_dynamic_sql(preflight)
    preflight.set_defaults(run=_preflight)
    verify = verbs.add_parser("verify", help="compare databases on two servers")
    _add_common(verify)
    _add_adaptation(verify)
    _add_translation(verify)
    verify.set_defaults(run=_verify)
    return parser


def _add_common(verb: argparse.ArgumentParser, schemas_required: bool = True) -> None:
    _add_target(verb)
    _add_selection(verb, schemas_required)
    _add_work_directory(verb)


def _add_target(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("--target", metavar="URI", help=_URI_HELP.format("TARGET"))


def _add_work_directory(verb: argparse.ArgumentParser) -> None:
    verb.add_argument(
        "--work-directory",
        metavar="DIR-OR-URL",
        help="where plans and reports are kept (default: a private directory below the system's temporary one)",
    )


def _add_run(verb: argparse.ArgumentParser) -> None:
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
    _add_adaptation(verb)
    _add_translation(verb)


def _add_patience(verb: argparse.ArgumentParser) -> None:
    default = Patience()
    verb.add_argument(
        "--attempts",
        type=_positive,
        default=default.attempts,
        metavar="N",
        help="how often a step is tried when a server is away or refuses for a while (default %(default)s)",
    )
    for name, seconds, what in (
        ("first", default.first_pause_seconds, "pause after the first try; each is twice the one before"),
        ("longest", default.longest_pause_seconds, "what these pauses grow to"),
    ):
        verb.add_argument(
            f"--{name}-pause-seconds", type=_seconds, default=seconds, metavar="N", help=f"{what} (default %(default)s)"
        )


def _add_ledger(verb: argparse.ArgumentParser) -> None:
    verb.add_argument(
        "--keep-ledger",
        action="store_true",
        help="leave in the target's ledger what a complete run recorded of each step; else one row stays",
    )


def _add_users(verb: argparse.ArgumentParser) -> None:
    verb.add_argument(
        "--users",
        action="append",
        default=[],
        metavar="GLOB",
        help="make the source's accounts USER@HOST that match, and their roles, with their privileges; those that the "
        "target has are left as they are; repeatable. The verb preflight shows the statements, without secrets",
    )


def _add_adaptation(verb: argparse.ArgumentParser) -> None:
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
        type=_definer,
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


def _add_dump(verb: argparse.ArgumentParser) -> None:
    verb.add_argument(
        "--output",
        required=True,
        metavar="DIR-OR-URL",
        help="the dump directory; the same command goes on with an unfinished dump in it",
    )
    verb.add_argument(
        "--level",
        type=_positive,
        default=DEFAULT_LEVEL,
        metavar="N",
        help=f"zstd's level, 1 to {HIGHEST_LEVEL} (default %(default)s)",
    )
    verb.add_argument(
        "--replace", action="store_true", help="remove the dump of this package that the directory has, and begin anew"
    )


def _add_load(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("--input", required=True, metavar="DIR-OR-URL", help="the dump directory")
    verb.add_argument("--schemas", metavar="A,B", help="databases to take (default: all in the dump)")
    _add_choice(verb)
    _add_target(verb)
    _add_rename(verb)
    _add_threads(verb)
    _add_run(verb)
    _add_work_directory(verb)
    _add_dynamic_sql(verb)


def _add_dynamic_sql(verb: argparse.ArgumentParser) -> None:
    verb.add_argument(
        "--allow-dynamic-sql",
        action="store_true",
        help="take routines, triggers and events that compose statements when they run; only for dumps you trust",
    )


def _add_cutting(verb: argparse.ArgumentParser) -> None:
    verb.add_argument(
        "--chunk-bytes",
        type=_size,
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
        type=_from_zero,
        default=0,
        metavar="N",
        help="columns of a key that chunks may be bounded by (default 0: all that can be used)",
    )


def _add_consistency(verb: argparse.ArgumentParser) -> None:
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
        type=_positive,
        default=default.max_lock_seconds,
        metavar="N",
        help="the longest that a snapshot may hold up the source's writers, that locks on tables are waited for, or "
        "that a replica's applier may take to stop (default %(default)s)",
    )
    verb.add_argument(
        "--gather-seconds",
        type=_positive,
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
        type=_positive,
        default=default.long_query_seconds,
        metavar="N",
        help="from when on a query is a long one (default %(default)s)",
    )


def _add_selection(verb: argparse.ArgumentParser, schemas_required: bool = True) -> None:
    _add_source(verb, schemas_required)
    _add_rename(verb)


def _add_source(verb: argparse.ArgumentParser, schemas_required: bool = True) -> None:
    verb.add_argument("--source", metavar="URI", help=_URI_HELP.format("SOURCE"))
    verb.add_argument("--schemas", required=schemas_required, metavar="A,B", help="databases to take")
    _add_choice(verb)
    _add_threads(verb)
    verb.add_argument(
        "--partitions",
        action="append",
        type=_partitions,
        default=[],
        metavar="DB.TABLE=P,Q",
        help="take only the rows of a table that are in these partitions; repeatable",
    )
    verb.add_argument(
        "--where",
        action="append",
        type=_condition,
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


def _add_choice(verb: argparse.ArgumentParser) -> None:
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


def _add_threads(verb: argparse.ArgumentParser) -> None:
    verb.add_argument(
        "--threads", type=_positive, default=4, metavar="N", help="workers at a time (default %(default)s)"
    )


def _add_rename(verb: argparse.ArgumentParser) -> None:
    verb.add_argument(
        "--rename",
        action="append",
        type=_rename,
        default=[],
        metavar="A=X",
        help="give database A the name X on the target; repeatable",
    )


def _add_translation(verb: argparse.ArgumentParser) -> None:
    verb.add_argument(
        "--collation",
        action="append",
        type=_rename,
        default=[],
        metavar="A=X",
        help="on a target of the other vendor, take its collation X for A; repeatable",
    )
    verb.add_argument(
        "--type",
        action="append",
        type=_rename,
        default=[],
        metavar="A=X",
        help="on a target of the other vendor, make type X of type A: uuid=char(36), inet4=varchar(15), "
        "inet6=varchar(39), json=longtext; repeatable",
    )


def _rename(text: str) -> tuple[str, str]:
    old, equals, new = text.partition("=")
    if not (old and equals and new):
        _reject(f"{text!r} does not have the form OLD=NEW")
    return old, new


def _definer(text: str) -> tuple[str, str]:
    old, equals, new = text.partition("=")
    if not (equals and "@" in old and "@" in new):
        _reject(f"{text!r} does not have the form USER@HOST=USER@HOST")
    return old, new


def _condition(text: str) -> tuple[str, str]:
    table, equals, condition = text.partition("=")
    if not (equals and "." in table and condition.strip()):
        _reject(f"{text!r} does not have the form DATABASE.TABLE=CONDITION")
    return table, condition


def _partitions(text: str) -> tuple[str, tuple[str, ...]]:
    table, _, partitions = text.partition("=")
    if not ("." in table and _names(partitions)):
        _reject(f"{text!r} does not have the form DATABASE.TABLE=PARTITION,PARTITION")
    return table, _names(partitions)


def _from_zero(text: str) -> int:
    return 0 if text == "0" else _positive(text)


def _size(text: str) -> int:
    try:
        return parse_size(text)
    except ConfigurationError as error:
        _reject(str(error))


def _seconds(text: str) -> float:
    if not re.fullmatch(r"\d+(\.\d+)?", text):
        _reject(f"{text!r} is not a number of seconds")
    return float(text)


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        _reject(f"{text!r} is not a number from 1")
    return int(text)


def _reject(reason: str) -> NoReturn:
    raise argparse.ArgumentTypeError(reason)
