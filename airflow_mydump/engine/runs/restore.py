"""A whole restore in one call: all its phases in order, with worker processes for those that map over bundles.

Airflow runs the same phases as tasks; this is the engine alone, for the command line and for scripts.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from urllib.parse import quote

from airflow_mydump.engine.dump_directory.storage import Storage
from airflow_mydump.engine.event import Listener, ignore
from airflow_mydump.engine.phases.index import index_phase
from airflow_mydump.engine.phases.load import load_phase
from airflow_mydump.engine.phases.load_plan import load_plan
from airflow_mydump.engine.phases.plan import schema_file
from airflow_mydump.engine.phases.post import post_phase
from airflow_mydump.engine.phases.report import Report, report_phase
from airflow_mydump.engine.phases.schema import schema_phase
from airflow_mydump.engine.phases.verify_load import verify_load_phase
from airflow_mydump.engine.plan.plan import Plan
from airflow_mydump.engine.plan.settings import PlanSettings
from airflow_mydump.engine.retry import again
from airflow_mydump.engine.runs.pool import WorkerPool
from airflow_mydump.engine.runs.run_record import plan_once
from airflow_mydump.engine.selection.open_selection import OpenSelection
from airflow_mydump.engine.server.endpoint import Endpoint
from airflow_mydump.engine.workdir import WorkDirectory


@dataclass(frozen=True)
class Restore:
    """A restore to be made: from which dump directory, to where, and how. ``settings.concurrency`` is the number of
    workers; a dump's chunks are what they are, so ``settings.chunk_bytes`` has no meaning here.

    ``work`` is a directory under which each run keeps its plan; a run with a key that was used before goes on
    where that run stopped. ``keep_ledger`` as in `report_phase`.
    """

    storage: Storage
    target: Endpoint
    settings: PlanSettings
    work: WorkDirectory
    run_key: str
    wanted: OpenSelection = field(default_factory=OpenSelection)
    dynamic_sql: bool = False
    keep_ledger: bool = False

    @property
    def directory(self) -> WorkDirectory:
        """Where this run keeps its plan."""
        return self.work.child(quote(self.run_key, safe=""))


def restore(restoring: Restore, announce: Listener = ignore, planned: Callable[[Plan], None] | None = None) -> Report:
    """Restore the dump and return its report; `report.require_complete` tells whether it may be trusted.

    ``planned`` is told the plan as soon as there is one. Raises what the phases raise; call again with the same run
    key to go on after the last committed chunk.
    """
    target, directory = restoring.target, restoring.directory
    purpose = {
        "dump": str(restoring.storage),
        "target": str(target),
        "wanted": restoring.wanted,
        "settings": restoring.settings,
    }
    with WorkerPool(restoring.settings.concurrency, announce) as pool:
        plan = plan_once(directory, restoring.run_key, purpose, again(partial(_plan, restoring), target.patience))
        if planned:
            planned(plan)
        schemas = [schema_file(plan.identity, part) for part in range(plan.parts)]
        bundles = [reference.file for reference in plan.data_bundles]
        pool.map(partial(schema_phase, target, directory), schemas)
        pool.map(partial(load_phase, target, restoring.storage, directory), bundles)
        pool.map(partial(index_phase, target, directory), schemas)
        if plan.verify:
            pool.map(again(partial(verify_load_phase, target, directory), target.patience), bundles)
    again(post_phase, target.patience)(target, directory, plan.identity, announce)
    return again(report_phase, target.patience)(target, directory, plan.identity, restoring.keep_ledger)


def _plan(restoring: Restore) -> Plan:
    return load_plan(
        restoring.target,
        restoring.storage,
        restoring.wanted,
        restoring.settings,
        restoring.run_key,
        restoring.directory,
        restoring.dynamic_sql,
    )
