"""Load-plan: reads what the dump directory holds and decides what is restored of it."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import Any

from airflow.providers.common.compat.sdk import conf

from airflow_mydump.engine.phases.load_plan import load_plan
from airflow_mydump.engine.phases.plan import cuts_file
from airflow_mydump.engine.plan.cut_report import TableCuts
from airflow_mydump.engine.plan.settings import PlanSettings
from airflow_mydump.engine.selection.open_selection import OpenSelection
from airflow_mydump.operators.chunk_plan import PLAN
from airflow_mydump.operators.outline import BEGUN, OUTLINE, outline_of_plan
from airflow_mydump.operators.phase import engine_errors
from airflow_mydump.operators.run_request import RunRequest
from airflow_mydump.operators.staged import StagedOperator
from airflow_mydump.operators.xcom_value import plain


class LoadPlanOperator(StagedOperator):
    """Checks the dump and the target, leaves the plan in the work directory and returns references to its bundles.

    The plan's identity is in the XCom with the key ``plan``. Every execution makes a new plan: clearing this task
    starts the restore anew.

    :param wanted: what of the dump is restored, and under which names
    :param settings: what to do with existing tables, how to pack
    :param dynamic_sql: whether routines, triggers and events may compose statements; only for dumps you trust
    :param run_params: whether the run's params choose how it is restored, see `RunRequest`
    """

    def __init__(
        self,
        *,
        wanted: OpenSelection,
        settings: PlanSettings,
        dynamic_sql: bool = False,
        run_params: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.wanted = wanted
        self.settings = settings
        self.dynamic_sql = dynamic_sql
        self.run_params = run_params

    def execute(self, context: Any) -> list[dict[str, Any]]:
        """Plan; returns references to the data bundles, heaviest first."""
        most = min(self.settings.max_bundles, conf.getint("core", "max_map_length", fallback=1024))
        context["ti"].xcom_push(key=BEGUN, value="restore")
        with engine_errors():
            request = RunRequest.of_run(context, self, self.run_params)
            wanted = replace(self.wanted, content=request.content) if request.content else self.wanted
            plan = load_plan(
                self.target,
                self.storage,
                wanted,
                replace(request.settled(self.settings), max_bundles=most),
                self.run_key,
                self.directory,
                self.dynamic_sql,
            )
            cuts = self.directory.read_lines(cuts_file(plan.identity), TableCuts)
        self.log.info(
            "Plan %s for %s: %s tables, %s chunks in %s bundles, %s other objects",
            plan.identity.plan,
            self.dump_directory,
            f"{plan.tables:,}",
            f"{plan.chunks:,}",
            len(plan.data_bundles),
            f"{plan.objects:,}",
        )
        for note in plan.notes:
            self.log.warning("%s", note)
        context["ti"].xcom_push(key=PLAN, value=asdict(plan.identity))
        context["ti"].xcom_push(key=OUTLINE, value=plain(outline_of_plan("restore", plan, cuts)))
        return [asdict(reference) for reference in plan.data_bundles]
