"""Dump-plan: prepares the dump directory and decides what goes into it."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import Any

from airflow.providers.common.compat.sdk import conf

from airflow_mydump.engine import preflight
from airflow_mydump.engine.consistency.moment import to_come
from airflow_mydump.engine.consistency.settings import Consistency
from airflow_mydump.engine.dump_directory.dump_plan import DumpSettings
from airflow_mydump.engine.dump_directory.dump_record import CUTS, unfinished
from airflow_mydump.engine.phases.dump_plan import dump_plan
from airflow_mydump.engine.phases.finish_dump import ONE_BY_ONE
from airflow_mydump.engine.plan.cut_report import TableCuts
from airflow_mydump.operators.outline import BEGUN, OUTLINE, outline_of_dump
from airflow_mydump.operators.phase import engine_errors
from airflow_mydump.operators.selecting import SelectingOperator
from airflow_mydump.operators.staged import StagedOperator
from airflow_mydump.operators.xcom_value import plain


class DumpPlanOperator(StagedOperator, SelectingOperator):
    """Checks the source, leaves the plan in the dump directory and returns references to its bundles.

    Executed again for the same run while the dump is not complete, it goes on with the plan that is there.

    :param settings: how to cut, pack and compress; the number of bundles also respects ``[core] max_map_length``
    :param consistency: what the moment may cost the source that the rows are to be of
    :param replace_existing: whether a dump of this package that the directory has is removed first
    """

    def __init__(
        self, *, settings: DumpSettings, consistency: Consistency, replace_existing: bool = False, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.settings = settings
        self.consistency = consistency
        self.replace_existing = replace_existing

    def execute(self, context: Any) -> list[dict[str, Any]]:
        """Plan; returns references to the bundles, heaviest first."""
        most = min(self.settings.plan.max_bundles, conf.getint("core", "max_map_length", fallback=1024))
        context["ti"].xcom_push(key=BEGUN, value="dump")
        with engine_errors():
            chosen = self.chosen(context)
            preflight.check_source(self.source, chosen, self.consistency)
            plan = dump_plan(
                self.source,
                chosen,
                replace(self.settings, plan=replace(self.settings.plan, max_bundles=most)),
                self.run_key,
                self.storage,
                self.replace_existing,
            )
            cuts = unfinished(self.storage, plan.plan).read_lines(CUTS, TableCuts)
        self.log.info(
            "Dump %s into %s: %s tables, %s chunks in %s bundles, %s other objects",
            plan.plan,
            self.dump_directory,
            f"{plan.tables:,}",
            f"{plan.chunks:,}",
            len(plan.bundles),
            f"{plan.objects:,}",
        )
        consistency = ONE_BY_ONE if self.settings.mode == "none" else to_come(self.settings.mode)
        context["ti"].xcom_push(key=OUTLINE, value=plain(outline_of_dump(plan, str(self.storage), cuts, consistency)))
        return [asdict(reference) for reference in plan.bundles]
