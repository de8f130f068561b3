"""A machine that stands still and goes on when others have done its work changes nothing any more."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import TYPE_CHECKING, Any

import pytest

from airflow_mydump.engine import ledger
from airflow_mydump.engine.ddl import deferral
from airflow_mydump.engine.errors import IncompleteRunError, MydumpError, SnapshotError
from airflow_mydump.engine.event import Event as Step
from airflow_mydump.engine.event import EventKind
from airflow_mydump.engine.identifier import TableName
from airflow_mydump.engine.phases import index, post, schema
from airflow_mydump.engine.phases.data import _CopyWork
from airflow_mydump.engine.phases.plan import schema_file
from airflow_mydump.engine.phases.schema import schema_phase
from airflow_mydump.engine.plan.settings import PlanSettings
from airflow_mydump.engine.server import turn
from airflow_mydump.engine.server.session import Session
from airflow_mydump.engine.server.session_state import metadata
from tests.integration.contents import assert_same_contents, assert_same_definitions, definitions
from tests.integration.crew import Crew
from tests.integration.pair import rows_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.integration.pair import Pair
    from tests.integration.run import Run


@pytest.fixture
def shop(run: Run, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Tables that are on the target already, with a trigger and an event; who is silent for a second loses his turn."""
    monkeypatch.setattr(turn, "SILENT_SECONDS", 1)
    for number in range(3):
        run.on_source(f"CREATE TABLE t{number} (v INT)", f"INSERT INTO t{number} VALUES (1), (1), (NULL)")
    run.on_source(
        "CREATE TRIGGER halved BEFORE UPDATE ON t2 FOR EACH ROW SET NEW.v = NEW.v / 2",
        "CREATE EVENT sometimes ON SCHEDULE EVERY 1 YEAR STARTS '2037-01-01 00:00:00' DO DELETE FROM t1",
    )
    run.settings = PlanSettings(concurrency=1, max_bundles=1)
    run.copy()
    run = run.again()
    run.settings = PlanSettings(concurrency=1, max_bundles=1)
    return run


class Standstill:
    """A listener that stands still at the first event of a kind until it is told to go on."""

    def __init__(self, kind: EventKind = EventKind.TABLE_CREATED) -> None:
        self._kind = kind
        self.stands, self.goes_on = Event(), Event()

    def __call__(self, step: Step) -> None:
        if step.kind is self._kind:
            self.stop()

    def stop(self, *_: object, **__: object) -> None:
        if not self.stands.is_set():
            self.stands.set()
            assert self.goes_on.wait(60)


@pytest.fixture
def frozen() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(2) as threads:
        yield threads


def test_a_task_that_was_taken_for_dead_empties_no_table_when_its_run_is_complete(
    shop: Run, pair: Pair, frozen: ThreadPoolExecutor
) -> None:
    shop.plan()
    assert shop.planned
    file, still = schema_file(shop.planned.identity, 0), Standstill()
    thawed = frozen.submit(schema_phase, shop.target, shop.work, file, still)
    assert still.stands.wait(30)
    shop.schema()
    shop.data()
    shop.finish()
    still.goes_on.set()
    thawed.result(60)  # it is none the worse for it
    assert_same_contents(pair.source, pair.target, shop.database)
    assert_same_definitions(pair.source, pair.target, shop.database)


def test_its_successor_waits_for_its_turn(
    shop: Run, pair: Pair, frozen: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turn, "SILENT_SECONDS", 60)
    shop.plan()
    still = Standstill()
    first = frozen.submit(schema_phase, shop.target, shop.work, shop._schema_files()[0], still)
    assert still.stands.wait(30)
    second = frozen.submit(shop.schema)
    time.sleep(1)
    assert not second.done()
    still.goes_on.set()
    assert first.result(60) == 3
    second.result(60)
    shop.data()
    shop.finish()
    assert_same_contents(pair.source, pair.target, shop.database)


