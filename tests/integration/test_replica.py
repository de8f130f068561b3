"""A replica whose applier is paused while it is read, and runs again whatever happened."""

from __future__ import annotations

import time
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING

import pymysql
import pytest
from sandbox.server import Server, ServerNotInstalledError

from airflow_mydump.engine import ledger, preflight
from airflow_mydump.engine.consistency import pause as pause_module
from airflow_mydump.engine.consistency.applier import stop_applier
from airflow_mydump.engine.consistency.pause import PAUSE, resume_applier, resuming
from airflow_mydump.engine.consistency.settings import Consistency
from airflow_mydump.engine.consistency.standstill import require_provable, stands_still, standstill
from airflow_mydump.engine.consistency.worker import Worker
from airflow_mydump.engine.dump_directory.dump_plan import DumpSettings
from airflow_mydump.engine.dump_directory.storage import Storage
from airflow_mydump.engine.errors import (
    ConfigurationError,
    IncompleteRunError,
    PreflightError,
    SelectionError,
    ServerError,
    SnapshotError,
)
from airflow_mydump.engine.event import EventKind, ignore
from airflow_mydump.engine.metadata import lasting_identity
from airflow_mydump.engine.phases.data import pause_source
from airflow_mydump.engine.phases.dump import pause_dumped, snapshot_dump_phase
from airflow_mydump.engine.phases.dump_plan import dump_plan
from airflow_mydump.engine.phases.finish_dump import finish_dump
from airflow_mydump.engine.phases.prefetch import prefetch_metadata
from airflow_mydump.engine.plan.settings import PlanSettings
from airflow_mydump.engine.selection.selection import Selection
from airflow_mydump.engine.server.privilege import SOURCE_PRIVILEGES
from airflow_mydump.engine.server.server_name import server_name
from airflow_mydump.engine.server.session import Session
from airflow_mydump.engine.server.session_state import metadata
from tests.faults.replication import applies, catch_up
from tests.integration.command_line import run_command
from tests.integration.conftest import FLAVORS
from tests.integration.contents import assert_same_contents
from tests.integration.crew import Crew
from tests.integration.definition_loop import DefinitionLoop, make_tables, require_right
from tests.integration.pair import Pair, endpoint, run_sql, value_of
from tests.integration.replay import position_of, recorded, replay
from tests.integration.run import Run
from tests.integration.test_bad_input import account
from tests.integration.writers import Writers, make_bank, require_one_moment

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pymysql.cursors import Cursor
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
    """On MariaDB by a connection with a name, which statements without one do not mean."""
    mysql = flavor == "mysql"
    with primary.connect() as connection, connection.cursor() as cursor:
        cursor.execute("SHOW BINARY LOG STATUS" if mysql else "SHOW MASTER STATUS")
        file, position = cursor.fetchone()[:2]
    change, word = ("REPLICATION SOURCE", "SOURCE") if mysql else ("MASTER 'here'", "MASTER")
    run_sql(
        replica,
        f"CHANGE {change} TO {word}_HOST = '{primary.host}', {word}_PORT = {primary.port}, "
        f"{word}_USER = '{primary.account.user}', {word}_PASSWORD = '{primary.account.password}', "
        f"{word}_LOG_FILE = '{file}', {word}_LOG_POS = {position}"
        + (", GET_SOURCE_PUBLIC_KEY = 1" if mysql else ""),
        f"START {appliers(replica)}",
        "SET GLOBAL read_only = 1",
    )  # fmt: skip


def appliers(server: Server) -> str:
    return "REPLICA" if server.flavor == "mysql" else "ALL SLAVES"


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
    resume_applier(run.source, run.work, REPLICA, ignore)


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


def test_the_target_is_what_the_primarys_log_comes_to_at_the_noted_position(
    primary_and_pair: tuple[Server, Pair], tmp_path: Path
) -> None:
    primary, pair = primary_and_pair
    run_sql(primary, "CREATE DATABASE replayed")
    begin = position_of(primary)
    make_bank(primary, "replayed")
    with Writers(primary, "replayed"):
        catch_up(primary, pair.source)
        run = planned(pair, tmp_path, "replayed")
        pause(run)
        with Crew(run, 2, REPLICA) as crew:
            crew.all()
        resume(run)
        run.finish()
    assert run.planned
    with Session(run.target, metadata) as session, Server(pair.flavor) as witness:
        moment = ledger.current_moment(session, run.planned.identity)
        assert moment
        replay(witness, primary, "replayed", begin, recorded(moment.position, "PRIMARY"))
        assert_same_contents(witness, pair.target, "replayed")


