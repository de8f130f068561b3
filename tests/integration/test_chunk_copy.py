"""A whole copy in many chunks: with conditions on rows, with ranges of every kind, and the counts that prove it."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import pytest
from sandbox.server import Server, available_flavors

from airflow_mydump.cli import main
from airflow_mydump.engine.chunking.chunk import Chunk
from airflow_mydump.engine.errors import SelectionError, VerificationError
from airflow_mydump.engine.phases.data import data_phase
from airflow_mydump.engine.phases.plan import chunk_plan, schema_file
from airflow_mydump.engine.phases.prefetch import prefetch_metadata
from airflow_mydump.engine.phases.schema import schema_phase
from airflow_mydump.engine.phases.verify import verify_phase
from airflow_mydump.engine.plan.chunk_proof import require_cover
from airflow_mydump.engine.plan.plan import Plan, PlannedTable
from airflow_mydump.engine.plan.settings import PlanSettings
from airflow_mydump.engine.selection.selection import Selection
from airflow_mydump.engine.server.endpoint import Endpoint
from airflow_mydump.engine.server.session import Session
from airflow_mydump.engine.server.session_state import metadata, reading
from airflow_mydump.engine.workdir import WorkDirectory

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@dataclass
class Copy:
    source: Endpoint
    target: Endpoint
    work: WorkDirectory

    def on(self, endpoint: Endpoint, *statements: str) -> None:
        with Session(endpoint, metadata) as session:
            for statement in statements:
                session.execute(statement)

    def rows(self, endpoint: Endpoint, query: str) -> list[Any]:
        with Session(endpoint, metadata) as session:
            return sorted(session.rows(query))

    def plan(self, where: dict[str, str], chunk_bytes: int = 3000) -> Plan:
        selection = Selection(("tenant",), where=where)
        catalog = prefetch_metadata(self.source, selection)
        settings = PlanSettings("drop", chunk_bytes, concurrency=2)
        return chunk_plan(
            self.source, self.target, catalog, selection, settings, f"test-{secrets.token_hex(4)}", self.work
        )

    def load(self, plan: Plan) -> None:
        for part in range(plan.parts):
            schema_phase(self.target, self.work, schema_file(plan.identity, part))
        for bundle in plan.data_bundles:
            data_phase(self.source, self.target, self.work, bundle.file)

    def verify(self, plan: Plan) -> None:
        for bundle in plan.data_bundles:
            verify_phase(self.target, self.work, bundle.file)


@pytest.fixture(scope="module", params=available_flavors())
def servers(request: pytest.FixtureRequest) -> Iterator[tuple[Server, Server]]:
    with Server(request.param) as source, Server(request.param) as target:
        yield source, target


@pytest.fixture
def copy(servers: tuple[Server, Server], tmp_path: Path) -> Copy:
    source, target = (Endpoint(server.host, server.port, server.user, server.password) for server in servers)
    made = Copy(source, target, WorkDirectory.at(str(tmp_path)))
    numbers = ", ".join(f"({number}, '{'Ä' if number % 3 else 'a'}{number}', {number % 10})" for number in range(800))
    made.on(
        source, "DROP DATABASE IF EXISTS tenant", "CREATE DATABASE tenant DEFAULT CHARACTER SET utf8mb4",
        "CREATE TABLE tenant.t (id INT PRIMARY KEY, name VARCHAR(40) NOT NULL, v INT, UNIQUE KEY (name))",
        f"INSERT INTO tenant.t VALUES {numbers}",
        "CREATE TABLE tenant.words (word VARCHAR(40) COLLATE utf8mb4_unicode_ci NOT NULL, id INT NOT NULL, "
        "PRIMARY KEY (word, id))",
        "INSERT INTO tenant.words SELECT IF(v < 6, 'common', name), id FROM tenant.t",
    )  # fmt: skip
    made.on(target, "DROP DATABASE IF EXISTS tenant")
    for table in ("t", "words"):
        made.rows(source, f"ANALYZE TABLE tenant.{table}")
    return made


def test_every_chunk_arrives(copy: Copy) -> None:
    plan = copy.plan({})
    assert plan.chunks > 20
    copy.load(plan)
    copy.verify(plan)
    for table in ("t", "words"):
        query = f"SELECT * FROM tenant.{table}"
        assert copy.rows(copy.source, query) == copy.rows(copy.target, query)


@pytest.mark.parametrize(
    ("condition", "rows"),
    [
        ("v = 1 OR v = 2", 160), ("id > 5", 794), ("name = 'A3'", 1), ("name LIKE 'ä1%' /* a remark */", 111),
        ("v < 0", 0), ("id IN (SELECT id FROM tenant.words WHERE id < 9)", 9),
    ],
)  # fmt: skip
def test_a_condition_takes_its_rows_and_no_others(copy: Copy, condition: str, rows: int) -> None:
    """Also: texts in it mean what they mean to any client, with the column's collation."""
    plan = copy.plan({"tenant.t": condition})
    copy.load(plan)
    copy.verify(plan)
    copied = copy.rows(copy.target, "SELECT * FROM tenant.t")
    assert copied == copy.rows(copy.source, f"SELECT * FROM tenant.t WHERE {condition}")
    assert len(copied) == rows
    assert len(copy.rows(copy.target, "SELECT * FROM tenant.words")) == 800


