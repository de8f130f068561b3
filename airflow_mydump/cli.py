"""The command line: ``python -m airflow_mydump VERB``. It runs the engine alone and never imports Airflow.

Exit 0 means complete and verified. Any other exit comes with one sentence on standard error: 1 for a run that failed
or a difference found, 2 for a command that cannot be right, 130 for an interruption (Ctrl-C), 143 for SIGTERM.
"""

from __future__ import annotations

import argparse
import secrets
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

from rich.console import Console
from rich.markup import escape
from rich.table import Table as RichTable

from airflow_mydump.engine.dump_directory.dump_plan import DumpSettings
from airflow_mydump.engine.dump_directory.storage import Storage
from airflow_mydump.engine.errors import ConfigurationError, MydumpError, SelectionError
from airflow_mydump.engine.garbage_collection import collect_rarely
from airflow_mydump.engine.phases.finish_dump import DumpReport
from airflow_mydump.engine.phases.report import as_markdown, require_complete
from airflow_mydump.engine.plan.plan import Plan
from airflow_mydump.engine.plan.settings import PlanSettings
from airflow_mydump.engine.preflight.finding import Finding
from airflow_mydump.engine.runs.comparison import Comparison, compare
from airflow_mydump.engine.runs.dump import Dump, make_dump
from airflow_mydump.engine.runs.examination import examine_copy, examine_dump, examine_restore
from airflow_mydump.engine.runs.migration import Migration, migrate, rehearse
from airflow_mydump.engine.runs.plan_preview import preview_plan
from airflow_mydump.engine.runs.restore import Restore, restore
from airflow_mydump.engine.workdir import WorkDirectory, default_work_directory
from airflow_mydump.options.consistency import add_consistency, consistency_of
from airflow_mydump.options.cutting import add_cutting, settings_of
from airflow_mydump.options.dump import add_dump, add_dynamic_sql, add_load
from airflow_mydump.options.run import (
    adaptation_of,
    add_adaptation,
    add_ledger,
    add_run,
    add_translation,
    add_users,
    add_work_directory,
    run_settings_of,
    translation_of,
)
from airflow_mydump.options.selection import add_selection, add_source, open_selection_of, selection_of
from airflow_mydump.options.server import add_patience, add_target, endpoint_of, target_of
from airflow_mydump.options.value import parse_positive
from airflow_mydump.progress_bar import ProgressBar

