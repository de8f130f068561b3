"""Of a complete run one row stays in the ledger, and whoever asks for one of its phases again is told so."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from airflow_mydump.engine import ledger
from airflow_mydump.engine.errors import IncompleteRunError, PreflightError, ServerError, VerificationError
from airflow_mydump.engine.event import EventKind
from airflow_mydump.engine.phases.data import data_phase
from airflow_mydump.engine.phases.index import index_phase
from airflow_mydump.engine.phases.plan import schema_file
from airflow_mydump.engine.phases.post import post_phase
from airflow_mydump.engine.phases.report import report_phase
from airflow_mydump.engine.phases.schema import schema_phase
from airflow_mydump.engine.phases.verify import Verified, verify_phase
from airflow_mydump.engine.plan.plan import DataBundle
from airflow_mydump.engine.plan.settings import PlanSettings
from airflow_mydump.engine.server.session import Session
from airflow_mydump.engine.server.session_state import metadata
from tests.integration.command_line import run_command
from tests.integration.contents import assert_same_contents, assert_same_definitions
from tests.integration.crew import Crew
from tests.integration.pair import rows_of
from tests.integration.staged_run import StagedRun

if TYPE_CHECKING:
    from pathlib import Path

    from airflow_mydump.engine.event import Event
    from airflow_mydump.engine.plan_identity import PlanIdentity
    from tests.integration.pair import Pair
    from tests.integration.run import Run

pytestmark = pytest.mark.usefixtures("without_ledger")


@pytest.fixture
def shop(run: Run) -> Run:
    run.keep_ledger = False
    run.on_source(
        "CREATE TABLE t (v INT)", "INSERT INTO t VALUES (1), (1), (NULL)",
        "CREATE TABLE u (id INT PRIMARY KEY, v INT, KEY (v))", "INSERT INTO u VALUES (1, 2)",
        "CREATE VIEW w AS SELECT v FROM t", "CREATE TRIGGER r BEFORE INSERT ON u FOR EACH ROW SET NEW.v = 0",
    )  # fmt: skip
    return run


def ledger_of(pair: Pair) -> list[tuple[Any, ...]]:
    return rows_of(
        pair.target,
        "SELECT step, run_key, state, row_count, byte_count > 0, finished_at >= started_at, detail "
        "FROM airflow_mydump.ledger ORDER BY started_at, step",
    )


def test_one_row_tells_of_a_complete_run(shop: Run, pair: Pair) -> None:
    shop.copy()
    ((*figures, detail),) = ledger_of(pair)
    assert figures == ["run", shop.run_key, "verified", 4, 1, 1]
    told = json.loads(detail)
    assert told.pop("server")
    assert told.pop("consistency").startswith("none: ")
    assert told == {"databases": [shop.database], "tables": 2, "chunks": 2, "objects": 2}


def test_every_phase_of_a_complete_run_says_that_nothing_is_left(shop: Run, pair: Pair) -> None:
    report = shop.copy()
    plan = shop.planned
    assert plan
    shop.on_target("INSERT INTO t VALUES (9)", "DROP TRIGGER r", "DROP VIEW w")  # by those who use it now
    before = ledger_of(pair)
    said: list[str] = []

    def listen(event: Event) -> None:
        assert event.kind is EventKind.NOTICE
        said.append(event.text)

    part, bundle, identity = schema_file(plan.identity, 0), shop.plan_files()[0], plan.identity
    assert schema_phase(shop.target, shop.work, part, listen) == 0
    assert data_phase(shop.source, shop.target, shop.work, bundle, listen).chunks == 0
    assert index_phase(shop.target, shop.work, part, listen) == 0
    assert verify_phase(shop.target, shop.work, bundle, listen) == Verified(0, 0)
    assert post_phase(shop.target, shop.work, identity, listen, shop.source) == 0
    assert len(said) == 5
    assert all("is complete, and nothing of it is done again" in text for text in said)
    with Crew(shop, 2) as crew:
        assert [moved.chunks for moved in crew.all()] == [0, 0]
    assert report_phase(shop.target, shop.work, identity) == report
    assert report_phase(shop.target, shop.work, identity, keep_ledger=True) == report
    assert ledger_of(pair) == before
    assert len(rows_of(pair.target, "SELECT v FROM t", shop.database)) == 4


def bundle_of(run: Run, table: str) -> str:
    (file,) = (file for file in run.plan_files() if run.work.read(file, DataBundle).tables[0].table.name.name == table)
    return file


@pytest.mark.parametrize("table", ["t", "u"])
def test_nothing_is_missing_that_another_try_has_proved_and_cleared_meanwhile(
    shop: Run, pair: Pair, table: str
) -> None:
    shop.plan()
    shop.schema()
    shop.data()
    shop.index()
    said: list[Event] = []

    def listen(event: Event) -> None:
        said.append(event)
        if len(said) == 1:  # a chunk is verified; another try of the same command is faster
            shop.finish()

    verify_phase(shop.target, shop.work, bundle_of(shop, table), listen)
    assert len(ledger_of(pair)) == 1


def test_a_row_that_is_not_the_source_s_is_told_of_though_another_try_has_cleared_the_ledger(shop: Run) -> None:
    shop.plan()
    shop.schema()
    shop.data()
    shop.index()
    shop.on_target("UPDATE u SET v = 3")
    mended: list[Event] = []

    def listen(event: Event) -> None:
        mended.append(event)
        shop.on_target("UPDATE u SET v = 0")
        shop.finish()

    with pytest.raises(VerificationError, match=r"tenant_.*\.u"):
        verify_phase(shop.target, shop.work, bundle_of(shop, "u"), listen)
    assert len(mended) == 1


def test_the_next_run_takes_the_tables_over_and_skips_them_if_it_is_to(shop: Run, pair: Pair) -> None:
    shop.copy()
    skipping = shop.again("skip")
    assert skipping.copy().tenants[0].skipped == 2
    shop.on_source("INSERT INTO t VALUES (7)")
    anew = shop.again()
    anew.keep_ledger = False
    anew.copy()
    assert [row[:3] for row in ledger_of(pair) if row[0] == "run"] == [
        ("run", run.run_key, "verified") for run in (shop, skipping, anew)
    ]
    assert_same_contents(pair.source, pair.target, shop.database)
    assert_same_definitions(pair.source, pair.target, shop.database)


def test_what_a_run_recorded_that_is_not_complete_stays(shop: Run, pair: Pair) -> None:
    shop.plan()
    shop.schema()
    shop.data()
    shop.index()
    shop.verify()
    with pytest.raises(IncompleteRunError, match="0 of 2 sequences, views"):
        shop.report()
    assert {row[0] for row in ledger_of(pair)} == {"run", "create", "load", "keys"}
    with pytest.raises(PreflightError, match="resume that run"):
        shop.again("skip").copy()
    shop.post()
    shop.report()
    assert len(ledger_of(pair)) == 1


@pytest.mark.parametrize("when", ["before", "in the middle"])
def test_a_clearing_that_was_interrupted_is_finished(
    shop: Run, pair: Pair, monkeypatch: pytest.MonkeyPatch, when: str
) -> None:
    clear = ledger.clear_run

    def die(*arguments: object) -> None:
        if when == "in the middle":
            with Session(shop.target, metadata) as session:
                session.execute("DELETE FROM airflow_mydump.ledger WHERE step <> 'run' LIMIT 3")
        raise ServerError(2013, "lost")

    monkeypatch.setattr(ledger, "clear_run", die)
    with pytest.raises(ServerError):
        shop.copy()
    assert len(ledger_of(pair)) > 1
    monkeypatch.setattr(ledger, "clear_run", clear)
    shop.verify()
    assert shop.report().rows == 4
    assert len(ledger_of(pair)) == 1


def test_the_ledger_of_a_million_rows_is_cleared_in_parts(
    shop: Run, pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ledger, "_CLEARED_AT_ONCE", 2)
    shop.copy()
    assert len(ledger_of(pair)) == 1


def test_a_restore_leaves_one_row_too(shop: Run, pair: Pair, tmp_path: Path) -> None:
    staged = StagedRun.of(pair, shop.database, tmp_path)
    staged.keep_ledger = False
    staged.dump()
    plan = staged.plan()
    staged.load(plan)
    report = staged.finish(plan)
    assert len(ledger_of(pair)) == 1
    staged.load(plan)
    assert staged.finish(plan) == report


def test_from_the_command_line(shop: Run, pair: Pair, tmp_path: Path) -> None:
    dump = ("--output", tmp_path / "dump", "--consistency", "none")
    assert run_command(pair, "dump", "--schemas", shop.database, *dump).returncode == 0
    for verb, *options in (
        ("copy", "--schemas", shop.database, "--consistency", "none", "--keep-ledger"),
        ("load", "--input", tmp_path / "dump"),
    ):
        arguments = (verb, *options, "--run-key", verb, "--work-directory", tmp_path / "work")
        done = [run_command(pair, *arguments) for _ in range(2)]
        assert [each.returncode for each in done] == [0, 0]
        said, said_again = (each.stdout.splitlines() for each in done)
        (told,) = (line for line in said_again if line not in said)
        assert told.startswith(f"run {verb} is complete, and nothing of it is done again")
        assert [line for line in said_again if line != told] == said
        steps = [row[0] for row in ledger_of(pair) if row[1] == verb]
        assert len(steps) > 5 if "--keep-ledger" in options else steps == ["run"]


@pytest.mark.parametrize(("part", "step"), [(0, "create"), (3, "object")])
def test_a_late_task_silences_no_event_when_the_ledger_is_cleared_while_it_looks(
    shop: Run, pair: Pair, monkeypatch: pytest.MonkeyPatch, part: int, step: str
) -> None:
    """With tables of its own, and without."""
    shop.on_source("CREATE EVENT e ON SCHEDULE EVERY 1 YEAR STARTS '2037-01-01 00:00:00' DO DELETE FROM t")
    shop.settings = PlanSettings(concurrency=4)
    shop.all_but_report()
    done_items, reports = ledger.done_items, [shop.report]

    def report_first(session: Session, identity: PlanIdentity, looked_at: ledger.Step) -> frozenset[str]:
        if looked_at == step and reports:
            reports.pop()()
        return done_items(session, identity, looked_at)

    monkeypatch.setattr(ledger, "done_items", report_first)
    assert shop.planned
    assert schema_phase(shop.target, shop.work, schema_file(shop.planned.identity, part)) == 0
    assert not reports
    assert len(ledger_of(pair)) == 1
    assert_same_definitions(pair.source, pair.target, shop.database)
