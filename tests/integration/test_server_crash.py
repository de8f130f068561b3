"""A server that dies under a run and comes back, or loses connections, costs time, not rows."""

from __future__ import annotations

import threading
import time
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

import pymysql
import pytest
from sandbox.server import Server, ServerNotInstalledError

from airflow_mydump.engine import ledger
from airflow_mydump.engine.event import Event, EventKind
from airflow_mydump.engine.phases.data import _CopyWork
from airflow_mydump.engine.phases.index import index_phase
from airflow_mydump.engine.phases.plan import schema_file
from airflow_mydump.engine.phases.schema import schema_phase
from airflow_mydump.engine.plan.settings import PlanSettings
from airflow_mydump.engine.retry import Patience
from airflow_mydump.engine.server.session import Session
from tests.integration.conftest import FLAVORS
from tests.integration.contents import assert_same_contents
from tests.integration.crew import Crew
from tests.integration.pair import Pair, endpoint, rows_of, run_sql
from tests.integration.run import Run

if TYPE_CHECKING:
    from pathlib import Path

DURABLE = {"innodb-flush-log-at-trx-commit": "1", "innodb-buffer-pool-size": "64M"}


@pytest.mark.parametrize("flavor", FLAVORS)
def test_a_crashed_server_that_is_started_again_is_waited_for(flavor: str, tmp_path: Path) -> None:
    try:
        source, target = Server(flavor, DURABLE), Server(flavor, DURABLE)  # type: ignore[arg-type]
    except ServerNotInstalledError as error:
        pytest.skip(str(error))
    with source, target:
        run_sql(source, "CREATE DATABASE d DEFAULT CHARACTER SET utf8mb4")
        run = Run.of(Pair(source, target), "d", tmp_path)
        for number in range(6):
            run.on_source(f"CREATE TABLE t{number} (v INT)", f"INSERT INTO t{number} VALUES (1), (1), (2), (NULL)")
        run.plan()
        run.schema()
        crashes = [
            (EventKind.CHUNK_COMMITTED, target),
            (EventKind.CHUNK_COMMITTING, target),
            (EventKind.CHUNK_LOADED, source),
            (EventKind.CHUNK_STARTED, source),
        ]

        def crash(event: Event) -> None:
            if crashes and event.kind is crashes[-1][0]:
                _, server = crashes.pop()
                server.kill()
                server.start()

        run.data(crash)
        assert crashes == []
        assert run.finish().rows == 24
        assert_same_contents(source, target, "d")


@pytest.mark.parametrize("seconds", [5, pytest.param(20, marks=pytest.mark.endurance)])
def test_a_target_that_is_away_in_the_middle_of_a_snapshot_does_not_cost_it(
    run: Run, tmp_path: Path, seconds: float
) -> None:
    for number in range(8):
        run.on_source(f"CREATE TABLE t{number} (v INT)", f"INSERT INTO t{number} VALUES (1), (1), (2), (NULL)")
    with Server(run.pair.flavor, DURABLE) as target:
        run.pair, run.target = Pair(run.pair.source, target), endpoint(target)
        run.plan()
        run.schema()
        back: list[threading.Timer] = []

        def leave(event: Event) -> None:
            if event.kind is EventKind.CHUNK_LOADED and not back:
                back.append(threading.Timer(seconds, target.start))
                target.kill()
                back[0].start()

        with Crew(run, workers=2) as crew:
            crew.all(lambda _: leave)
        back[0].join()
        assert run.planned
        plan = run.planned.identity.plan
        assert len(rows_of(target, f"SELECT 1 FROM airflow_mydump.ledger WHERE plan = '{plan}' AND step = 'moment'"))
        assert run.finish().rows == 32
        assert_same_contents(run.pair.source, target, run.database)


def kill_sessions(pair: Pair) -> None:
    sessions = f"SELECT id FROM information_schema.processlist WHERE user = '{pair.target.user}'"
    for (connection,) in rows_of(pair.target, f"{sessions} AND id <> CONNECTION_ID()"):
        with suppress(pymysql.Error):  # gone by itself
            run_sql(pair.target, f"KILL {connection}")


@pytest.mark.parametrize("phase", [schema_phase, index_phase])
def test_a_phase_that_loses_its_connection_goes_on_with_another(run: Run, pair: Pair, phase: object) -> None:
    run.settings = PlanSettings(concurrency=1)
    for number in range(3):
        run.on_source(f"CREATE TABLE t{number} (id INT PRIMARY KEY, v INT, KEY (v))")
    run.on_source("CREATE TABLE child (id INT PRIMARY KEY, v INT, FOREIGN KEY (v) REFERENCES t0 (id))")
    run.plan()
    assert run.planned
    identity = run.planned.identity
    if phase is index_phase:
        run.schema()
        run.data()
        run_sql(pair.target, f"DELETE FROM airflow_mydump.ledger WHERE step = 'keys' AND plan = '{identity.plan}'")
    seen: set[str] = set()

    def cut(event: Event) -> None:
        if event.name.name not in seen:
            seen.add(event.name.name)
            kill_sessions(pair)

    (schema_phase if phase is schema_phase else index_phase)(run.target, run.work, schema_file(identity, 0), cut)
    assert len(seen) == 4
    if phase is schema_phase:
        run.data()
    run.finish()


def test_what_an_earlier_moment_brought_is_thrown_away_though_the_connection_is_lost(
    run: Run, pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(3):
        run.on_source(f"CREATE TABLE t{number} (v INT)", f"INSERT INTO t{number} VALUES (1), (1)")
    plan = run.plan()
    run.schema()
    with Crew(run, workers=1) as crew:
        crew.all()
    forget = ledger.forget_loads
    struck: list[object] = []

    def forget_and_be_cut(session: Session, *what: object) -> None:
        forget(session, *what)  # type: ignore[arg-type]
        struck.append(what)
        kill_sessions(pair)

    monkeypatch.setattr(ledger, "forget_loads", forget_and_be_cut)
    work = _CopyWork(plan, run.source, run.target, run.work, lambda _: None)
    work.clear(work.current())
    assert len(struck) >= 3
    monkeypatch.undo()
    assert not rows_of(pair.target, f"SELECT * FROM {run.database}.t0")
    with Crew(run, workers=1) as crew:
        crew.all()
    assert run.finish().rows == 6


def test_a_table_that_the_target_has_not_seen_yet_is_waited_for(run: Run, pair: Pair) -> None:
    """As on a node of a cluster, just after another made it."""
    run.on_source("CREATE TABLE t (v INT)", "INSERT INTO t VALUES (1), (1)")
    run.plan()
    run.schema()
    hidden: list[threading.Timer] = []

    def hide(event: Event) -> None:
        if event.kind is EventKind.CHUNK_CLAIMED and not hidden:
            run.on_target("RENAME TABLE t TO not_yet")
            hidden.append(threading.Timer(1, run.on_target, ("RENAME TABLE not_yet TO t",)))
            hidden[0].start()

    run.data(hide)
    hidden[0].join()
    assert run.finish().rows == 2


def test_patience_ends(run: Run) -> None:
    run.on_source("CREATE TABLE t (v INT)")
    run.plan()
    run.schema()
    run.on_target("DROP TABLE t")
    run.target = replace(run.target, patience=Patience(3, 0.2, 0.3))
    run.on_source("INSERT INTO t VALUES (1)")
    began = time.monotonic()
    with pytest.raises(Exception, match=r"t.*doesn't exist.*1146") as failed:
        run.data()
    assert 0.3 < time.monotonic() - began < 5
    assert failed.value.retryable  # type: ignore[attr-defined]
