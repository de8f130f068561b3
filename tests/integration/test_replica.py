"""A replica whose applier is paused while it is read, and runs again whatever happened."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest
from sandbox.server import Server, ServerNotInstalledError

from airflow_mydump.engine.consistency.settings import Consistency
from airflow_mydump.engine.errors import IncompleteRunError, PreflightError, SnapshotError
from airflow_mydump.engine.event import EventKind
from airflow_mydump.engine.phases.data import pause_source, resume_source
from airflow_mydump.engine.plan.settings import PlanSettings
from tests.faults.replication import applies, catch_up
from tests.integration.command_line import run_command
from tests.integration.conftest import FLAVORS
from tests.integration.crew import Crew
from tests.integration.pair import Pair, run_sql, value_of
from tests.integration.run import Run
from tests.integration.writers import Writers, make_bank, require_one_moment

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sandbox.server import Flavor

    from airflow_mydump.engine.event import Event

REPLICA = Consistency(mode="replica", max_lock_seconds=10)
BANK = "bank"


@pytest.fixture(scope="module", params=FLAVORS)
def primary_and_pair(request: pytest.FixtureRequest) -> Iterator[tuple[Server, Pair]]:
    """A primary that is written to, its replica as the source, and a target."""
    try:
        primary, replica, target = (Server(request.param) for _ in range(3))
    except ServerNotInstalledError as error:
        pytest.skip(str(error))
    with primary, replica, target:
        follow(primary, replica, request.param)
        run_sql(primary, f"CREATE DATABASE {BANK}")
        make_bank(primary, BANK)
        with Writers(primary, BANK):
            catch_up(primary, replica)
            # a plan cuts by the server's estimates, which come when it likes
            run_sql(replica, "ANALYZE LOCAL TABLE left_, right_", database=BANK)
            yield primary, Pair(replica, target)


def follow(primary: Server, replica: Server, flavor: Flavor) -> None:
    mysql = flavor == "mysql"
    with primary.connect() as connection, connection.cursor() as cursor:
        cursor.execute("SHOW BINARY LOG STATUS" if mysql else "SHOW MASTER STATUS")
        file, position = cursor.fetchone()[:2]
    words = ("REPLICATION SOURCE", "SOURCE", "REPLICA") if mysql else ("MASTER", "MASTER", "SLAVE")
    change, word, who = words
    run_sql(
        replica,
        f"CHANGE {change} TO {word}_HOST = '{primary.host}', {word}_PORT = {primary.port}, "
        f"{word}_USER = '{primary.account.user}', {word}_PASSWORD = '{primary.account.password}', "
        f"{word}_LOG_FILE = '{file}', {word}_LOG_POS = {position}"
        + (", GET_SOURCE_PUBLIC_KEY = 1" if mysql else ""),
        f"START {who}",
        "SET GLOBAL read_only = 1",
    )  # fmt: skip


@pytest.fixture
def run(primary_and_pair: tuple[Server, Pair], tmp_path: Path) -> Iterator[Run]:
    """A copy of the replica, about to move its data."""
    run = planned(primary_and_pair[1], tmp_path)
    yield run
    resume(run)


def planned(pair: Pair, tmp_path: Path, database: str = BANK) -> Run:
    run = Run.of(pair, database, tmp_path)
    run.settings = PlanSettings(chunk_bytes=16 << 10, concurrency=2)
    run.plan()
    run.schema()
    return run


def pause(run: Run) -> None:
    assert run.planned
    pause_source(run.source, run.target, run.work, run.planned.identity, REPLICA)


def resume(run: Run) -> None:
    assert run.planned
    resume_source(run.source, run.work, run.planned.identity, REPLICA)


def transfers(server: Server) -> int:
    return int(value_of(server, f"SELECT COUNT(*) FROM {BANK}.journal"))


def test_the_target_is_the_replica_at_the_moment_of_its_pause(run: Run) -> None:
    pause(run)
    assert not applies(run.pair.source)
    then = transfers(run.pair.source)
    with Crew(run, 2, REPLICA) as crew:
        crew.all()
    resume(run)
    assert applies(run.pair.source)
    resume(run)
    pause(run)  # all is there: nothing to pause for
    assert applies(run.pair.source)
    report = run.finish()
    assert "replica: all rows" in report.consistency
    assert "PRIMARY_LOG_POS" in report.consistency
    assert require_one_moment(run.pair.target, BANK) == then > 0
    time.sleep(0.5)
    assert transfers(run.pair.source) > then


def test_an_applier_that_runs_again_too_early_is_noticed_and_the_next_pause_is_another_moment(run: Run) -> None:
    pause(run)
    with Crew(run, 1, REPLICA) as crew:

        def listen(event: Event) -> None:
            if event.kind is EventKind.CHUNK_CLAIMED:
                resume(run)

        with pytest.raises(SnapshotError):
            crew.all(lambda _: listen)
        pause(run)
        crew.all()
    resume(run)
    run.finish()
    assert require_one_moment(run.pair.target, BANK) > 0


def test_after_a_kill_the_next_try_goes_on_in_the_same_moment_and_lets_the_applier_run(run: Run) -> None:
    pause(run)
    with Crew(run, 1, REPLICA) as crew:
        victim = crew.send_to_die(0, EventKind.CHUNK_COMMITTED, 3)
        victim.join()
        assert victim.exitcode == -9
        assert not applies(run.pair.source)
        pause(run)
        (moved,) = crew.all()
    assert moved.skipped > 0
    resume(run)
    assert applies(run.pair.source)
    run.finish()
    assert require_one_moment(run.pair.target, BANK) > 0


@pytest.mark.parametrize(
    "change",
    [
        "ALTER TABLE {} ADD COLUMN added INT",
        "ALTER TABLE {} ADD PARTITION PARTITIONS 1",
        "DROP TABLE {}",
        "CREATE TABLE {}_new (v INT)",
    ],
)
def test_a_definition_that_the_primary_changed_before_the_pause_fails_the_run(
    primary_and_pair: tuple[Server, Pair], tmp_path: Path, change: str
) -> None:
    primary, pair = primary_and_pair
    database, table = "changing", "changing.t"
    run_sql(primary, f"CREATE DATABASE {database}", f"CREATE TABLE {table} (v INT) PARTITION BY HASH (v) PARTITIONS 2")
    catch_up(primary, pair.source)
    try:
        run = planned(pair, tmp_path, database)
        run_sql(primary, change.format(table))
        catch_up(primary, pair.source)
        with pytest.raises(IncompleteRunError, match=table):
            pause(run)
        assert applies(pair.source)
    finally:
        run_sql(primary, f"DROP DATABASE {database}")


def test_a_definition_that_an_administrator_changed_in_the_pause_is_noticed(run: Run) -> None:
    pause(run)
    run_sql(run.pair.source, "SET sql_log_bin = 0", f"ALTER TABLE {BANK}.journal ADD COLUMN added INT")
    try:
        with pytest.raises(IncompleteRunError, match="journal was altered"):
            pause(run)
        assert applies(run.pair.source)
    finally:
        run_sql(run.pair.source, "SET sql_log_bin = 0", f"ALTER TABLE {BANK}.journal DROP COLUMN added")


def test_a_source_that_somebody_else_stopped_or_may_write_to_is_refused(run: Run) -> None:
    who = "REPLICA" if run.pair.is_mysql else "SLAVE"
    run_sql(run.pair.source, f"STOP {who} SQL_THREAD")
    with pytest.raises(PreflightError, match="stopped already"):
        pause(run)
    resume(run)
    assert not applies(run.pair.source)
    run_sql(run.pair.source, f"START {who} SQL_THREAD", "SET GLOBAL read_only = 0")
    with pytest.raises(PreflightError, match="may be written to"):
        pause(run)
    run_sql(run.pair.source, "SET GLOBAL read_only = 1")
    assert applies(run.pair.source)


def test_from_the_command_line(primary_and_pair: tuple[Server, Pair], tmp_path: Path) -> None:
    primary, pair = primary_and_pair
    for verb, *place in (("copy", "--work-directory", tmp_path), ("dump", "--output", tmp_path / "dump")):
        done = run_command(pair, verb, *place, "--schemas", BANK, "--consistency", "replica")
        assert done.returncode == 0, done.stderr
        assert "Consistency replica: all rows" in done.stdout
        assert applies(pair.source)
    assert require_one_moment(pair.target, BANK) > 0
    refused = run_command(Pair(primary, pair.target), "copy", "--schemas", BANK, "--consistency", "replica",
                          "--work-directory", tmp_path)  # fmt: skip
    assert refused.returncode != 0
    assert "not a replica" in refused.stderr
