"""Tables that stay locked while they are read: nobody writes to them, and no row is taken without the lock."""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from airflow_mydump.engine import preflight
from airflow_mydump.engine.consistency import table_lock
from airflow_mydump.engine.consistency.named_lock import NamedLocks
from airflow_mydump.engine.errors import PreflightError, SnapshotError
from airflow_mydump.engine.event import EventKind
from airflow_mydump.engine.plan.settings import PlanSettings
from airflow_mydump.engine.server.privilege import SOURCE_PRIVILEGES
from tests.integration.command_line import run_command
from tests.integration.crew import QUICK, Crew
from tests.integration.pair import rows_of, run_sql, value_of
from tests.integration.test_bad_input import account
from tests.integration.writers import Writers, make_bank, require_one_moment

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from airflow_mydump.engine.event import Event
    from tests.integration.pair import Pair
    from tests.integration.run import Run

LOCKED = replace(QUICK, mode="locked")


@pytest.fixture
def bank(run: Run) -> Iterator[Run]:
    """A run over tables that writers change until its end, about to copy them."""
    make_bank(run.pair.source, run.database)
    run_sql(run.pair.source, f"CREATE DATABASE {run.database}_beside", f"CREATE TABLE {run.database}_beside.t (v INT)")
    run.settings = PlanSettings(chunk_bytes=16 << 10, concurrency=3)
    run.plan()
    run.schema()
    with Writers(run.pair.source, run.database):
        yield run


def epochs(run: Run) -> list[str]:
    assert run.planned
    query = f"SELECT item FROM airflow_mydump.ledger WHERE step = 'moment' AND plan = '{run.planned.identity.plan}'"
    return [epoch for (epoch,) in rows_of(run.pair.target, query)]


def transfers(run: Run) -> int:
    return int(value_of(run.pair.source, f"SELECT COUNT(*) FROM {run.database}.journal"))


def test_nobody_writes_to_the_tables_until_all_are_read_and_elsewhere_everybody_may(bank: Run) -> None:
    seen: set[int] = set()

    def listen(event: Event) -> None:
        if event.kind is EventKind.CHUNK_COMMITTING:
            seen.add(transfers(bank))
            run_sql(bank.pair.source, f"INSERT INTO {bank.database}_beside.t VALUES (1)")

    with Crew(bank, 3, LOCKED) as crew:
        crew.all(lambda _: listen)
    (then,) = seen
    assert "locked: all rows" in bank.finish().consistency
    assert require_one_moment(bank.pair.target, bank.database) == then > 0
    run_sql(bank.pair.source, "INSERT INTO journal VALUES (99, 0)", "DELETE FROM journal WHERE writer = 99",
            database=bank.database)  # fmt: skip


def test_when_the_worker_with_the_locks_is_killed_the_others_fail_and_the_next_try_is_complete(bank: Run) -> None:
    with Crew(bank, 3, LOCKED) as crew:
        victim = crew.send_to_die(0, EventKind.CHUNK_COMMITTED, 2)
        while not epochs(bank):
            time.sleep(0.01)
        others = [crew.send(number, lambda _: time.sleep(0.2)) for number in (1, 2)]
        victim.join()
        assert victim.exitcode == -9
        for other in others:
            with pytest.raises(SnapshotError, match="read locks on the source's tables are gone"):
                other.result()
        before, written = epochs(bank), transfers(bank)
        time.sleep(0.5)
        assert transfers(bank) > written, "the locks outlived their holder"
        crew.all()
        assert epochs(bank) != before
    bank.finish()
    assert require_one_moment(bank.pair.target, bank.database) > 0


def test_rows_that_were_read_when_the_locks_went_are_not_committed(bank: Run) -> None:
    cut = threading.Event()

    def listen(event: Event) -> None:
        if event.kind is EventKind.CHUNK_CLAIMED and not cut.is_set():
            cut.set()
            (epoch,) = epochs(bank)
            assert bank.planned
            with NamedLocks(bank.source, bank.planned.identity.plan) as locks:
                holder = table_lock.holder_of(locks, epoch)
                run_sql(bank.pair.source, f"KILL {holder}")
                while table_lock.holder_of(locks, epoch) == holder:  # KILL does not wait for the end of what it kills
                    time.sleep(0.01)

    with Crew(bank, 1, LOCKED) as crew:
        with pytest.raises(SnapshotError, match="read locks on the source's tables are gone"):
            crew.all(lambda _: listen)
        assert cut.is_set()
        assert bank.planned
        plan = bank.planned.identity.plan
        assert not rows_of(
            bank.pair.target, f"SELECT 1 FROM airflow_mydump.ledger WHERE step = 'load' AND plan = '{plan}'"
        )
        crew.all()
    bank.finish()
    assert require_one_moment(bank.pair.target, bank.database) > 0


