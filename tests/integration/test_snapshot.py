"""All rows of a run are of one moment of the source, whatever happens to writers, workers and servers."""

from __future__ import annotations

import contextlib
import threading
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal

import pymysql
import pytest

from airflow_mydump.engine import ledger, preflight
from airflow_mydump.engine.consistency import gathering, global_lock
from airflow_mydump.engine.consistency import long_query as long_query_module
from airflow_mydump.engine.consistency.global_lock import GlobalLock
from airflow_mydump.engine.consistency.kept_session import KeptSession
from airflow_mydump.engine.consistency.long_query import guard, long_queries
from airflow_mydump.engine.consistency.named_lock import NamedLocks
from airflow_mydump.engine.consistency.settings import Consistency
from airflow_mydump.engine.consistency.worker import Worker
from airflow_mydump.engine.dump_directory.dump_plan import DumpSettings
from airflow_mydump.engine.dump_directory.storage import Storage
from airflow_mydump.engine.errors import IncompleteRunError, PreflightError, ServerError, SnapshotError
from airflow_mydump.engine.event import EventKind
from airflow_mydump.engine.loading.loader import Loader
from airflow_mydump.engine.phases.data import _CopyWork
from airflow_mydump.engine.phases.dump import _DumpWork, snapshot_dump_phase
from airflow_mydump.engine.phases.dump_plan import dump_plan
from airflow_mydump.engine.plan.plan import DataBundle
from airflow_mydump.engine.plan.settings import PlanSettings
from airflow_mydump.engine.selection.selection import Selection
from airflow_mydump.engine.server.privilege import SOURCE_PRIVILEGES
from airflow_mydump.engine.server.session import Session
from airflow_mydump.engine.server.session_state import metadata
from tests.integration.command_line import run_command
from tests.integration.crew import QUICK, Crew
from tests.integration.pair import endpoint, rows_of, run_sql
from tests.integration.test_bad_input import account
from tests.integration.writers import Writers, make_bank, require_one_moment

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from sandbox.server import Server

    from airflow_mydump.engine.consistency.moment import Moment
    from airflow_mydump.engine.event import Event
    from airflow_mydump.engine.identifier import TableName
    from tests.integration.pair import Pair
    from tests.integration.run import Run


def test_a_copy_beside_writers_is_of_one_moment(pair: Pair, database: str, tmp_path: Path) -> None:
    make_bank(pair.source, database)
    with Writers(pair.source, database):
        copied = run_command(pair, "copy", "--schemas", database, "--threads", 3, "--chunk-bytes", "16K",
                             "--work-directory", tmp_path)  # fmt: skip
    assert copied.returncode == 0, copied.stderr
    assert "Consistency snapshot: all rows" in copied.stdout
    assert require_one_moment(pair.source, database) > require_one_moment(pair.target, database) > 0


def test_a_dump_beside_writers_is_of_one_moment(pair: Pair, database: str, tmp_path: Path) -> None:
    make_bank(pair.source, database)
    with Writers(pair.source, database):
        dumped = run_command(pair, "dump", "--schemas", database, "--threads", 3, "--chunk-bytes", "16K",
                             "--output", tmp_path / "dump")  # fmt: skip
    assert dumped.returncode == 0, dumped.stderr
    assert "Consistency snapshot: all rows" in dumped.stdout
    loaded = run_command(pair, "load", "--input", tmp_path / "dump", "--work-directory", tmp_path)
    assert loaded.returncode == 0, loaded.stderr
    assert "Consistency snapshot: all rows" in loaded.stdout
    assert require_one_moment(pair.source, database) > require_one_moment(pair.target, database) > 0
    assert "as they were at this position" in (tmp_path / "dump" / "metadata").read_text()


def epochs(run: Run) -> list[str]:
    return [epoch for (epoch,) in rows_of(run.pair.target, ledger_of(run, "moment"))]


def ledger_of(run: Run, step: str) -> str:
    assert run.planned
    plan = run.planned.identity.plan
    return f"SELECT item FROM airflow_mydump.ledger WHERE step = '{step}' AND plan = '{plan}'"


def flushes(server: Server) -> int:
    ((_, count),) = rows_of(server, "SHOW GLOBAL STATUS LIKE 'Com_flush'")
    return int(count)