_SAME_KEY = "; the same --run-key goes on"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status."""
    parser = _parser()
    options = parser.parse_args(arguments)
    collect_rarely()
    try:
        with _ending_when_told():
            return int(options.run(options))
    except (ConfigurationError, SelectionError) as error:
        return _complain(error, 2)
    except MydumpError as error:
        return _complain(error, 1)
    except KeyboardInterrupt:
        return _complain(f"interrupted{options.going_on}", 130)
    except _Terminated:
        return _complain(f"terminated{options.going_on}", 143)


class _Terminated(BaseException):
    """SIGTERM came: what is under way ends as it does after Ctrl-C."""


@contextmanager
def _ending_when_told() -> Iterator[None]:
    def end(*_: object) -> None:
        raise _Terminated

    if threading.current_thread() is not threading.main_thread():  # where signals are somebody else's
        yield
        return
    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _complain(what: object, status: int) -> int:
    print(f"airflow_mydump: {what}", file=sys.stderr)
    return status


def _copy(options: argparse.Namespace) -> int:
    run_key = options.run_key or f"cli-{secrets.token_hex(6)}"
    migration = Migration(
        source=endpoint_of(options, "source"),
        target=target_of(options),
        selection=selection_of(options),
        settings=replace(settings_of(options), **run_settings_of(options)),
        work=WorkDirectory.at(options.work_directory or default_work_directory()),
        run_key=run_key,
        consistency=consistency_of(options),
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
        source=endpoint_of(options, "source"),
        selection=selection_of(options),
        settings=DumpSettings(settings_of(options), options.level, options.consistency),
        consistency=consistency_of(options),
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
        target=target_of(options),
        settings=PlanSettings(concurrency=options.threads, **run_settings_of(options)),
        work=WorkDirectory.at(options.work_directory or default_work_directory()),
        run_key=run_key,
        wanted=open_selection_of(options),
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
    preview = preview_plan(endpoint_of(options, "source"), selection_of(options), settings_of(options), options.prove)
    for line in preview.lines(options.tables):
        print(line)
    return 0


def _preflight(options: argparse.Namespace) -> int:
    settings = PlanSettings(**run_settings_of(options))
    if options.input:
        findings = examine_restore(
            Storage.at(options.input),
            target_of(options),
            open_selection_of(options),
            settings,
            options.allow_dynamic_sql,
        )
    elif options.dump:
        findings = examine_dump(endpoint_of(options, "source"), selection_of(options), consistency_of(options))
    else:
        findings = examine_copy(
            endpoint_of(options, "source"),
            target_of(options),
            selection_of(options),
            settings,
            consistency_of(options),
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
        endpoint_of(options, "source"),
        endpoint_of(options, "target"),
        selection_of(options),
        options.threads,
        work.child(f"verify-{secrets.token_hex(6)}"),
        adaptation=adaptation_of(options),
        choice=translation_of(options),
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


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("airflow_mydump", description=__doc__.partition("\n")[0])
    parser.set_defaults(going_on="")
    verbs = parser.add_subparsers(required=True, metavar="VERB")
    copy = verbs.add_parser("copy", help="copy databases from one server to another, and verify them")
    _add_common(copy)
    add_cutting(copy)
    add_consistency(copy)
    add_run(copy)
    add_patience(copy)
    add_ledger(copy)
    copy.add_argument("--dry-run", action="store_true", help="check and plan, and change nothing")
    add_users(copy)
    copy.set_defaults(run=_copy, going_on=_SAME_KEY)
    dump = verbs.add_parser("dump", help="dump databases into a directory, which myloader can read too")
    add_source(dump)
    add_cutting(dump)
    add_consistency(dump)
    add_dump(dump)
    add_patience(dump)
    dump.set_defaults(run=_dump, rename=[], going_on="; the same command goes on")
    load = verbs.add_parser("load", help="restore a dump directory of this package or of mydumper, and verify it")
    add_load(load)
    add_patience(load)
    add_ledger(load)
    load.set_defaults(run=_load, going_on=_SAME_KEY)
    plan = verbs.add_parser("plan", help="show how tables would be cut into chunks, and why; needs no target")
    add_selection(plan)
    add_cutting(plan)
    plan.add_argument(
        "--tables",
        type=parse_positive,
        default=50,
        metavar="N",
        help="tables to list one by one (default: %(default)s)",
    )
    plan.add_argument(
        "--prove",
        action="store_true",
        help="count every chunk and every table in one snapshot, and fail unless they agree; reads each table twice",
    )
    plan.set_defaults(run=_plan)
    preflight = verbs.add_parser("preflight", help="look for all that stands in the way of a run; changes nothing")
    _add_common(preflight, schemas_required=False)
    add_run(preflight)
    add_users(preflight)
    add_consistency(preflight)
    preflight.add_argument("--input", metavar="DIR-OR-URL", help="look at a restore of this dump, instead of a copy")
    preflight.add_argument("--dump", action="store_true", help="look at a dump of the source, instead of a copy")
    add_dynamic_sql(preflight)
    preflight.set_defaults(run=_preflight)
    verify = verbs.add_parser("verify", help="compare databases on two servers")
    _add_common(verify)
    add_adaptation(verify)
    add_translation(verify)
    verify.set_defaults(run=_verify)
    return parser


def _add_common(verb: argparse.ArgumentParser, schemas_required: bool = True) -> None:
    add_target(verb)
    add_selection(verb, schemas_required)
    add_work_directory(verb)