def test_a_worker_that_comes_later_joins(bank: Run) -> None:
    with Crew(bank, 3, LOCKED) as crew:
        first = crew.send(0, lambda _: time.sleep(0.1))
        while not epochs(bank):
            time.sleep(0.01)
        assert crew.send(1).result().chunks > 0
        first.result()
    assert len(epochs(bank)) == 1
    bank.finish()


def test_a_transaction_that_does_not_end_is_not_waited_for_without_bound(
    bank: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(table_lock, "_SHORT_TRIES", 1)
    monkeypatch.setattr(table_lock, "_PAUSE_SECONDS", 0.1)
    with bank.pair.source.connect(database=bank.database) as connection, connection.cursor() as cursor:
        connection.begin()
        cursor.execute("INSERT INTO journal VALUES (99, 0)")
        impatient = Crew(bank, 1, replace(LOCKED, max_lock_seconds=1))
        with impatient, pytest.raises(SnapshotError, match="did not grant read locks"):
            impatient.all()
        connection.rollback()
    with Crew(bank, 2, LOCKED) as crew:
        crew.all()
    bank.finish()
    assert require_one_moment(bank.pair.target, bank.database) > 0


def test_from_the_command_line(pair: Pair, database: str, tmp_path: Path) -> None:
    make_bank(pair.source, database)
    with Writers(pair.source, database):
        for verb, *place in (("copy", "--work-directory", tmp_path), ("dump", "--output", tmp_path / "dump")):
            done = run_command(pair, verb, *place, "--schemas", database, "--threads", 2, "--chunk-bytes", "16K",
                               "--consistency", "locked")  # fmt: skip
            assert done.returncode == 0, done.stderr
            assert "Consistency locked: all rows" in done.stdout
    assert require_one_moment(pair.target, database) > 0
    loaded = run_command(pair, "load", "--input", tmp_path / "dump", "--work-directory", tmp_path, "--rename",
                         f"{database}={database}_restored")  # fmt: skip
    assert loaded.returncode == 0, loaded.stderr
    assert "Consistency locked: all rows" in loaded.stdout
    assert require_one_moment(pair.target, f"{database}_restored") > 0


def test_a_missing_privilege_is_named_before_anything_changes(run: Run) -> None:
    run.on_source("CREATE TABLE t (id INT PRIMARY KEY)")
    reading = ", ".join(privilege for privilege in SOURCE_PRIVILEGES if privilege != "LOCK TABLES")
    with account(run.pair.source, f"{reading} ON `{run.database}`.*") as login:
        source = replace(run.source, user=login.user, password=login.password)
        with pytest.raises(PreflightError) as refused:
            preflight.check_source(source, run.selection, LOCKED)
    assert "LOCK TABLES" in str(refused.value)
    assert "RELOAD" in str(refused.value)


@pytest.fixture
def prepared(bank: Run) -> Iterator[Callable[[str], None]]:
    """A transaction of MariaDB's that has written to a table, is prepared, and has no session any more; call it to end
    it with COMMIT or ROLLBACK."""
    if bank.pair.is_mysql:
        pytest.skip("MySQL refuses the locks")
    name = f"'{bank.database}'"
    run_sql(bank.pair.source, f"XA START {name}", "INSERT INTO journal VALUES (99, 0)", f"XA END {name}",
            f"XA PREPARE {name}", database=bank.database)  # fmt: skip
    ended = threading.Event()

    def end(how: str) -> None:
        run_sql(bank.pair.source, f"XA {how} {name}")
        ended.set()

    yield end
    if not ended.is_set():
        end("ROLLBACK")


def test_a_prepared_transaction_that_could_still_change_the_tables_is_waited_for(
    bank: Run, prepared: Callable[[str], None]
) -> None:
    with (
        Crew(bank, 1, replace(LOCKED, max_lock_seconds=1)) as crew,
        pytest.raises(SnapshotError, match=f"prepared .*{bank.database}.*: see XA RECOVER"),
    ):
        crew.all()
    assert not epochs(bank)
    with Crew(bank, 1, LOCKED) as crew:
        worker = crew.send(0)
        time.sleep(1)
        assert not epochs(bank)
        prepared("COMMIT")
        worker.result()
    written = "SELECT COUNT(*) FROM journal WHERE writer = 99"
    assert value_of(bank.pair.target, written, bank.database) == 1
    run_sql(bank.pair.source, "DELETE FROM journal WHERE writer = 99", database=bank.database)
