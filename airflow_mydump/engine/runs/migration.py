"""A whole copy in one call: all phases in order, with worker processes for those that map over bundles.

Airflow runs the same phases as tasks; this is the engine alone, for the command line and for scripts.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from urllib.parse import quote

from airflow_mydump.engine import preflight
from airflow_mydump.engine.consistency.pause import resume_applier, resuming
from airflow_mydump.engine.consistency.settings import Consistency
from airflow_mydump.engine.event import Listener, ignore
from airflow_mydump.engine.phases.data import data_phase, is_loaded, pause_source, snapshot_data_phase
from airflow_mydump.engine.phases.index import index_phase
from airflow_mydump.engine.phases.plan import chunk_plan, schema_file
from airflow_mydump.engine.phases.post import post_phase
from airflow_mydump.engine.phases.prefetch import prefetch_metadata
from airflow_mydump.engine.phases.report import Report, report_phase
from airflow_mydump.engine.phases.schema import schema_phase
from airflow_mydump.engine.phases.verify import verify_phase
from airflow_mydump.engine.plan.plan import Plan
from airflow_mydump.engine.plan.settings import PlanSettings
from airflow_mydump.engine.retry import Patience, again
from airflow_mydump.engine.runs.pool import WorkerPool
from airflow_mydump.engine.runs.run_record import plan_once
from airflow_mydump.engine.selection.selection import Selection
from airflow_mydump.engine.server.endpoint import Endpoint
from airflow_mydump.engine.workdir import WorkDirectory


@dataclass(frozen=True)
class Migration:
    """A copy to be made: from where, to where, what, and how. ``settings.concurrency`` is the number of workers.

    ``work`` is a directory under which each run keeps its plan; a run with a key that was used before goes on
    where that run stopped. ``keep_ledger`` as in `report_phase`.
    """

    source: Endpoint
    target: Endpoint
    selection: Selection
    settings: PlanSettings
    work: WorkDirectory
    run_key: str
    consistency: Consistency = field(default_factory=Consistency)
    keep_ledger: bool = False

    @property
    def directory(self) -> WorkDirectory:
        """Where this run keeps its plan."""
        return self.work.child(quote(self.run_key, safe=""))


def migrate(migration: Migration, announce: Listener = ignore, planned: Callable[[Plan], None] | None = None) -> Report:
    """Make the copy and return its report; `report.require_complete` tells whether it may be trusted.

    ``planned`` is told the plan as soon as there is one. Raises what the phases raise; call again with the same run
    key to go on after the last committed chunk.
    """
    source, target, directory = migration.source, migration.target, migration.directory
    with (
        resuming(source, directory, migration.consistency, announce),
        WorkerPool(migration.settings.concurrency, announce) as pool,
    ):
        preflight.check(source, target, migration.selection, migration.consistency, migration.settings.ledger)
        plan = plan_once(
            directory, migration.run_key, _purpose(migration), again(partial(_plan, migration), target.patience)
        )
        if planned:
            planned(plan)
        schemas = [schema_file(plan.identity, part) for part in range(plan.parts)]
        bundles = [reference.file for reference in plan.data_bundles]
        pool.map(partial(schema_phase, target, directory), schemas)
        if migration.consistency.mode == "none":
            pool.map(partial(data_phase, source, target, directory), bundles)
        else:
            _move_together(migration, plan, pool, announce)
        pool.map(partial(index_phase, target, directory), schemas)
        if plan.verify:
            pool.map(again(partial(verify_phase, target, directory), target.patience), bundles)
    again(post_phase, target.patience)(target, directory, plan.identity, announce, source)
    return again(report_phase, target.patience)(target, directory, plan.identity, migration.keep_ledger)


def _purpose(migration: Migration) -> dict[str, object]:
    return {
        "source": str(migration.source),
        "target": str(migration.target),
        "selection": migration.selection,
        "settings": migration.settings,
        "consistency": migration.consistency.mode,
    }


def _move_together(migration: Migration, plan: Plan, pool: WorkerPool, announce: Listener) -> None:
    source, target, directory = migration.source, migration.target, migration.directory
    settings, bundles = migration.consistency, len(plan.data_bundles)
    is_done = partial(is_loaded, replace(target, patience=Patience(attempts=1)), plan)  # workers have waited for it
    work = partial(snapshot_data_phase, source, target, directory, plan.identity, settings)
    if settings.mode != "replica":
        pool.together(work, bundles, source.patience, is_done)
        return
    pause_source(source, target, directory, plan.identity, settings, announce)
    pool.together(work, bundles, source.patience, is_done)
    resume_applier(source, directory, settings, announce)


def rehearse(migration: Migration) -> Plan:
    """Check both servers and plan the copy, and change nothing on either. Raises what these phases raise."""
    preflight.check(
        migration.source, migration.target, migration.selection, migration.consistency, migration.settings.ledger
    )
    return _plan(migration, dry_run=True)


def _plan(migration: Migration, dry_run: bool = False) -> Plan:
    catalog = prefetch_metadata(migration.source, migration.selection)
    return chunk_plan(
        migration.source,
        migration.target,
        catalog,
        migration.selection,
        migration.settings,
        migration.run_key,
        migration.directory,
        migration.consistency.mode,
        dry_run,
    )
