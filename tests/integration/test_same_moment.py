"""A snapshot that was lost is gone on with where the source is what it was, and nowhere else."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from airflow_mydump.engine.consistency.worker import Worker
from airflow_mydump.engine.dump_directory.dump_plan import DumpSettings
from airflow_mydump.engine.event import EventKind
from airflow_mydump.engine.phases.dump import snapshot_dump_phase
from airflow_mydump.engine.phases.dump_plan import dump_plan
from airflow_mydump.engine.phases.finish_dump import finish_dump
from airflow_mydump.engine.plan.settings import PlanSettings
from airflow_mydump.engine.selection.selection import Selection
from tests.integration.contents import assert_same_contents
from tests.integration.crew import QUICK, Crew
from tests.integration.pair import endpoint, rows_of
from tests.integration.staged_run import StagedRun

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pymysql.connections import Connection

    from airflow_mydump.engine.event import Event
    from tests.integration.pair import Pair
    from tests.integration.run import Run

UNLOGGED = "SET sql_log_bin = 0"
WRITES = {
    "logged": ["UPDATE t0 SET v = v + 1 WHERE id = 1"],
    "not logged": [UNLOGGED, "UPDATE t0 SET v = v + 1 WHERE id = 1"],
    "inserted": [UNLOGGED, "INSERT INTO t0 VALUES (900, 9)"],
    "deleted": [UNLOGGED, "DELETE FROM t0 WHERE id = 1"],
    "of another": [UNLOGGED, "CREATE TABLE s LIKE t0", "RENAME TABLE t0 TO old, s TO t0", "DROP TABLE old"],
    "emptied": [UNLOGGED, "TRUNCATE TABLE t0"],
}


class _Death(Exception):
    """A worker's."""


class Die:
    """A listener that ends its worker when its second chunk begins."""

    def __init__(self) -> None:
        self._chunks = 0

    def __call__(self, event: Event) -> None:
        self._chunks += event.kind is EventKind.CHUNK_STARTED
        if self._chunks == 2:
            raise _Death


@pytest.fixture
def run(run: Run) -> Run:
    """Four tables, so that one worker moves them in four bundles."""
    for table in range(4):
        run.on_source(f"CREATE TABLE t{table} (id INT PRIMARY KEY, v INT)")
        run.on_source(f"INSERT INTO t{table} VALUES (1, 1), (2, 2), (3, 3)")
    return run


def moments(run: Run) -> list[str]:
    assert run.planned
    query = f"SELECT item FROM airflow_mydump.ledger WHERE step = 'moment' AND plan = '{run.planned.identity.plan}'"
    return [epoch for (epoch,) in rows_of(run.pair.target, query)]


@pytest.mark.parametrize("written", [None, *WRITES])
def test_a_copy_goes_on_in_the_same_moment_if_nothing_was_written(run: Run, written: str | None) -> None:
    run.plan()
    run.schema()
    with Crew(run, workers=1) as crew:
        with pytest.raises(_Death):
            crew.all(lambda _: Die())
        (before,) = moments(run)
        if written:
            run.on_source(*WRITES[written])
        (moved,) = crew.all()
    assert (moved.chunks, moved.skipped) == ((4, 0) if written else (3, 1))
    assert (moments(run) == [before]) is not bool(written)
    run.finish()
    assert_same_contents(run.pair.source, run.pair.target, run.database)


@pytest.mark.parametrize("written", [None, "logged", "not logged"])
def test_a_dump_goes_on_in_the_same_moment_if_nothing_was_written(
    pair: Pair, run: Run, tmp_path: Path, written: str | None
) -> None:
    staged, source = StagedRun.of(pair, run.database, tmp_path), endpoint(pair.source)
    settings = DumpSettings(PlanSettings(concurrency=1))
    dump_plan(source, Selection((run.database,)), settings, "test", staged.storage)
    with pytest.raises(_Death):
        snapshot_dump_phase(source, staged.storage, QUICK, Worker(0, 1), Die())
    (kept,) = staged.path.glob("*.dat.zst")
    if written:
        run.on_source(*WRITES[written])
    dumped = snapshot_dump_phase(source, staged.storage, QUICK, Worker(0, 1))
    assert (dumped.chunks, dumped.skipped) == ((4, 0) if written else (3, 1))
    finish_dump(source, staged.storage)
    assert kept.exists() is not bool(written)
    staged.restore()
    assert_same_contents(pair.source, pair.target, run.database)


@pytest.fixture
def open_transaction(run: Run) -> Iterator[Connection]:
    """A session that has written a row without the binary log, and not ended its transaction."""
    with run.pair.source.connect(database=run.database) as connection, connection.cursor() as cursor:
        cursor.execute(UNLOGGED)
        cursor.execute("BEGIN")
        cursor.execute("INSERT INTO t0 VALUES (800, 8)")
        yield connection


def test_what_was_written_before_and_came_to_be_seen_later_is_not_left_out(
    run: Run, open_transaction: Connection
) -> None:
    run.plan()
    run.schema()
    with Crew(run, workers=1) as crew:
        with pytest.raises(_Death):
            crew.all(lambda _: Die())
        before = moments(run)
        open_transaction.commit()
        crew.all()
    assert moments(run) != before
    run.finish()
    assert_same_contents(run.pair.source, run.pair.target, run.database)