@pytest.mark.endurance
def test_a_run_beside_a_loop_of_changes_on_the_primary_is_right_or_fails_by_name(
    primary_and_pair: tuple[Server, Pair], tmp_path: Path
) -> None:
    primary, pair = primary_and_pair
    run_sql(primary, "CREATE DATABASE looping")
    make_bank(primary, "looping")
    make_tables(primary, "looping")
    catch_up(primary, pair.source)
    ended: list[str] = []
    with Writers(primary, "looping", tireless=True), DefinitionLoop(primary, "looping") as loop:
        for number in range(8):
            run = Run.of(pair, "looping", tmp_path / str(number)).again("drop")
            try:
                run.plan()
                run.schema()
                pause(run)
                with Crew(run, 2, REPLICA) as crew:
                    crew.all()
                run.finish()
                require_right(pair.target, "looping", one_moment=True)
                require_one_moment(pair.target, "looping")
                ended.append("right")
            except (IncompleteRunError, PreflightError, SelectionError, ServerError) as error:
                ended.append(str(error))
            finally:
                resume(run)
    assert loop.changes
    assert "right" in ended, ended


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
    who = appliers(run.pair.source)
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


def test_a_plan_that_is_made_anew_takes_over_what_the_one_before_has_stopped(run: Run) -> None:
    pause(run)
    run.plan()
    run.schema()
    assert not applies(run.pair.source)
    pause(run)
    with Crew(run, 2, REPLICA) as crew:
        crew.all()
    resume(run)
    assert applies(run.pair.source)
    run.finish()
    assert require_one_moment(run.pair.target, BANK) > 0


def test_a_dump_that_replaces_another_takes_over_what_that_has_stopped(
    primary_and_pair: tuple[Server, Pair], tmp_path: Path
) -> None:
    _, pair = primary_and_pair
    source, storage = endpoint(pair.source), Storage.at(str(tmp_path / "dump"))
    settings = DumpSettings(PlanSettings(concurrency=1), mode="replica")
    try:
        for run_key in ("first", "second"):
            dump_plan(source, Selection((BANK,)), settings, run_key, storage, replace_existing=True)
            pause_dumped(source, storage, REPLICA)
            assert not applies(pair.source)
        snapshot_dump_phase(source, storage, REPLICA, Worker(0, 1))
    finally:
        resume_applier(source, storage.private, REPLICA, ignore)
    assert applies(pair.source)
    finish_dump(source, storage)
    storage.remove()
    assert not storage.exists()


def test_another_server_at_the_sources_address_is_not_taken_for_the_one_that_was_stopped(run: Run) -> None:
    pause(run)
    with pytest.raises(IncompleteRunError, match=f"has stopped the applier of .*:{run.pair.source.port} .*{PAUSE}"):
        resume_applier(run.target, run.work, REPLICA, ignore)
    assert not applies(run.pair.source)
    resume(run)
    assert applies(run.pair.source)


def lock_all_rows(cursor: Cursor) -> None:
    """Lock the accounts. Who waits for a row of the applier's, which waits for one of ours, tries again."""
    cursor.execute("SET innodb_lock_wait_timeout = 1")
    for _ in range(30):
        cursor.execute("BEGIN")
        try:
            cursor.execute("SELECT * FROM left_ FOR UPDATE")
            return
        except pymysql.OperationalError:
            cursor.execute("ROLLBACK")
    pytest.fail("the applier leaves no moment to lock all rows")


def test_an_applier_in_a_long_transaction_is_not_waited_for_without_bound_and_is_not_left_stopped(run: Run) -> None:
    impatient = replace(REPLICA, max_lock_seconds=1)
    assert run.planned
    with run.pair.source.connect(database=BANK) as connection, connection.cursor() as cursor:
        lock_all_rows(cursor)  # the applier waits for it
        time.sleep(0.5)
        began = time.monotonic()
        with pytest.raises(SnapshotError, match="did not stop within 1 s"):
            pause_source(run.source, run.target, run.work, run.planned.identity, impatient)
        assert time.monotonic() - began < 10
        with pytest.raises(SnapshotError, match="has not stopped its applier yet"):
            resume_applier(run.source, run.work, impatient, ignore)
        connection.rollback()
    before = transfers(run.pair.source)
    time.sleep(1)
    assert transfers(run.pair.source) > before, "the server stopped the applier, and nobody started it again"
    resume(run)
    assert not run.work.exists(PAUSE)


def test_a_command_that_fails_lets_an_applier_run_that_an_earlier_try_had_stopped(run: Run) -> None:
    pause(run)
    with (
        pytest.raises(SelectionError, match="nothing there"),
        resuming(run.source, run.work, REPLICA, ignore),
    ):
        raise SelectionError("nothing there")
    assert applies(run.pair.source)


