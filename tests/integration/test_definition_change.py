"""A run tells nobody that it is complete if the source's definitions are not those it was planned with."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from airflow_mydump.engine.consistency.worker import Worker
from airflow_mydump.engine.dump_directory.dump_plan import DumpSettings
from airflow_mydump.engine.errors import IncompleteRunError
from airflow_mydump.engine.event import EventKind
from airflow_mydump.engine.phases import prefetch
from airflow_mydump.engine.phases.dump import snapshot_dump_phase
from airflow_mydump.engine.phases.dump_plan import dump_plan
from airflow_mydump.engine.phases.finish_dump import finish_dump
from airflow_mydump.engine.phases.post import post_phase
from airflow_mydump.engine.plan.settings import PlanSettings
from airflow_mydump.engine.selection.selection import Selection
from tests.integration.crew import QUICK, Crew
from tests.integration.pair import endpoint, run_sql
from tests.integration.staged_run import StagedRun

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from airflow_mydump.engine.consistency.settings import Mode
    from airflow_mydump.engine.event import Event
    from airflow_mydump.engine.server.session import Session
    from tests.integration.pair import Pair
    from tests.integration.run import Run

CHANGES = [
    ("ALTER TABLE t ADD COLUMN added INT DEFAULT 7", "table {}.t was altered"),
    ("CREATE INDEX added ON t (v)", "table {}.t was altered"),
    ("DROP TABLE u", "table {}.u was dropped"),
    ("CREATE TABLE n (v INT)", "table {}.n was made"),
    ("ALTER TABLE p ADD PARTITION (PARTITION p9 VALUES LESS THAN (90))", "table {}.p was altered"),
    ("CREATE OR REPLACE VIEW w AS SELECT 2 AS two", "view {}.w was altered"),
    ("CREATE TRIGGER r BEFORE INSERT ON t FOR EACH ROW SET @seen = 1", "trigger {}.r was made"),
]


@pytest.fixture
def planned(run: Run) -> Run:
    run.on_source(
        "CREATE TABLE t (id INT AUTO_INCREMENT PRIMARY KEY, v INT)",
        "INSERT INTO t (v) VALUES (1), (2)",
        "CREATE TABLE u (v INT)",
        "CREATE TABLE p (v INT) PARTITION BY RANGE (v) (PARTITION p1 VALUES LESS THAN (10))",
        "INSERT INTO p VALUES (1)",
        "CREATE VIEW w AS SELECT 1 AS one",
    )
    run.plan()
    run.schema()
    return run


def finish(run: Run) -> None:
    assert run.planned
    run.index()
    run.verify()
    post_phase(run.target, run.work, run.planned.identity, source=run.source)
    run.report()


@pytest.mark.parametrize(("change", "said"), CHANGES, ids=lambda value: value.split(" ")[0])
def test_a_change_fails_the_run_and_is_named(planned: Run, change: str, said: str) -> None:
    planned.data()
    planned.on_source(change)
    with pytest.raises(IncompleteRunError, match=said.format(planned.database)):
        finish(planned)


def test_a_column_that_was_added_before_the_rows_were_read_does_not_go_unnoticed(planned: Run) -> None:
    planned.on_source(CHANGES[0][0])
    planned.data()
    with pytest.raises(IncompleteRunError, match=r"\.t was altered"):
        finish(planned)


def test_rows_and_counters_may_change_and_a_finished_run_does_not_look_again(planned: Run) -> None:
    planned.data()
    planned.on_source("INSERT INTO t (v) VALUES (3), (4)", "DELETE FROM t WHERE v = 1")
    finish(planned)
    planned.on_source("DROP TABLE u")
    finish(planned)


@pytest.mark.parametrize("mode", ["snapshot", "locked"])
@pytest.mark.parametrize(("change", "said"), CHANGES, ids=lambda value: value.split(" ")[0])
def test_a_change_before_the_moment_fails_all_workers_and_is_named(
    planned: Run, change: str, said: str, mode: Mode
) -> None:
    planned.on_source(change)
    with Crew(planned, 2, replace(QUICK, mode=mode)) as crew:
        ended = [worker.exception() for worker in [crew.send(number) for number in range(2)]]
    assert all(ended)
    assert any(isinstance(error, IncompleteRunError) for error in ended), ended
    assert any(said.format(planned.database) in str(error) for error in ended), ended


@pytest.mark.parametrize("mode", ["snapshot", "locked"])
def test_a_change_before_the_moment_fails_a_dump_and_is_named(
    pair: Pair, database: str, tmp_path: Path, mode: Mode
) -> None:
    run = StagedRun.of(pair, database, tmp_path)
    run.on_source("CREATE TABLE t (v INT)", "INSERT INTO t VALUES (1)")
    settings = DumpSettings(PlanSettings(concurrency=1), mode=mode)
    dump_plan(endpoint(pair.source), Selection((database,)), settings, "test", run.storage)
    run.on_source("ALTER TABLE t ADD COLUMN added INT")
    with pytest.raises(IncompleteRunError, match=r"\.t was altered"):
        snapshot_dump_phase(endpoint(pair.source), run.storage, replace(QUICK, mode=mode), Worker(0, 1))
    with pytest.raises(IncompleteRunError, match="not complete"):
        finish_dump(endpoint(pair.source), run.storage)


def test_a_change_fails_a_dump_and_is_named(pair: Pair, database: str, tmp_path: Path) -> None:
    run = StagedRun.of(pair, database, tmp_path)
    run.on_source("CREATE TABLE t (v INT)", "INSERT INTO t VALUES (1)")

    def alter(event: Event) -> None:
        if event.kind is EventKind.CHUNK_DUMPED:
            run_sql(pair.source, "ALTER TABLE t ADD COLUMN added INT", database=database)

    with pytest.raises(IncompleteRunError, match=r"\.t was altered"):
        run.dump(alter)


@pytest.mark.parametrize(
    "change", ["ALTER TABLE t ADD COLUMN added INT NOT NULL DEFAULT 7", "ALTER TABLE t MODIFY v FLOAT"]
)
@pytest.mark.parametrize("verb", ["copy", "dump"])
def test_a_change_between_two_parts_of_a_definition_is_named(
    pair: Pair, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: str, verb: str
) -> None:
    run.on_source("CREATE TABLE t (v INT)", "INSERT INTO t VALUES (1)")
    read_columns = prefetch._columns

    def alter_behind(session: Session, schemas: Sequence[str]) -> object:
        found = read_columns(session, schemas)
        if not altered:
            altered.append(change)
            run.on_source(change)
        return found

    altered: list[str] = []
    monkeypatch.setattr(prefetch, "_columns", alter_behind)
    staged = StagedRun.of(pair, run.database, tmp_path)
    with pytest.raises(IncompleteRunError, match=r"\.t was altered"):
        if verb == "dump":
            staged.dump()
        else:
            run.copy()
    assert altered
    assert not (staged.path / "metadata").exists()


@pytest.mark.parametrize("mode", ["snapshot", "locked"])
def test_a_change_that_was_taken_back_and_one_after_the_data_are_none_of_the_runs_concern(
    planned: Run, mode: Mode
) -> None:
    planned.on_source(CHANGES[0][0], "ALTER TABLE t DROP COLUMN added")
    with Crew(planned, 2, replace(QUICK, mode=mode)) as crew:
        assert sum(moved.rows for moved in crew.all()) == 3
    planned.on_source(CHANGES[0][0], "CREATE TABLE late (v INT)")
    finish(planned)