def test_the_bundles_of_a_killed_worker_are_finished_by_the_others_in_the_same_snapshot(bank: Run) -> None:
    with Crew(bank, workers=3) as crew:
        victim = crew.send_to_die(1, EventKind.CHUNK_LOADED, 1)
        slow = [crew.send(number, lambda _: time.sleep(0.05)) for number in (0, 2)]
        victim.join()
        assert victim.exitcode == -9
        (epoch,) = epochs(bank)
        said: list[str] = []
        late = crew.send(1, lambda event: said.append(event.text))
        moved = [worker.result() for worker in slow]
        assert late.result().chunks == 0
    assert any("nobody can enter their snapshot" in text for text in said)
    assert epochs(bank) == [epoch]
    assert bank.planned
    assert sum(each.chunks + each.skipped for each in moved) >= bank.planned.chunks
    assert "snapshot: all rows" in bank.finish().consistency
    assert require_one_moment(bank.pair.target, bank.database) > 0


@pytest.mark.parametrize("kind", [EventKind.CHUNK_LOADED, EventKind.CHUNK_COMMITTED], ids=lambda kind: kind.value)
def test_when_all_workers_were_killed_the_next_snapshot_takes_nothing_over(bank: Run, kind: EventKind) -> None:
    with Crew(bank, workers=2) as crew:
        for victim in [crew.send_to_die(number, kind, 1) for number in range(2)]:
            victim.join()
            assert victim.exitcode == -9
        before = epochs(bank)
        assert len(before) == 1
        crew.all()
        assert epochs(bank) != before
    bank.finish()
    assert require_one_moment(bank.pair.target, bank.database) > 0


