"""A whole dump in one call: all its phases in order, with worker processes for the one that maps over bundles.

Airflow runs the same phases as tasks; this is the engine alone, for the command line and for scripts.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

from airflow_mydump.engine import preflight
from airflow_mydump.engine.consistency.pause import resume_applier, resuming
from airflow_mydump.engine.consistency.settings import Consistency
from airflow_mydump.engine.dump_directory.dump_plan import DumpPlan, DumpSettings
from airflow_mydump.engine.dump_directory.storage import Storage
from airflow_mydump.engine.event import Listener, ignore
from airflow_mydump.engine.phases.dump import dump_phase, is_dumped, pause_dumped, snapshot_dump_phase
from airflow_mydump.engine.phases.dump_plan import dump_plan
from airflow_mydump.engine.phases.finish_dump import DumpReport, finish_dump
from airflow_mydump.engine.retry import again
from airflow_mydump.engine.runs.pool import WorkerPool
from airflow_mydump.engine.selection.selection import Selection
from airflow_mydump.engine.server.endpoint import Endpoint


@dataclass(frozen=True)
class Dump:
    """A dump to be made: from where, of what, how, and into which directory. ``settings.plan.concurrency`` is the
    number of workers. The directory keeps the plan, so the same dump into the same directory goes on where it
    stopped."""

    source: Endpoint
    selection: Selection
    settings: DumpSettings
    storage: Storage
    run_key: str
    replace_existing: bool = False
    consistency: Consistency = field(default_factory=Consistency)


def make_dump(dump: Dump, announce: Listener = ignore, planned: Callable[[DumpPlan], None] | None = None) -> DumpReport:
    """Make the dump and return its report; it is complete when this returns.

    ``planned`` is told the plan as soon as there is one. Raises what the phases raise; call again to go on after the
    last finished chunk.
    """
    with (
        resuming(dump.source, dump.storage.private, dump.consistency, announce),
        WorkerPool(dump.settings.plan.concurrency, announce) as pool,
    ):
        preflight.check_source(dump.source, dump.selection, dump.consistency)
        plan = again(dump_plan, dump.source.patience)(
            dump.source, dump.selection, dump.settings, dump.run_key, dump.storage, dump.replace_existing
        )
        if planned:
            planned(plan)
        if dump.settings.mode == "none":
            pool.map(partial(dump_phase, dump.source, dump.storage), [bundle.file for bundle in plan.bundles])
        else:
            _dump_together(dump, plan, pool, announce)
    return again(finish_dump, dump.source.patience)(dump.source, dump.storage, announce, dump.run_key, plan.plan)


def _dump_together(dump: Dump, plan: DumpPlan, pool: WorkerPool, announce: Listener) -> None:
    bundles, is_done = len(plan.bundles), partial(is_dumped, dump.storage, plan)
    work = partial(snapshot_dump_phase, dump.source, dump.storage, dump.consistency)
    if dump.settings.mode != "replica":
        pool.together(work, bundles, dump.source.patience, is_done)
        return
    pause_dumped(dump.source, dump.storage, dump.consistency, announce)
    pool.together(work, bundles, dump.source.patience, is_done)
    resume_applier(dump.source, dump.storage.private, dump.consistency, announce)