def test_a_run_that_lost_its_tables_empties_none_when_it_goes_on(
    shop: Run, pair: Pair, frozen: ThreadPoolExecutor
) -> None:
    shop.plan()
    still = Standstill()
    thawed = frozen.submit(schema_phase, shop.target, shop.work, shop._schema_files()[0], still)
    assert still.stands.wait(30)
    shop.again().copy()
    still.goes_on.set()
    with pytest.raises(IncompleteRunError, match="lost tables to a later run"):
        thawed.result(60)
    with pytest.raises(IncompleteRunError, match="lost tables to a later run"):
        shop.schema()
    assert_same_contents(pair.source, pair.target, shop.database)


def test_a_task_that_begins_late_changes_nothing_of_a_complete_run(shop: Run, pair: Pair) -> None:
    shop.copy()
    before = rows_of(pair.target, "SELECT * FROM airflow_mydump.ledger ORDER BY plan, step, item")
    shop.schema()
    shop.index()
    shop.post()
    assert rows_of(pair.target, "SELECT * FROM airflow_mydump.ledger ORDER BY plan, step, item") == before
    assert_same_contents(pair.source, pair.target, shop.database)
    assert_same_definitions(pair.source, pair.target, shop.database)


def test_objects_are_made_in_turn(
    shop: Run, pair: Pair, frozen: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.plan()
    shop.schema()
    shop.data()
    shop.index()
    shop.verify()
    still = Standstill()
    create = post._create

    def stand_and_create(*arguments: object) -> None:
        still.stop()
        create(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(post, "_create", stand_and_create)
    thawed = frozen.submit(shop.post)
    assert still.stands.wait(30)
    shop.post()
    shop.report()
    shop.on_target("ALTER EVENT sometimes COMMENT 'of those who use it now'")
    still.goes_on.set()
    with pytest.raises(MydumpError):
        thawed.result(60)
    assert rows_of(pair.target, "SELECT event_comment FROM information_schema.events WHERE event_schema = "
                   f"'{shop.database}'") == [("of those who use it now",)]  # fmt: skip


@pytest.mark.parametrize("begun", ["a new moment", "the end of the run"])
def test_a_worker_that_throws_old_rows_away_late_leaves_the_new_ones(
    shop: Run, pair: Pair, frozen: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch, begun: str
) -> None:
    plan = shop.plan()
    shop.schema()
    with Crew(shop, workers=1) as crew:
        crew.all()
        still = Standstill()
        forget = ledger.forget_loads

        def forget_and_stand(*arguments: object) -> None:
            forget(*arguments)  # type: ignore[arg-type]
            still.stop()

        monkeypatch.setattr(ledger, "forget_loads", forget_and_stand)
        late = _CopyWork(plan, shop.source, shop.target, shop.work, lambda _: None)
        thawed = frozen.submit(late.clear, late.current())
        assert still.stands.wait(30)
        crew.all()
    if begun == "the end of the run":
        shop.finish()
    still.goes_on.set()
    with pytest.raises(SnapshotError, match="other workers have begun to read"):
        thawed.result(60)
    if begun != "the end of the run":
        shop.finish()
    with pytest.raises(IncompleteRunError, match="is complete"):
        late.clear(late.current())
    assert_same_contents(pair.source, pair.target, shop.database)


def test_a_task_that_was_taken_for_dead_adds_no_key_to_a_table_of_a_later_run(
    shop: Run, pair: Pair, frozen: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.on_source("CREATE TABLE keyed (v INT, KEY old (v))", "INSERT INTO keyed VALUES (1)")
    first = shop.again("drop")
    first.settings = PlanSettings(concurrency=1, max_bundles=1, if_exists="drop")
    monkeypatch.setattr(deferral, "DEFER_FROM_BYTES", 0)
    first.plan()
    first.schema()
    first.data()
    alter, still = index._alter, Standstill()

    def stop_first(*given: Any) -> None:
        still.stop()
        alter(*given)

    monkeypatch.setattr(index, "_alter", stop_first)
    thawed = frozen.submit(first.index)
    assert still.stands.wait(30)
    shop.on_source("ALTER TABLE keyed DROP KEY old")
    shop.again("drop").copy()
    still.goes_on.set()
    with pytest.raises(IncompleteRunError, match="lost tables to a later run"):
        thawed.result(60)
    assert_same_definitions(pair.source, pair.target, shop.database)


def test_an_event_that_is_made_is_not_silenced_by_who_comes_late(shop: Run) -> None:
    """With fewer tables than workers some have nothing to make."""
    shop.settings = PlanSettings(concurrency=4, if_exists="drop")
    shop.all_but_report()
    for _ in range(2):
        shop.schema()
        shop.post()
        assert shop.report().complete
    assert_same_definitions(shop.pair.source, shop.pair.target, shop.database)


@pytest.fixture
def viewed(shop: Run) -> Run:
    """A run about to make its objects, three views among them."""
    shop.on_source(*(f"CREATE VIEW v{number} AS SELECT 1 AS early" for number in range(3)))
    shop.plan()
    shop.schema()
    shop.data()
    shop.index()
    shop.verify()
    return shop


def names_of(run: Run, kind: str) -> set[str]:
    return {name for found, name in definitions(run.pair.target, run.database) if found == kind}


def test_a_run_that_stood_still_among_its_objects_makes_none_over_those_of_a_later_run(
    viewed: Run, pair: Pair, frozen: ThreadPoolExecutor
) -> None:
    still = Standstill(EventKind.OBJECT_CREATED)
    thawed = frozen.submit(viewed.post, still)
    assert still.stands.wait(30)
    viewed.on_source(*(f"CREATE OR REPLACE VIEW v{number} AS SELECT 2 AS late" for number in range(3)))
    began = time.monotonic()
    viewed.again("drop").copy()
    assert time.monotonic() - began < 60  # it did not have to wait for who is still
    still.goes_on.set()
    with pytest.raises(MydumpError):
        thawed.result(60)
    with pytest.raises(IncompleteRunError, match="lost tables to a later run"):
        viewed.post()
    assert_same_definitions(pair.source, pair.target, viewed.database)


def test_a_later_run_waits_for_objects_that_are_being_made(
    viewed: Run, pair: Pair, frozen: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turn, "SILENT_SECONDS", 60)
    still, later = Standstill(EventKind.OBJECT_CREATED), viewed.again("drop")
    first = frozen.submit(viewed.post, still)
    assert still.stands.wait(30)
    later.plan()
    second = frozen.submit(later.schema)
    time.sleep(1)
    assert not second.done()
    still.goes_on.set()
    first.result(60)
    second.result(60)
    later.data()
    later.finish()
    assert_same_definitions(pair.source, pair.target, viewed.database)


def test_a_run_makes_no_object_after_it_has_lost_its_tables(
    viewed: Run, frozen: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turn, "SILENT_SECONDS", 60)
    still, later = Standstill(EventKind.OBJECT_CREATED), viewed.again().plan().identity
    thawed = frozen.submit(viewed.post, still)
    assert still.stands.wait(30)
    with Session(viewed.target, metadata) as session:
        ledger.supersede(session, later, [TableName(viewed.database, "t0")])
    still.goes_on.set()
    with pytest.raises(IncompleteRunError, match="lost tables to a later run"):
        thawed.result(60)
    assert names_of(viewed, "view") == {"v0"}
    assert not names_of(viewed, "event")


def test_a_run_has_lost_its_tables_before_its_events_are_silenced(viewed: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else it could bring them to life between that and the first table that the later run makes."""
    monkeypatch.setattr(schema._Batch, "make", lambda *_: None)
    later = viewed.again("drop")
    later.plan()
    with pytest.raises(IncompleteRunError, match="are not in the ledger"):
        later.schema()
    with pytest.raises(IncompleteRunError, match="lost tables to a later run"):
        viewed.post()
    assert not names_of(viewed, "event")
