"""A dump and a restore of it whose phases a test calls one after the other in its own process, to step in between."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from airflow_mydump.engine import preflight
from airflow_mydump.engine.dump_directory.dump_plan import DumpSettings
from airflow_mydump.engine.dump_directory.storage import Storage
from airflow_mydump.engine.event import Listener, ignore
from airflow_mydump.engine.phases.dump import dump_phase
from airflow_mydump.engine.phases.dump_plan import dump_plan
from airflow_mydump.engine.phases.finish_dump import DumpReport, finish_dump
from airflow_mydump.engine.phases.index import index_phase
from airflow_mydump.engine.phases.load import load_phase
from airflow_mydump.engine.phases.load_plan import load_plan
from airflow_mydump.engine.phases.plan import schema_file
from airflow_mydump.engine.phases.post import post_phase
from airflow_mydump.engine.phases.report import Report, report_phase, require_complete
from airflow_mydump.engine.phases.schema import schema_phase
from airflow_mydump.engine.phases.verify_load import verify_load_phase
from airflow_mydump.engine.plan.settings import PlanSettings
from airflow_mydump.engine.selection.open_selection import OpenSelection
from airflow_mydump.engine.selection.selection import Selection
from airflow_mydump.engine.workdir import WorkDirectory
from tests.integration.pair import endpoint, run_sql

if TYPE_CHECKING:
    from pathlib import Path

    from airflow_mydump.engine.plan.plan import IfExists, Plan
    from tests.integration.pair import Pair


@dataclass
class StagedRun:
    """`dump` and `restore` are all of it; the other methods are their steps. ``selection`` is all of ``database``
    unless given."""

    pair: Pair
    database: str
    path: Path
    work: WorkDirectory
    settings: DumpSettings = field(default_factory=lambda: DumpSettings(PlanSettings(concurrency=2), mode="none"))
    wanted: OpenSelection = field(default_factory=OpenSelection)
    if_exists: IfExists = "drop"
    selection: Selection | None = None
    keep_ledger: bool = True

    @classmethod
    def of(cls, pair: Pair, database: str, tmp_path: Path) -> StagedRun:
        return cls(pair, database, tmp_path / "dump", WorkDirectory.at(str(tmp_path / "work")))

    @property
    def storage(self) -> Storage:
        return Storage.at(str(self.path))

    @property
    def files(self) -> list[Path]:
        return sorted(path for path in self.path.iterdir() if path.is_file())

    def file(self, glob: str) -> Path:
        (found,) = self.path.glob(glob)
        return found

    def on_source(self, *statements: str) -> None:
        run_sql(self.pair.source, *statements, database=self.database)

    def dump(self, announce: Listener = ignore) -> DumpReport:
        source = endpoint(self.pair.source)
        selection = self.selection or Selection((self.database,))
        preflight.check_source(source, selection)
        plan = dump_plan(source, selection, self.settings, "test", self.storage)
        for bundle in plan.bundles:
            dump_phase(source, self.storage, bundle.file, announce)
        return finish_dump(source, self.storage)

    def plan(self, dynamic_sql: bool = False) -> Plan:
        return load_plan(
            endpoint(self.pair.target),
            self.storage,
            self.wanted,
            PlanSettings(self.if_exists, concurrency=2),
            f"test-{secrets.token_hex(4)}",
            self.work,
            dynamic_sql,
        )

    def restore(self, announce: Listener = ignore) -> Report:
        plan = self.plan()
        self.load(plan, announce)
        return self.finish(plan)

    def load(self, plan: Plan, announce: Listener = ignore) -> None:
        self.schema(plan)
        self.data(plan, announce)

    def finish(self, plan: Plan) -> Report:
        """What comes after the data."""
        self.index(plan)
        self.verify(plan)
        self.post(plan)
        return self.report(plan)

    def schema(self, plan: Plan) -> None:
        for part in range(plan.parts):
            schema_phase(endpoint(self.pair.target), self.work, schema_file(plan.identity, part))

    def data(self, plan: Plan, announce: Listener = ignore) -> None:
        for bundle in plan.data_bundles:
            load_phase(endpoint(self.pair.target), self.storage, self.work, bundle.file, announce)

    def index(self, plan: Plan) -> None:
        for part in range(plan.parts):
            index_phase(endpoint(self.pair.target), self.work, schema_file(plan.identity, part))

    def verify(self, plan: Plan) -> None:
        for bundle in plan.data_bundles:
            verify_load_phase(endpoint(self.pair.target), self.work, bundle.file)

    def post(self, plan: Plan) -> None:
        post_phase(endpoint(self.pair.target), self.work, plan.identity)

    def report(self, plan: Plan) -> Report:
        report = report_phase(endpoint(self.pair.target), self.work, plan.identity, self.keep_ledger)
        require_complete(report)
        return report