def test_a_row_that_nobody_selected_is_found(copy: Copy) -> None:
    plan = copy.plan({"tenant.t": "v = 1"})
    copy.load(plan)
    copy.on(copy.target, "INSERT INTO tenant.t VALUES (100000, 'nobody', 5)")
    with pytest.raises(VerificationError, match=r"tenant\.t: 80 rows were loaded in all its chunks, .* has 81"):
        copy.verify(plan)


@pytest.mark.parametrize(
    "condition",
    ["1 = 1) OR (1 = 1", "v = 1 LIMIT 5", "v = 1 -- ", "nosuch = 1", "v = 1; DROP TABLE t", "v = (", "COUNT(*)"],
)
def test_a_condition_that_is_no_condition_is_refused_before_anything(copy: Copy, condition: str) -> None:
    with pytest.raises(SelectionError, match=r"tenant\.t"):
        copy.plan({"tenant.t": condition})
    assert not copy.rows(copy.target, "SHOW DATABASES LIKE 'tenant'")


def test_a_condition_for_no_table_is_refused(copy: Copy) -> None:
    with pytest.raises(SelectionError, match=r"tenant\.nosuch, which is no selected table"):
        copy.plan({"tenant.nosuch": "1 = 1"})


def test_the_plan_verb_shows_and_proves(copy: Copy, capsys: pytest.CaptureFixture[str], monkeypatch: Any) -> None:
    source = copy.source
    monkeypatch.setenv("MYDUMP_SOURCE_URI", f"mysql://{source.user}@{source.host}:{source.port}/")
    monkeypatch.setenv("MYDUMP_SOURCE_PASSWORD", source.password)
    command = ["plan", "--schemas", "tenant", "--chunk-bytes", "3000", "--prove", "--where", "tenant.t=v = 1"]
    assert main(command) == 0
    shown = capsys.readouterr().out
    assert "by primary key (id), by estimates, where v = 1" in shown
    assert "by primary key (word, id), counted over the index" in shown
    assert "over the mean" in shown
    assert main(command) == 0
    assert capsys.readouterr().out == shown


def test_the_proof_sees_a_lost_and_a_doubled_row(copy: Copy) -> None:
    (table,) = (
        table for table in prefetch_metadata(copy.source, Selection(("tenant",))).tables if table.name.name == "t"
    )
    planned = PlannedTable(0, table, table.name, "create")
    first = Chunk(0, 0, 1, 1, ("id",), "PRIMARY", None, ("100",))
    with Session(copy.source, reading) as session:
        require_cover(session, planned, [first, replace(first, lower=("100",), upper=None)])
        for wrong in ("101", "99"):
            with pytest.raises(VerificationError, match="its chunks hold"):
                require_cover(session, planned, [first, replace(first, lower=(wrong,), upper=None)])
            session.execute("ROLLBACK")