def test_a_death_while_old_rows_are_thrown_away_neither_loses_nor_doubles_a_row(
    bank: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Crew(bank, workers=2) as crew:
        for victim in [crew.send_to_die(number, EventKind.CHUNK_COMMITTED, 1) for number in range(2)]:
            victim.join()

        def die(*arguments: object) -> None:
            raise SnapshotError("died")

        with monkeypatch.context() as patch:
            patch.setattr(ledger, "forget_loads", die)
            with pytest.raises(SnapshotError):
                crew.all()
        assert epochs(bank) == []
        crew.all()
    bank.finish()
    assert require_one_moment(bank.pair.target, bank.database) > 0


@pytest.mark.parametrize("history", ["current", "keep"])
def test_what_was_loaded_into_system_versioned_tables_is_thrown_away_without_becoming_history(
    run: Run, history: Literal["current", "keep"]
) -> None:
    if run.pair.is_mysql:
        pytest.skip("MariaDB's only")
    run.on_source(
        "CREATE TABLE t (id INT PRIMARY KEY AUTO_INCREMENT, v INT, KEY (v)) WITH SYSTEM VERSIONING AUTO_INCREMENT = 70",
        "INSERT INTO t VALUES (1, 1), (2, 2)",
        "UPDATE t SET v = v + 1",
        "CREATE TABLE child (id INT, KEY (id), FOREIGN KEY (id) REFERENCES t (id)) WITH SYSTEM VERSIONING",
        "INSERT INTO child VALUES (1), (2)",
    )
    run.selection = Selection((run.database,), history=history)
    run.plan()
    run.schema()
    with Crew(run, workers=1) as crew:
        victim = crew.send_to_die(0, EventKind.CHUNK_COMMITTED, 1)
        victim.join()
        assert victim.exitcode == -9
        crew.all()
    run.finish()
    everything = "SELECT id, v FROM t FOR SYSTEM_TIME ALL ORDER BY 1, 2"
    rows = rows_of(run.pair.source, everything, run.database) if history == "keep" else [(1, 2), (2, 3)]
    assert list(rows_of(run.pair.target, everything, run.database)) == list(rows)


def test_finished_data_is_not_read_again(bank: Run) -> None:
    with Crew(bank, workers=2) as crew:
        crew.all()
        before = epochs(bank), flushes(bank.pair.source)
        assert [moved.chunks for moved in crew.all()] == [0, 0]
    assert (epochs(bank), flushes(bank.pair.source)) == before
    bank.finish()


def test_too_few_workers_take_no_lock_and_say_what_to_raise(bank: Run) -> None:
    before = flushes(bank.pair.source)
    with Crew(bank, workers=3, settings=replace(QUICK, gather_seconds=5)) as crew:
        present = [crew.send(number) for number in (0, 2)]
        for worker in present:
            with pytest.raises(SnapshotError, match=r"only 2 of 3 workers .*pool.*parallelism.*max_active_tasks"):
                worker.result()
    assert flushes(bank.pair.source) == before


@contextlib.contextmanager
def long_query(run: Run, seconds: float) -> Iterator[list[object]]:
    """A query on a table of the run's that has run for more than a second already; what became of it, when it has
    ended, which it does with the block at last."""
    outcome: list[object] = []
    with run.pair.source.connect(database=run.database) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT CONNECTION_ID()")
        ((number,),) = cursor.fetchall()

        def ask() -> None:
            rows = "(SELECT 1) AS one LEFT JOIN journal ON TRUE"  # the journal may be empty still
            try:
                outcome.append(cursor.execute(f"SELECT SLEEP({seconds}) FROM {rows} LIMIT 1"))
            except pymysql.Error as error:
                outcome.append(error)

        thread = threading.Thread(target=ask)
        thread.start()
        time.sleep(2.2)
        try:
            yield outcome
        finally:
            with contextlib.suppress(pymysql.Error):
                run_sql(run.pair.source, f"KILL {number}")
            thread.join()


def test_long_queries_are_refused_killed_or_waited_for_before_any_lock_is_asked_for(bank: Run) -> None:
    settings = replace(QUICK, long_query_seconds=1)
    before = flushes(bank.pair.source)
    with (
        long_query(bank, 600) as outcome,
        Crew(bank, workers=1, settings=replace(settings, long_queries="fail")) as crew,
    ):
        with pytest.raises(SnapshotError, match=r"long queries run on the source .*connection [0-9]+ of"):
            crew.all()
        assert not outcome
    assert flushes(bank.pair.source) == before
    with long_query(bank, 600) as outcome, Crew(bank, 1, replace(settings, long_queries="kill")) as crew:
        crew.all()
        assert outcome
    bank.finish()


def test_long_queries_that_come_again_are_not_killed_for_ever(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(long_query_module, "_POLL_SECONDS", 2.2)  # the next one is a long one, too, when it looks again
    stop = threading.Event()

    def ask() -> None:
        with pair.source.connect() as connection, connection.cursor() as cursor:
            while not stop.is_set():
                with contextlib.suppress(pymysql.Error):
                    cursor.execute("SELECT SLEEP(30)")

    thread = threading.Thread(target=ask)
    thread.start()
    time.sleep(2.2)
    settings = Consistency(long_query_seconds=1, long_queries="kill")
    with Session(endpoint(pair.source), metadata) as session:
        try:
            with pytest.raises(SnapshotError, match="killed in vain"):
                guard(session, settings, time.monotonic() + 3)
        finally:
            stop.set()
            while thread.is_alive():
                for query in long_queries(session, 0):
                    if query.connection != int(session.value("SELECT CONNECTION_ID()") or 0):
                        with contextlib.suppress(ServerError):
                            session.execute(f"KILL QUERY {query.connection}")
                time.sleep(0.1)


def test_who_may_not_kill_long_queries_is_told_so_before_the_run_and_when_one_runs(bank: Run) -> None:
    settings = replace(QUICK, long_query_seconds=1, long_queries="kill")
    with account(bank.pair.source, f"{', '.join(SOURCE_PRIVILEGES)} ON *.*", "PROCESS ON *.*") as login:
        source = endpoint(bank.pair.source, login)
        with pytest.raises(PreflightError, match="may not kill long queries"):
            preflight.check_source(source, bank.selection, settings)
        with (
            long_query(bank, 600),
            Session(source, metadata) as session,
            pytest.raises(ServerError, match=r"cannot kill the long query of connection [0-9]+ of"),
        ):
            guard(session, settings, time.monotonic() + 60)


def test_long_queries_are_waited_for(bank: Run) -> None:
    with long_query(bank, 5) as outcome, Crew(bank, 1, replace(QUICK, long_query_seconds=1)) as crew:
        crew.all()
        assert outcome == [1]
    bank.finish()
    assert require_one_moment(bank.pair.target, bank.database) > 0


def test_a_lock_that_is_not_granted_holds_nobody_up_afterwards(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    run.on_source("CREATE TABLE t (v INT)", "INSERT INTO t VALUES (1)", "CREATE TABLE other (v INT)")
    monkeypatch.setattr(global_lock, "_SHORT_TRIES", 1)
    with Session(run.source, metadata) as blocker:
        # MySQL's lock waits for readers, MariaDB's for writers alone.
        if run.pair.is_mysql:
            blocking = threading.Thread(target=blocker.rows, args=(f"SELECT SLEEP(9) FROM `{run.database}`.t",))
        else:
            run.on_source("INSERT INTO t VALUES (2)")
            blocking = threading.Thread(
                target=blocker.execute, args=(f"INSERT INTO `{run.database}`.t SELECT SLEEP(9)",)
            )
        blocking.start()
        time.sleep(0.5)
        settings = Consistency(max_lock_seconds=1, long_query_seconds=100)
        with pytest.raises(SnapshotError, match="did not grant its global lock"):
            GlobalLock(run.source, settings, time.monotonic() + 60).__enter__()
        assert blocking.is_alive()
        began = time.monotonic()
        run.on_source("INSERT INTO other VALUES (2)")
        assert time.monotonic() - began < 2
        assert blocking.is_alive()
        blocking.join()


def test_a_leader_that_hangs_with_the_lock_holds_writers_up_for_a_bounded_time(
    bank: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = threading.Event()

    def hang(_: Any) -> dict[str, str]:
        held.set()
        time.sleep(6)
        return {}

    monkeypatch.setattr(gathering, "read_position", hang)
    with Crew(bank, workers=2, settings=replace(QUICK, max_lock_seconds=2)) as crew:
        workers = [crew.send(number) for number in range(2)]
        assert held.wait(20)
        began = time.monotonic()
        run_sql(bank.pair.source, "INSERT INTO other VALUES (1)", database=bank.database)
        assert time.monotonic() - began < 4
        for worker in workers:
            with pytest.raises(SnapshotError):
                worker.result()
        monkeypatch.undo()
        crew.all()
    bank.finish()
    assert require_one_moment(bank.pair.target, bank.database) > 0


def test_nothing_of_an_earlier_moment_can_be_committed_any_more(bank: Run) -> None:
    with Crew(bank, workers=2) as crew:
        for victim in [crew.send_to_die(number, EventKind.CHUNK_COMMITTED, 1) for number in range(2)]:
            victim.join()
    assert bank.planned
    (epoch,) = epochs(bank)
    bundle = bank.work.read(bank.plan_files()[-1], DataBundle)
    identity = replace(bundle.identity, epoch=epoch)
    done = {item for (item,) in rows_of(bank.pair.target, ledger_of(bank, "load"))}
    chunks = [chunk for chunk in bundle.chunks if chunk.id not in done][:1]
    assert chunks
    with Loader(bank.target) as loader, Session(bank.target, metadata) as session:
        loader.begin()
        assert ledger.claim_chunks(loader, identity, chunks)
        ended = threading.Thread(target=ledger.end_moment, args=(session, identity, epoch))
        ended.start()
        time.sleep(1)
        assert ended.is_alive(), "the moment ended under a transaction that loads in it"
        loader.rollback()
        ended.join(10)
        loader.begin()
        with pytest.raises(IncompleteRunError):
            ledger.claim_chunks(loader, identity, chunks)


def test_a_worker_that_wakes_up_behind_a_later_moment_throws_nothing_away(
    bank: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    clear, asleep, awake = _CopyWork.clear, threading.Event(), threading.Event()

    def fall_asleep(work: _CopyWork, before: Moment | None) -> None:
        if not asleep.is_set():
            asleep.set()
            awake.wait(60)
        clear(work, before)

    monkeypatch.setattr(_CopyWork, "clear", fall_asleep)
    with Crew(bank, workers=1) as alone, Crew(bank, workers=2) as crew:
        sleeper = alone.send(0)
        assert asleep.wait(20)
        run_sql(bank.pair.source, f"KILL {lock_holder(bank, 'leader')}")
        crew.all()
        loaded = rows_of(bank.pair.target, ledger_of(bank, "load"))
        awake.set()
        with pytest.raises(SnapshotError, match="a moment of their own"):
            sleeper.result()
    assert rows_of(bank.pair.target, ledger_of(bank, "load")) == loaded
    bank.finish()
    assert require_one_moment(bank.pair.target, bank.database) > 0


def test_no_second_moment_is_recorded_and_a_complete_runs_is_not_ended(bank: Run) -> None:
    assert bank.planned
    work = _CopyWork(bank.planned, bank.source, bank.target, bank.work, lambda _: None)
    with Crew(bank, workers=2) as crew:
        crew.all()
    moment = work.current()
    assert moment
    with pytest.raises(SnapshotError, match="a moment of their own"):
        work.record(replace(moment, epoch="another"))
    assert epochs(bank) == [moment.epoch]
    bank.finish()
    with pytest.raises(IncompleteRunError, match="is complete"):
        work.clear(moment)
    assert require_one_moment(bank.pair.target, bank.database) > 0


def test_a_dump_has_no_second_moment_either(pair: Pair, database: str, tmp_path: Path) -> None:
    run_sql(pair.source, "CREATE TABLE t (v INT)", "INSERT INTO t VALUES (1)", database=database)
    source, storage = endpoint(pair.source), Storage.at(str(tmp_path / "dump"))
    plan = dump_plan(source, Selection((database,)), DumpSettings(PlanSettings(concurrency=1)), "test", storage)
    snapshot_dump_phase(source, storage, QUICK, Worker(0, 1))
    work = _DumpWork(plan, source, storage, lambda _: None)
    moment = work.current()
    assert moment
    with pytest.raises(SnapshotError, match="a moment of their own"):
        work.record(replace(moment, epoch="another"))
    with pytest.raises(SnapshotError, match="a moment of their own"):
        work.clear(None)
    assert work.current() == moment


@pytest.mark.parametrize("connection", ["snapshot", "locks"])
def test_a_worker_that_loses_its_snapshot_or_its_locks_ends_and_the_others_do_its_work(
    bank: Run, monkeypatch: pytest.MonkeyPatch, connection: str
) -> None:
    snapshots: dict[int, int] = {}
    begin = KeptSession.begin

    def remember(session: KeptSession) -> None:
        begin(session)
        snapshots[threading.get_ident()] = int(session.value("SELECT CONNECTION_ID()") or 0)

    monkeypatch.setattr(KeptSession, "begin", remember)
    cut: list[int] = []

    def listen(event: Event) -> None:
        if event.kind is EventKind.CHUNK_LOADED and not cut:
            if connection == "snapshot":
                cut.append(snapshots[threading.get_ident()])
            else:
                cut.append(lock_holder(bank, "reading:0"))
            run_sql(bank.pair.source, f"KILL {cut[0]}")

    with Crew(bank, workers=2) as crew:
        unlucky, other = crew.send(0, listen), crew.send(1, lambda _: time.sleep(0.05))
        with pytest.raises(SnapshotError, match="lost"):
            unlucky.result()
        other.result()
    assert cut
    bank.finish()
    assert require_one_moment(bank.pair.target, bank.database) > 0


def lock_holder(run: Run, name: str) -> int:
    assert run.planned
    with NamedLocks(run.source, run.planned.identity.plan) as locks:
        return locks.used([name])[name]


def test_a_target_that_fails_in_the_middle_of_a_chunk_does_not_cost_the_snapshot(
    bank: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    load_with = Loader.load_with
    failures: list[int] = []

    def fail_twice(loader: Loader, statement: str, target: TableName, frames: Iterable[bytes]) -> int:
        if len(failures) < 2:
            failures.append(len(next(iter(frames))))
            raise ServerError(1213, "Deadlock found when trying to get lock")
        return load_with(loader, statement, target, frames)

    monkeypatch.setattr(Loader, "load_with", fail_twice)
    with Crew(bank, workers=2) as crew:
        crew.all()
    assert len(failures) >= 2
    assert len(epochs(bank)) == 1
    bank.finish()
    assert require_one_moment(bank.pair.target, bank.database) > 0
