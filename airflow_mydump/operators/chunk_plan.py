"""Chunk-plan: cuts tables into chunks and packs them into the bundles that later tasks map over."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Any

from airflow.providers.common.compat.sdk import conf

from airflow_mydump.engine.catalog import Catalog
from airflow_mydump.engine.cut_report import TableCuts, describe_balance, describe_tables
from airflow_mydump.engine.phases.plan import PlanSettings, chunk_plan, cuts_file
from airflow_mydump.engine.plan import Plan
from airflow_mydump.engine.selection import Selection
from airflow_mydump.operators.phase import PhaseOperator, engine_errors

PLAN = "plan"
"""Key of the XCom with the plan's identity. (Airflow maps over return values only, so bundles are those.)"""

_TABLES_TOLD = 50
"""Tables that have a line of their own in the log; the others are summed up."""


class ChunkPlanOperator(PhaseOperator):
    """Leaves the plan in the work directory and returns references to its data bundles, some 100 bytes each.

    The plan's identity is in the XCom with the key `PLAN`. There are as many schema bundles as ``settings`` has
    concurrency, which is known while the DAG is parsed, so nothing is pushed for them.

    Every execution makes a new plan with an identity of its own: what an earlier plan committed counts for nothing in
    it, so clearing this task starts the run anew.

    :param catalog: the file that `PrefetchMetadataOperator` returned
    :param selection: what is to be moved
    :param settings: how to cut and pack; the number of bundles also respects ``[core] max_map_length``
    """

    template_fields: Sequence[str] = (*PhaseOperator.template_fields, "catalog")

    def __init__(self, *, catalog: Any, selection: Selection, settings: PlanSettings, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.catalog = catalog
        self.selection = selection
        self.settings = settings

    def execute(self, context: Any) -> list[dict[str, Any]]:
        """Plan; returns references to the data bundles, heaviest first."""
        most = min(self.settings.max_bundles, conf.getint("core", "max_map_length", fallback=1024))
        with engine_errors():
            plan = chunk_plan(
                self.source,
                self.target,
                self.directory.read(self.catalog, Catalog),
                self.selection,
                replace(self.settings, max_bundles=most),
                self.run_key,
                self.directory,
            )
        self._tell(plan)
        for line in describe_tables(self.directory.read_lines(cuts_file(plan.identity), TableCuts), _TABLES_TOLD):
            self.log.info("%s", line)
        self.log.info("%s", describe_balance([reference.weight for reference in plan.data_bundles]))
        context["ti"].xcom_push(key=PLAN, value=asdict(plan.identity))
        return [asdict(reference) for reference in plan.data_bundles]

    def _tell(self, plan: Plan) -> None:
        self.log.info(
            "Plan %s: %s tables, %s chunks in %s bundles, %s other objects",
            plan.identity.plan,
            f"{plan.tables:,}",
            f"{plan.chunks:,}",
            len(plan.data_bundles),
            f"{plan.objects:,}",
        )
        for schema in plan.schemas:
            self.log.info(
                "%s: %s tables, %s left alone, %s chunks", schema.target, schema.tables, schema.skipped, schema.chunks
            )
        for note in plan.notes:
            self.log.warning("%s", note)
