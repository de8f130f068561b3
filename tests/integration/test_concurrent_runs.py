"""Two runs over the same target at the same time never both report success."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor, wait
from threading import Event
from time import sleep
from typing import TYPE_CHECKING

import pytest

from airflow_mydump.engine import ledger
from airflow_mydump.engine.errors import IncompleteRunError, ServerError
from airflow_mydump.engine.identifier import TableName
from airflow_mydump.engine.loading import attempt
from airflow_mydump.engine.loading.chunk_loading import Moved
from airflow_mydump.engine.loading.loader import Loader
from airflow_mydump.engine.phases.data import data_phase
from airflow_mydump.engine.plan.plan import DataBundle
from airflow_mydump.engine.server import turn
from airflow_mydump.engine.server.session import Session
from airflow_mydump.engine.server.session_state import metadata
from tests.integration.command_line import finish, run_command, start
from tests.integration.contents import assert_same_contents, assert_same_definitions
from tests.integration.pair import endpoint, run_sql

if TYPE_CHECKING:
    from pathlib import Path

    from tests.integration.pair import Pair
    from tests.integration.run import Run


@pytest.mark.parametrize("mode", ["truncate", "drop"])
def test_two_runs_at_once_do_not_both_succeed(run: Run, pair: Pair, tmp_path: Path, mode: str) -> None:
    for number in range(12):
        run.on_source(
            f"CREATE TABLE keyless{number} (v INT, w VARCHAR(60))",
            f"CREATE TABLE keyed{number} (id INT AUTO_INCREMENT PRIMARY KEY, v VARCHAR(60), KEY (v))",
            f"INSERT INTO keyless{number} VALUES " + ", ".join(f"({n}, REPEAT('x', 50))" for n in range(3000)),
            f"INSERT INTO keyed{number} (v) SELECT w FROM keyless{number}",
        )
    arguments = ("copy", "--schemas", run.database, "--threads", 2, "--if-exists", mode, "--work-directory", tmp_path)
    processes = [start(pair, *arguments, "--run-key", name) for name in ("one", "two")]
    ended = [finish(process) for process in processes]
    succeeded = [process.returncode == 0 for process in ended]
    assert not all(succeeded), "both runs say that they are complete"
    for process in ended:
        assert "Traceback" not in process.stderr, process.stderr
        assert process.stderr.count("\n") == (process.returncode != 0)
    if any(succeeded):
        assert_same_contents(pair.source, pair.target, run.database)

    last = run_command(pair, *arguments, "--run-key", "three")
    assert last.returncode == 0, last.stderr
    assert_same_contents(pair.source, pair.target, run.database)
    assert_same_definitions(pair.source, pair.target, run.database)


def test_one_run_key_started_twice_at_once_moves_every_row_once(run: Run, pair: Pair, tmp_path: Path) -> None:
    """As when a scheduler takes a worker for dead that only was slow."""
    for number in range(8):
        run.on_source(
            f"CREATE TABLE keyless{number} (v INT, w VARCHAR(60))",
            f"INSERT INTO keyless{number} VALUES " + ", ".join(f"({n}, REPEAT('x', 50))" for n in range(3000)),
        )
    arguments = ("copy", "--schemas", run.database, "--threads", 2, "--work-directory", tmp_path)
    processes = [start(pair, *arguments, "--run-key", "same") for _ in range(2)]
    ended = [finish(process) for process in processes]
    ended.append(run_command(pair, *arguments, "--run-key", "same"))
    for process in ended:
        assert process.stderr.count("\n") == (process.returncode != 0)
    if any(process.returncode == 0 for process in ended):
        assert_same_contents(pair.source, pair.target, run.database)
    # both may have planned before either wrote its plan down: the key is spent then, and says so
    anew = run_command(pair, *arguments, "--run-key", "another")
    assert anew.returncode == 0, anew.stderr
    assert_same_contents(pair.source, pair.target, run.database)


def test_two_workers_with_the_same_table_without_transactions_load_it_once(
    run: Run, pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first stands between emptying and loading, taken for dead, while its successor begins."""
    run.on_source("CREATE TABLE t (v INT) ENGINE=MyISAM", "INSERT INTO t VALUES (1), (1), (2)")
    plan = run.plan()
    run.schema()
    (file,) = run.plan_files()
    emptied, loads = Event(), Event()
    load = attempt._Attempt._load
    first: list[object] = []

    def slow(this: attempt._Attempt[attempt.Job], job: attempt.Job) -> attempt.Loaded:
        if not first:
            first.append(job)
            emptied.set()
            assert loads.wait(60)
        return load(this, job)

    monkeypatch.setattr(attempt._Attempt, "_load", slow)

    def work() -> Moved:
        return data_phase(run.source, run.target, run.work, file)

    with ThreadPoolExecutor(2) as workers:
        one = workers.submit(work)
        assert emptied.wait(60)
        two = workers.submit(work)
        # Whether the second goes on to load or waits for its turn: it has had the time for either.
        wait([two], 2)
        loads.set()
        assert one.result(60) == Moved(1, 0, 3, one.result().bytes)
        assert two.result(60) == Moved(skipped=1)
    assert run.finish().rows == 3
    assert plan.chunks == 1
    assert_same_contents(pair.source, pair.target, run.database)


def test_a_worker_waits_for_its_turn_within_bounds(run: Run, pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turn, "TURN_SECONDS", 1)
    with Loader(endpoint(pair.target)) as one, Loader(endpoint(pair.target)) as two:
        with turn.turn(one, ["a", "b"]):
            with pytest.raises(ServerError, match=r"another worker is busy with a or 1 .* \(error 1205\)"):
                turn.take_turn(two, ["c", "a"])
            with turn.turn(two, ["d"]), turn.turn(one, ["c"]):
                pass
        with turn.turn(two, ["b", "a"]):
            pass


def test_nobody_takes_a_table_over_while_its_chunk_is_being_claimed(run: Run, pair: Pair) -> None:
    """Between the ledger's row that says whose the table is, which is read, and the chunk's row, which is inserted."""
    run.on_source("CREATE TABLE t (v INT)", "INSERT INTO t VALUES (1)")
    run.plan()
    run.schema()
    rival = run.again().plan().identity
    bundle = run.work.read(run.plan_files()[0], DataBundle)
    slow = "CREATE TRIGGER airflow_mydump.slow BEFORE INSERT ON airflow_mydump.ledger FOR EACH ROW "
    run_sql(pair.target, f"{slow} DO SLEEP(IF(NEW.step = 'load', 2, 0))")
    try:
        with Loader(run.target) as loader, Session(run.target, metadata) as session, ThreadPoolExecutor(1) as other:
            loader.begin()
            claim = other.submit(ledger.claim_chunks, loader, bundle.identity, bundle.chunks)
            sleep(0.7)
            assert not claim.done()
            session.execute("SET innodb_lock_wait_timeout = 1")
            with pytest.raises(ServerError, match="1205"):
                ledger.supersede(session, rival, [TableName(run.database, "t")])
            assert claim.result()
            loader.rollback()
            ledger.supersede(session, rival, [TableName(run.database, "t")])
            loader.begin()
            with pytest.raises(IncompleteRunError):
                ledger.claim_chunks(loader, bundle.identity, bundle.chunks)
    finally:
        run_sql(pair.target, "DROP TRIGGER airflow_mydump.slow")
