"""A copy whose phases a test calls one after the other in its own process, to step in between."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from airflow_mydump.engine import preflight
from airflow_mydump.engine.event import Listener, ignore
from airflow_mydump.engine.phases.data import data_phase
from airflow_mydump.engine.phases.index import index_phase
from airflow_mydump.engine.phases.plan import chunk_plan, schema_file
from airflow_mydump.engine.phases.post import post_phase
from airflow_mydump.engine.phases.prefetch import prefetch_metadata
from airflow_mydump.engine.phases.report import Report, report_phase, require_complete
from airflow_mydump.engine.phases.schema import schema_phase
from airflow_mydump.engine.phases.verify import verify_phase
from airflow_mydump.engine.plan.settings import PlanSettings
from airflow_mydump.engine.selection.selection import Selection
from airflow_mydump.engine.workdir import WorkDirectory
from tests.integration.pair import endpoint, run_sql

if TYPE_CHECKING:
    from pathlib import Path

    from airflow_mydump.engine.plan.plan import IfExists, Plan
    from airflow_mydump.engine.server.endpoint import Endpoint
    from tests.integration.pair import Pair


@dataclass
class Run:
    """`copy` is all of it; `plan`, `schema`, `data`, `index`, `verify`, `post`, `report` are its steps. All that is
    recorded stays in the ledger, for tests to look at."""

    pair: Pair
    database: str
    selection: Selection
    work: WorkDirectory
    source: Endpoint
    target: Endpoint
    settings: PlanSettings = field(default_factory=lambda: PlanSettings(concurrency=2))
    run_key: str = field(default_factory=lambda: f"test-{secrets.token_hex(4)}")
    planned: Plan | None = None
    keep_ledger: bool = True

    @classmethod
    def of(cls, pair: Pair, database: str, work: Path) -> Run:
        return cls(
            pair,
            database,
            Selection((database,)),
            WorkDirectory.at(str(work)),
            endpoint(pair.source),
            endpoint(pair.target),
        )

    def again(self, if_exists: IfExists = "truncate", selection: Selection | None = None) -> Run:
        """Another run over the same target."""
        return Run(
            self.pair,
            self.database,
            selection or self.selection,
            self.work,
            self.source,
            self.target,
            PlanSettings(if_exists=if_exists, chunk_bytes=self.settings.chunk_bytes, concurrency=2),
        )

    def on_source(self, *statements: str) -> None:
        run_sql(self.pair.source, *statements, database=self.database)

    def on_target(self, *statements: str) -> None:
        run_sql(self.pair.target, *statements, database=self.database)

    def plan(self) -> Plan:
        preflight.check(self.source, self.target, self.selection, ledger=self.settings.ledger)
        catalog = prefetch_metadata(self.source, self.selection)
        self.planned = chunk_plan(
            self.source, self.target, catalog, self.selection, self.settings, self.run_key, self.work
        )
        return self.planned

    def schema(self) -> None:
        for file in self._schema_files():
            schema_phase(self.target, self.work, file)

    def data(self, announce: Listener = ignore) -> None:
        for bundle in self._plan.data_bundles:
            data_phase(self.source, self.target, self.work, bundle.file, announce)

    def index(self) -> None:
        for file in self._schema_files():
            index_phase(self.target, self.work, file)

    def verify(self) -> None:
        for file in self.plan_files():
            self.verify_file(file)

    def verify_file(self, file: str) -> None:
        verify_phase(self.target, self.work, file)

    def post(self, announce: Listener = ignore) -> None:
        post_phase(self.target, self.work, self._plan.identity, announce, source=self.source)

    def report(self) -> Report:
        report = report_phase(self.target, self.work, self._plan.identity, self.keep_ledger)
        require_complete(report)
        return report

    def finish(self) -> Report:
        """What comes after the data."""
        self._prove()
        return self.report()

    def all_but_report(self) -> None:
        self.plan()
        self.schema()
        self.data()
        self._prove()

    def _prove(self) -> None:
        self.index()
        self.verify()
        self.post()

    def copy(self) -> Report:
        self.all_but_report()
        return self.report()

    def plan_files(self) -> list[str]:
        """The files of the data bundles."""
        return [bundle.file for bundle in self._plan.data_bundles]

    def _schema_files(self) -> list[str]:
        return [schema_file(self._plan.identity, part) for part in range(self._plan.parts)]

    @property
    def _plan(self) -> Plan:
        assert self.planned, "call plan first"
        return self.planned