def test_a_source_that_follows_several_is_refused(run: Run) -> None:
    other = {
        "mysql": "CHANGE REPLICATION SOURCE TO SOURCE_HOST = '127.0.0.1', SOURCE_PORT = 1 FOR CHANNEL 'other'",
        "mariadb": "CHANGE MASTER 'other' TO MASTER_HOST = '127.0.0.1', MASTER_PORT = 1",
    }
    gone = {"mysql": "RESET REPLICA ALL FOR CHANNEL 'other'", "mariadb": "RESET SLAVE 'other' ALL"}
    run_sql(run.pair.source, other[run.pair.flavor])
    try:
        with pytest.raises(PreflightError, match="has 2 appliers"):
            preflight.check_source(run.source, run.selection, REPLICA)
        with pytest.raises(ConfigurationError, match="has 2 appliers"):
            pause(run)
    finally:
        run_sql(run.pair.source, gone[run.pair.flavor])
    assert applies(run.pair.source)


@pytest.fixture(scope="module")
def unlogged(primary_and_pair: tuple[Server, Pair]) -> Iterator[Server]:
    """A replica that writes no binary log."""
    primary, _ = primary_and_pair
    with Server(primary.flavor, {"skip-log-bin": None}) as replica:
        follow(primary, replica, primary.flavor)
        yield replica


def test_a_replica_without_a_binary_log_is_refused_where_administrators_may_write_to_it(
    unlogged: Server, run: Run
) -> None:
    source = endpoint(unlogged)
    with pytest.raises(PreflightError, match=r"an administrator .* start the source with log_bin"):
        preflight.check_source(source, run.selection, REPLICA)
    if run.pair.is_mysql:
        run_sql(unlogged, "SET GLOBAL super_read_only = 1")
        preflight.check_source(source, run.selection, REPLICA)
        with Session(source, metadata) as session:
            stop_applier(source, server_name(session), 10)
            prove = stands_still(standstill(session))
            prove(session)
            run_sql(unlogged, "SET GLOBAL super_read_only = 0")
            with pytest.raises(SnapshotError, match="an administrator"):
                prove(session)


def test_a_position_that_the_account_may_not_see_proves_nothing(run: Run) -> None:
    if run.pair.is_mysql:
        pytest.skip("one privilege there is for both logs")
    reading = f"{', '.join(SOURCE_PRIVILEGES)} ON *.*"
    with account(run.pair.source, reading, "REPLICATION SLAVE ADMIN, SLAVE MONITOR ON *.*") as login:
        with pytest.raises(PreflightError, match=r"an administrator .* GRANT BINLOG MONITOR ON \*\.\*"):
            preflight.check_source(endpoint(run.pair.source, login), run.selection, REPLICA)
        run_sql(run.pair.source, f"GRANT BINLOG MONITOR ON *.* TO '{login.user}'@'{run.pair.source.host}'")
        preflight.check_source(endpoint(run.pair.source, login), run.selection, REPLICA)


@pytest.mark.skipif("mariadb" not in FLAVORS, reason="MariaDB's only")
def test_a_node_of_a_cluster_is_refused() -> None:
    with (
        Server("mariadb", {"wsrep-on": "ON", "read-only": "ON"}) as node,
        Session(endpoint(node), metadata) as session,
        pytest.raises(PreflightError, match="wsrep_on"),
    ):
        require_provable(session)


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


def test_times_that_an_applier_gives_prove_no_definition(
    primary_and_pair: tuple[Server, Pair], monkeypatch: pytest.MonkeyPatch
) -> None:
    """MySQL gives a table the time of the statement on the primary, which may have been long before."""
    primary, pair = primary_and_pair
    monkeypatch.setattr(lasting_identity, "_MARGIN_SECONDS", 1)
    time.sleep(2.5)
    catalogs = [prefetch_metadata(endpoint(server), Selection((BANK,))) for server in (primary, pair.source)]
    assert [bool(catalog.lasting) for catalog in catalogs] == [True, pair.flavor == "mariadb"]


def test_a_pause_that_meets_the_end_of_another_leaves_the_applier_running(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same command twice: one begins to pause what the other has paused and lets run again now."""
    pause(run)
    with ThreadPoolExecutor(1) as thread:

        def meet(session: Session) -> None:
            monkeypatch.setattr(pause_module, "require_provable", require_provable)
            ends.append(thread.submit(resume, run))
            time.sleep(1)
            require_provable(session)

        ends: list[Future[None]] = []
        monkeypatch.setattr(pause_module, "require_provable", meet)
        pause(run)
        ends[0].result()
    resume(run)
    assert applies(run.pair.source)
    assert not run.work.exists(PAUSE)
