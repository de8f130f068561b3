"""Whatever is killed, and whenever: the same run key goes on, and every row is there once."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from airflow_mydump.engine.event import EventKind
from airflow_mydump.engine.plan.settings import PlanSettings
from tests.integration.command_line import finish, run_command, start
from tests.integration.contents import assert_same_contents, assert_same_definitions
from tests.integration.pair import rows_of, run_sql
from tests.integration.sudden_death import die_in_data_phase

if TYPE_CHECKING:
    from tests.integration.pair import Pair
    from tests.integration.run import Run

KEYED, KEYLESS = 3, 6
DIGITS = "(SELECT 0 d UNION SELECT 1 UNION SELECT 2 UNION SELECT 3 UNION SELECT 4 UNION SELECT 5 UNION SELECT 6 UNION \
SELECT 7 UNION SELECT 8 UNION SELECT 9)"


def fill(run: Run, thousands: int) -> None:
    """Tables with a key that are cut into many chunks, and tables without any, whose rows repeat."""
    numbers = f"SELECT a.d + 10*b.d + 100*c.d + 1000*e.d FROM {DIGITS} a, {DIGITS} b, {DIGITS} c, {DIGITS} e"
    for number in range(KEYED):
        run.on_source(
            f"CREATE TABLE keyed{number} (id INT AUTO_INCREMENT PRIMARY KEY, v VARCHAR(80), KEY (v))",
            *[f"INSERT INTO keyed{number} (v) SELECT SHA2(n, 256) FROM ({numbers.replace('FROM', 'n FROM', 1)}) x "
              f"WHERE n < 1000" for _ in range(thousands)],
            f"ANALYZE TABLE keyed{number}",
        )  # fmt: skip
    for number in range(KEYLESS):
        run.on_source(
            f"CREATE TABLE keyless{number} (v INT, w VARCHAR(40))",
            *[f"INSERT INTO keyless{number} SELECT v, v FROM (SELECT LENGTH(v) v FROM keyed0 LIMIT 1000) x"]
            * (thousands // 2),
        )


def loaded(pair: Pair, database: str) -> dict[str, Any]:
    """The chunks that the ledger has as loaded, each with the moment it was."""
    with contextlib.suppress(Exception):
        return dict(
            rows_of(
                pair.target,
                "SELECT item, finished_at FROM airflow_mydump.ledger "
                f"WHERE step = 'load' AND state <> 'started' AND target_schema = '{database}'",
            )
        )
    return {}


def processes_with(mark: str) -> list[int]:
    found = []
    for directory in Path("/proc").iterdir():
        with contextlib.suppress(OSError):
            if directory.name.isdigit() and f"MYDUMP_TEST_MARK={mark}".encode() in (directory / "environ").read_bytes():
                found.append(int(directory.name))
    return found


def wait_until(what: str, seconds: float, condition: Any) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"{what} did not happen in {seconds} s"
        time.sleep(0.005)


@pytest.mark.parametrize("victim", ["the command", "a worker"])
def test_a_killed_run_is_finished_by_its_run_key(pair: Pair, run: Run, tmp_path: Path, victim: str) -> None:
    fill(run, thousands=24)
    database = run.database
    arguments = ("copy", "--schemas", database, "--threads", 2, "--chunk-bytes", "32K", "--run-key", "once",
                 "--consistency", "none", "--keep-ledger", "--work-directory", tmp_path)  # fmt: skip
    process = start(pair, *arguments, MYDUMP_TEST_MARK=database)
    wait_until("some chunks", 60, lambda: len(loaded(pair, database)) >= 8)
    if victim == "the command":
        process.kill()
    else:
        started = {
            pid: parent
            for pid in processes_with(database)
            if b"forkserver" in command(pid) and (parent := parent_of(pid))
        }
        workers = [pid for pid, parent in started.items() if parent in started]
        assert len(workers) == 2
        os.kill(workers[0], signal.SIGKILL)
    killed = finish(process, 30)
    assert killed.returncode != 0
    if victim == "a worker":
        assert killed.stderr.count("\n") == 1
        assert "worker process was killed" in killed.stderr
    wait_until("the end of all workers", 10, lambda: not processes_with(database))
    before = loaded(pair, database)
    assert len(before) >= 8

    again = run_command(pair, *arguments)

    assert again.returncode == 0, again.stderr
    after = loaded(pair, database)
    assert len(after) > len(before) + 4, "the run was all but over when it was killed: this proves nothing"
    assert {item: after[item] for item in before} == before
    assert_same_contents(pair.source, pair.target, database)
    assert_same_definitions(pair.source, pair.target, database)

    done = run_command(pair, *arguments)
    assert done.returncode == 0, done.stderr
    assert loaded(pair, database) == after


def command(pid: int) -> bytes:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    return b""


def parent_of(pid: int) -> int:
    with contextlib.suppress(OSError):
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()[1])
    return 0


@pytest.mark.parametrize("number", [1, 4])
@pytest.mark.parametrize(
    "kind",
    [EventKind.CHUNK_STARTED, EventKind.CHUNK_LOADED, EventKind.CHUNK_COMMITTING, EventKind.CHUNK_COMMITTED],
    ids=lambda kind: kind.value,
)
def test_a_death_at_any_step_of_a_chunk_neither_loses_nor_doubles_a_row(
    pair: Pair, run: Run, kind: EventKind, number: int
) -> None:
    run.settings = PlanSettings(chunk_bytes=16 << 10, concurrency=2)
    run.on_source(
        "CREATE TABLE keyless (v INT, w VARCHAR(9))",
        "INSERT INTO keyless VALUES (1,'a'),(1,'a'),(NULL,NULL),(NULL,NULL),(2,'')",
        "CREATE TABLE other AS SELECT * FROM keyless",
        "CREATE TABLE third AS SELECT * FROM keyless",
        "CREATE TABLE keyed (id INT PRIMARY KEY, w VARCHAR(9))",
        "INSERT INTO keyed VALUES (0, 'x'), (5, NULL)",
        "CREATE TABLE aria (v INT) ENGINE=MyISAM",
        "INSERT INTO aria VALUES (1), (1), (2)",
    )
    plan = run.plan()
    run.schema()
    files = [bundle.file for bundle in plan.data_bundles]
    status = die_in_data_phase(run.source, run.target, run.work, files, kind, number)
    assert status == -signal.SIGKILL
    before = loaded(pair, run.database)
    assert len(before) == number - (kind is not EventKind.CHUNK_COMMITTED)

    run.data()
    report = run.finish()

    assert report.rows == 20
    after = loaded(pair, run.database)
    assert {item: after[item] for item in before} == before
    assert_same_contents(pair.source, pair.target, run.database)


@pytest.fixture
def many(run: Run) -> Run:
    """More small tables than bundles, so that several chunks share a transaction."""
    run.settings = PlanSettings(concurrency=2, max_bundles=2)
    for number in range(12):
        run.on_source(
            f"CREATE TABLE t{number} (v INT) ENGINE={'MyISAM' if number == 7 else 'InnoDB'}",
            f"INSERT INTO t{number} VALUES ({number}), (1), (1), (NULL)",
        )
    return run


@pytest.mark.parametrize("number", [2, 8])
@pytest.mark.parametrize(
    "kind",
    [EventKind.CHUNK_STARTED, EventKind.CHUNK_LOADED, EventKind.CHUNK_COMMITTING, EventKind.CHUNK_COMMITTED],
    ids=lambda kind: kind.value,
)
def test_a_death_among_chunks_that_share_a_transaction_neither_loses_nor_doubles_a_row(
    pair: Pair, many: Run, kind: EventKind, number: int
) -> None:
    plan = many.plan()
    assert plan.chunks > 2 * len(plan.data_bundles)
    many.schema()
    status = die_in_data_phase(many.source, many.target, many.work, many.plan_files(), kind, number)
    assert status == -signal.SIGKILL
    before = loaded(pair, many.database)
    many.data()
    assert many.finish().rows == 48
    after = loaded(pair, many.database)
    assert {item: after[item] for item in before} == before
    assert_same_contents(pair.source, pair.target, many.database)


@pytest.mark.parametrize("kind", [EventKind.CHUNK_STARTED, EventKind.CHUNK_COMMITTED], ids=lambda kind: kind.value)
def test_a_worker_that_was_taken_for_dead_and_its_successor_move_every_row_once(
    pair: Pair, many: Run, kind: EventKind
) -> None:
    many.plan()
    many.schema()
    others: list[str] = []

    def overtake(event: Any) -> None:
        if event.kind is kind and not others:
            others.append(event.chunk)
            many.data()

    many.data(overtake)
    assert others
    assert many.finish().rows == 48
    assert_same_contents(pair.source, pair.target, many.database)


def test_a_finished_run_does_nothing_again(pair: Pair, run: Run) -> None:
    run.on_source("CREATE TABLE t (v INT)", "INSERT INTO t VALUES (1), (1)")
    run.copy()
    before = loaded(pair, run.database)
    run.on_target("INSERT INTO t VALUES (9)", "DELETE FROM t WHERE v = 9")  # nothing may empty the table again
    events: list[EventKind] = []
    run.schema()
    run.data(lambda event: events.append(event.kind))
    run.finish()
    assert events == [EventKind.NOTICE]
    assert loaded(pair, run.database) == before
    assert_same_contents(pair.source, pair.target, run.database)


@pytest.mark.parametrize("side", ["source", "target"])
def test_a_lost_connection_is_replaced_and_the_chunk_moved_once(pair: Pair, run: Run, side: str) -> None:
    run.on_source("CREATE TABLE t (v INT)", "INSERT INTO t VALUES (1), (1), (2)")
    run.plan()
    run.schema()
    server = getattr(pair, side)
    killed: list[int] = []

    def cut(event: Any) -> None:
        if event.kind is EventKind.CHUNK_LOADED and not killed:
            for (connection,) in rows_of(
                server,
                f"SELECT id FROM information_schema.processlist WHERE user = '{server.user}' AND id <> CONNECTION_ID()",
            ):
                run_sql(server, f"KILL {connection}")
                killed.append(connection)

    run.data(cut)
    assert killed
    run.finish()
    assert_same_contents(pair.source, pair.target, run.database)
