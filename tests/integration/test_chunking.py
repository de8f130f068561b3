"""A table that is cut into chunks arrives whole: every row in one chunk, whatever its key."""

from __future__ import annotations

import threading
from collections import Counter
from typing import TYPE_CHECKING

import pytest

from airflow_mydump.engine.event import Event, EventKind
from airflow_mydump.engine.plan.settings import PlanSettings
from tests.integration.contents import assert_same_contents
from tests.integration.pair import rows_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.integration.pair import Pair
    from tests.integration.run import Run

ROWS = 2000


def keys(low: int, high: int, count: int = ROWS) -> list[int]:
    """Both ends and numbers spread evenly between them."""
    return sorted({low + (high - low) * number // (count - 1) for number in range(count)})


def cut_table(run: Run, columns: str, rows: Iterable[str], chunk_bytes: int = 32 << 10) -> int:
    """Make a table `t` whose statistics are fresh, and plan it; returns the number of chunks."""
    found = list(rows)
    run.settings = PlanSettings(chunk_bytes=chunk_bytes, concurrency=2)
    run.on_source(
        f"CREATE TABLE t ({columns})",
        *("INSERT INTO t VALUES " + ", ".join(found[start : start + 500]) for start in range(0, len(found), 500)),
        "ANALYZE TABLE t",
    )
    return run.plan().chunks


def copy_planned(run: Run) -> Counter[str]:
    """Move what was planned; returns the rows by chunk."""
    rows: Counter[str] = Counter()

    def listen(event: Event) -> None:
        if event.kind is EventKind.CHUNK_COMMITTED:
            rows[event.chunk] += event.rows

    run.schema()
    run.data(listen)
    run.finish()
    return rows


@pytest.mark.parametrize(
    "kind, low, high",
    [
        ("TINYINT", -128, 127),
        ("SMALLINT UNSIGNED", 0, 65535),
        ("INT", 1, ROWS),
        ("INT", -(2**31), 2**31 - 1),
        ("INT UNSIGNED", 2**32 - ROWS, 2**32 - 1),
        ("BIGINT", -(2**63), 2**63 - 1),
        ("BIGINT", -(2**63), -(2**63) + ROWS),
        ("BIGINT UNSIGNED", 0, 2**64 - 1),
        ("BIGINT UNSIGNED", 2**63 - ROWS // 2, 2**63 + ROWS // 2),
        ("BIGINT UNSIGNED", 2**64 - ROWS, 2**64 - 1),
    ],
)
def test_every_row_of_an_integer_key_moves_once(run: Run, pair: Pair, kind: str, low: int, high: int) -> None:
    expected = keys(low, high)
    chunks = cut_table(
        run, f"id {kind} PRIMARY KEY, v VARCHAR(500)", (f"({key}, REPEAT('x', 400))" for key in expected), 16 << 10
    )
    assert chunks > 3
    rows = copy_planned(run)
    assert len(rows) == chunks
    assert sum(rows.values()) == len(expected)
    assert max(rows.values()) <= 2 * len(expected) / chunks + 1, "the chunks are not even"
    assert_same_contents(pair.source, pair.target, run.database)


def test_a_composite_key_is_cut_between_its_first_numbers(run: Run, pair: Pair) -> None:
    rows = [f"({first}, '{second}', NULL)" for first in range(-200, 200) for second in "aAbBäß éz" for _ in "x"]
    chunks = cut_table(
        run, "a SMALLINT, b VARCHAR(9) COLLATE utf8mb4_bin, c INT, PRIMARY KEY (a, b), KEY (c)", rows, 4 << 10
    )
    assert chunks > 3
    assert sum(copy_planned(run).values()) == len(rows)
    assert_same_contents(pair.source, pair.target, run.database)


def test_few_rows_at_the_far_ends_of_a_wide_key_are_few_chunks(run: Run, pair: Pair) -> None:
    """Sparse keys cost one query a chunk, not one a number."""
    chunks = cut_table(
        run, "id BIGINT PRIMARY KEY, v LONGTEXT", [f"({-(2**62)}, REPEAT('x', 90000))", f"({2**62}, '')"]
    )
    assert 1 < chunks < 20
    copy_planned(run)
    assert_same_contents(pair.source, pair.target, run.database)


@pytest.mark.parametrize(
    "columns",
    [
        "id INT, v TEXT, KEY (id)",
        "id INT PRIMARY KEY, v TEXT ENGINE",
    ],
    ids=["no key", "MyISAM"],
)
def test_a_table_that_cannot_be_cut_is_one_chunk(run: Run, pair: Pair, columns: str) -> None:
    rows = [f"({number}, REPEAT('x', 200))" for number in range(ROWS)]
    columns, engine, _ = columns.partition(" ENGINE")
    cut_table(run, columns, rows)
    if engine:
        run.on_source("ALTER TABLE t ENGINE=MyISAM")
    assert run.plan().chunks == 1
    assert copy_planned(run) == Counter({"0.0": ROWS})
    assert_same_contents(pair.source, pair.target, run.database)


def test_rows_that_come_after_the_plan_are_moved_too(run: Run, pair: Pair) -> None:
    cut_table(run, "id INT PRIMARY KEY, v VARCHAR(99)", (f"({n}, REPEAT('x', 90))" for n in range(1, ROWS)))
    run.on_source(
        "INSERT INTO t VALUES (-5, 'before all'), (0, ''), (999999, 'after all')", "DELETE FROM t WHERE id = 7"
    )
    copy_planned(run)
    assert_same_contents(pair.source, pair.target, run.database)


def test_rows_that_change_while_a_chunk_is_read_stay_of_one_moment(run: Run, pair: Pair) -> None:
    """A chunk's checksum and its rows come from one snapshot, so that a busy source fails no verification."""
    cut_table(run, "id INT PRIMARY KEY, v INT, w VARCHAR(99)", (f"({n}, 0, REPEAT('x', 90))" for n in range(ROWS)))
    ended = threading.Event()

    def write() -> None:
        with pair.source.connect(database=run.database) as connection, connection.cursor() as cursor:
            while not ended.is_set():
                cursor.execute("UPDATE t SET v = v + 1")
                cursor.execute("INSERT INTO t SELECT MAX(id) + 1, 0, '' FROM t")

    writer = threading.Thread(target=write)
    writer.start()
    try:
        run.schema()
        run.data()
    finally:
        ended.set()
        writer.join()
    run.finish()
    moments = {v for (v,) in rows_of(pair.target, "SELECT DISTINCT v FROM t", run.database)}
    assert len(moments) > 1, "nothing changed while the data moved: this proves nothing"


def test_the_plan_is_the_same_for_the_same_source(run: Run) -> None:
    cut_table(run, "id INT PRIMARY KEY, v VARCHAR(99)", (f"({n}, REPEAT('x', 90))" for n in range(ROWS)))
    first, second = run.plan(), run.plan()
    assert first.identity.plan.split("-")[0] == second.identity.plan.split("-")[0]
    assert first.identity != second.identity
    run.on_source("ALTER TABLE t ADD w INT")
    assert run.plan().identity.plan.split("-")[0] != first.identity.plan.split("-")[0]
