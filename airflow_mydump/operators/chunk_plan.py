"""Chunk-plan: cuts tables into chunks and packs them into the bundles that later tasks map over."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from typing import Any

from airflow.providers.common.compat.sdk import DownstreamTasksSkipped, conf

from airflow_mydump.engine.consistency.settings import Mode
from airflow_mydump.engine.metadata.catalog import Catalog
from airflow_mydump.engine.phases.plan import chunk_plan, cuts_file
from airflow_mydump.engine.plan.cut_report import TableCuts, describe_balance, describe_tables
from airflow_mydump.engine.plan.plan import Plan
from airflow_mydump.engine.plan.settings import PlanSettings
from airflow_mydump.operators.outline import OUTLINE, outline_of_plan
from airflow_mydump.operators.own_task import own_relatives
from airflow_mydump.operators.phase import engine_errors
from airflow_mydump.operators.plan_link import SUMMARY, PlanLink
from airflow_mydump.operators.selecting import SelectingOperator
from airflow_mydump.operators.xcom_value import plain

PLAN = "plan"
"""Key of the XCom with the plan's identity. (Airflow maps over return values only, so bundles are those.)"""

_TABLES_TOLD = 50
"""Tables that have a line of their own in the log; the others are summed up."""


class ChunkPlanOperator(SelectingOperator):
    """Leaves the plan in the work directory and returns references to its data bundles, some 100 bytes each.

    The plan's identity is in the XCom with the key `PLAN`, its summary for people behind the link ``Plan``. There are
    as many schema bundles as ``settings`` has concurrency; over how many tasks they are mapped is known while the DAG
    is parsed (`PartOperator`), so nothing is pushed for them.

    Every execution makes a new plan with an identity of its own: what an earlier plan committed counts for nothing in
    it, so clearing this task starts the run anew. In a dry run the plan is told, and everything after it is skipped.

    :param catalog: the file that `PrefetchMetadataOperator` returned
    :param settings: how to cut and pack; the number of bundles also respects ``[core] max_map_length``
    :param mode: how the rows of different chunks will belong together
    """

    template_fields: Sequence[str] = (*SelectingOperator.template_fields, "catalog")
    operator_extra_links = (PlanLink(),)

    def __init__(self, *, catalog: Any, settings: PlanSettings, mode: Mode = "none", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.mode = mode
        self.catalog = catalog
        self.settings = settings

    def execute(self, context: Any) -> list[dict[str, Any]]:
        """Plan; returns references to the data bundles, in the order of work."""
        most = min(self.settings.max_bundles, conf.getint("core", "max_map_length", fallback=1024))
        with engine_errors():
            request = self.request(context)
            plan = chunk_plan(
                self.source,
                self.target,
                self.directory.read(self.catalog, Catalog),
                request.narrowed(self.selection),
                replace(request.settled(self.settings), max_bundles=most),
                self.run_key,
                self.directory,
                self.mode,
                request.dry_run,
            )
            cuts = self.directory.read_lines(cuts_file(plan.identity), TableCuts)
        summary = list(_summary(plan, cuts))
        for line in summary:
            self.log.info("%s", line)
        for note in plan.notes:
            self.log.warning("%s", note)
        context["ti"].xcom_push(key=OUTLINE, value=plain(outline_of_plan("migration", plan, cuts)))
        context["ti"].xcom_push(key=SUMMARY, value="\n".join([*summary, *plan.notes]))
        if request.dry_run:
            self.log.info("A dry run: nothing was changed, and nothing else will be done")
            raise DownstreamTasksSkipped(tasks=self._followers())  # type: ignore[no-untyped-call]
        context["ti"].xcom_push(key=PLAN, value=asdict(plan.identity))
        return [asdict(reference) for reference in plan.data_bundles]

    def _followers(self) -> list[tuple[str, int]]:
        """The run's tasks that come after this one, with their map indexes; tasks of the user's decide by their own
        trigger rules."""
        after = own_relatives(self, upstream=False)
        # Those that map over the parts are expanded before the run begins, the others stand as one with the index -1.
        return [(task_id, index) for task_id in after for index in range(-1, self.settings.concurrency)]


def _summary(plan: Plan, cuts: Sequence[TableCuts]) -> Iterator[str]:
    yield (
        f"Plan {plan.identity.plan}: {plan.tables:,} tables, {plan.chunks:,} chunks in {len(plan.data_bundles)} "
        f"bundles, {plan.objects:,} other objects"
    )
    for schema in plan.schemas:
        yield f"{schema.target}: {schema.tables} tables, {schema.skipped} left alone, {schema.chunks} chunks"
    yield from describe_tables(cuts, _TABLES_TOLD)
    yield describe_balance([reference.weight for reference in plan.data_bundles])
