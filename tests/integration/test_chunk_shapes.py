"""Chunks have about the size asked for, whatever the keys look like, and finding them costs little."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from sandbox.server import available_flavors

from airflow_mydump.engine.chunking.chunk import key_range
from airflow_mydump.engine.chunking.chunk_key import choose_key
from airflow_mydump.engine.chunking.key_reader import KeyReader
from tests.integration.chunked_table import ChunkServer, Cut

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airflow_mydump.engine.metadata.catalog import Table


@pytest.fixture(scope="module", params=available_flavors())
def server(request: pytest.FixtureRequest) -> Iterator[ChunkServer]:
    with ChunkServer(request.param) as started:
        yield started


def _largest(found: Cut, table: Table, chunk_bytes: int) -> float:
    """The largest chunk's rows, as a multiple of those asked for."""
    return max(found.counts) * (table.data_bytes / table.rows) / chunk_bytes


def test_a_thousand_rows_over_two_to_the_63_cost_few_probes(server: ChunkServer) -> None:
    table = server.make(
        "(id BIGINT NOT NULL PRIMARY KEY, v INT)",
        "INSERT INTO t SELECT CAST(POW(2, 1 + n * 61.9 / 1000) AS SIGNED) + n, 1 FROM d",
        "INSERT INTO t VALUES (-9223372036854775808, 1), (-9223372036854775807, 1), (-5, 1), (0, 1)",
        "INSERT INTO t SELECT 9223372036854775807 - n, 1 FROM d WHERE n < 14",
    )
    for parts in (2, 10, 20, 50):
        started = time.perf_counter()
        found = server.cut_in(table, parts)
        assert time.perf_counter() - started < 1
        assert found.cut.probes < 200
        assert len(found.cut.chunks) >= parts * 0.5
        found.assert_exact()


def test_the_largest_unsigned_key_is_in_a_chunk(server: ChunkServer) -> None:
    table = server.make(
        "(id BIGINT UNSIGNED NOT NULL PRIMARY KEY, v INT)",
        "INSERT INTO t SELECT 18446744073709551615 - n, n FROM d",
        "INSERT INTO t SELECT n + 1, n FROM d",
    )
    found = server.cut_in(table, 10)
    assert found.cut.probes < 100
    assert len(found.cut.chunks) >= 8
    found.assert_exact()


@pytest.mark.parametrize("second", ["BIGINT NOT NULL", "VARCHAR(20) CHARACTER SET utf8mb4 NOT NULL"])
def test_a_value_with_most_of_the_rows_is_cut_by_the_next_column(server: ChunkServer, second: str) -> None:
    table = server.make(
        f"(a INT NOT NULL, b {second}, v CHAR(40) NOT NULL DEFAULT 'x', PRIMARY KEY (a, b))",
        "INSERT INTO t (a, b) SELECT IF(x.n < 900, 7, x.n), x.n * 1000 + y.n FROM d x, d y",
    )
    for chunk_bytes in (1 << 20, 8 << 20):
        found = server.cut(table, chunk_bytes)
        assert sum(found.counts) == 1_000_000
        assert _largest(found, table, chunk_bytes) < 2
        # each probe is some 0.1 ms; a walk over the index counts as one
        assert found.cut.probes < 8 * len(found.cut.chunks) + 30


def test_text_before_a_number_is_not_walked_over_where_estimates_do(server: ChunkServer) -> None:
    table = server.make(
        "(tenant VARCHAR(20) CHARACTER SET utf8mb4 NOT NULL, id INT NOT NULL, v CHAR(40), PRIMARY KEY (tenant, id))",
        "INSERT INTO t SELECT IF(x.n < 90, 'big', CONCAT('t', x.n)), x.n * 1000 + y.n, 'x' FROM d x, d y "
        "WHERE x.n < 200",
    )
    found = server.cut(table, 1 << 20)
    assert sum(found.counts) == 200_000
    assert _largest(found, table, 1 << 20) < 2


def test_three_columns_deep(server: ChunkServer) -> None:
    table = server.make(
        "(a INT NOT NULL, b VARCHAR(9) CHARACTER SET latin1 NOT NULL, c DATETIME(6) NOT NULL, v CHAR(60), "
        "PRIMARY KEY (a, b, c))",
        "INSERT INTO t SELECT 1, IF(x.n < 95, 'all', 'some'), '2024-01-01' + INTERVAL x.n * 1000 + y.n SECOND, 'x' "
        "FROM d x, d y WHERE x.n < 100",
    )
    found = server.cut(table, 512 << 10)
    assert len(found.cut.chunks) > 5
    assert _largest(found, table, 512 << 10) < 2
    found.assert_exact()


def test_many_small_values_are_glued(server: ChunkServer) -> None:
    table = server.make(
        "(a VARCHAR(9) CHARACTER SET utf8mb4 NOT NULL, b INT NOT NULL, v CHAR(60), PRIMARY KEY (a, b))",
        "INSERT INTO t SELECT CONCAT('k', x.n), y.n, 'x' FROM d x, d y WHERE y.n < 100",
    )
    found = server.cut(table, 1 << 20)
    wanted = table.data_bytes / (1 << 20)
    assert wanted * 0.6 < len(found.cut.chunks) < wanted * 1.5
    assert _largest(found, table, 1 << 20) < 2


@pytest.mark.parametrize("statistics", ["none at all", "of a tenth"])
def test_old_statistics_do_not_make_one_chunk(server: ChunkServer, statistics: str) -> None:
    some = "INSERT INTO t SELECT x.n * 1000 + y.n, UUID() FROM d x, d y WHERE x.n"
    table = server.make("(id INT PRIMARY KEY, v CHAR(36) CHARACTER SET ascii) STATS_PERSISTENT=1 STATS_AUTO_RECALC=0")
    if statistics == "of a tenth":
        server.run(f"{some} < 20")
        server.admin.rows("ANALYZE TABLE t")
    server.run("INSERT IGNORE INTO t SELECT x.n * 1000 + y.n, UUID() FROM d x, d y WHERE x.n < 200")
    table = server.table()
    for seen in (table, replace(table, rows=0, data_bytes=16384)):
        found = server.cut(seen, 1 << 20)
        assert sum(found.counts) == 200_000
        assert max(found.counts) * 60 < 3 << 20, found.cut
        assert len(found.cut.chunks) > 4


def test_a_table_smaller_than_a_chunk_costs_no_query(server: ChunkServer) -> None:
    table = server.make("(id INT PRIMARY KEY)", "INSERT INTO t SELECT n FROM d")
    found = server.cut(table, 64 << 20)
    assert (len(found.cut.chunks), found.cut.probes) == (1, 0)
    assert found.cut.reason == "smaller than a chunk"


def test_partitions_are_cut_by_themselves_and_by_key_inside(server: ChunkServer) -> None:
    table = server.make(
        "(id INT NOT NULL, d DATE NOT NULL, v CHAR(60), PRIMARY KEY (id, d)) PARTITION BY RANGE (YEAR(d)) ("
        "PARTITION `p one` VALUES LESS THAN (2020), PARTITION p2 VALUES LESS THAN (2021), "
        "PARTITION p3 VALUES LESS THAN (2022), PARTITION big VALUES LESS THAN (2023), "
        "PARTITION later VALUES LESS THAN MAXVALUE)",
        "INSERT INTO t SELECT x.n * 1000 + y.n, IF(x.n < 5, '2019-01-01', IF(x.n < 90, '2022-05-05', '2025-01-01')), "
        "'x' FROM d x, d y WHERE x.n < 100",
    )
    found = server.cut(table, 1 << 20)
    partitions = [chunk.partitions for chunk in found.cut.chunks]
    assert partitions[:2] == [("p one",), ("p2", "p3")]
    assert partitions.count(("big",)) > 3
    assert found.cut.reason == "by 5 partitions, and by primary key (id, d), by estimates"
    assert _largest(found, table, 1 << 20) < 2
    found.assert_exact()


def test_partitions_of_a_table_without_key(server: ChunkServer) -> None:
    table = server.make(
        "(id INT, v CHAR(60)) PARTITION BY HASH (id) PARTITIONS 4",
        "INSERT INTO t SELECT y.n, 'x' FROM d x, d y WHERE x.n < 40",
    )
    found = server.cut(table, 1 << 20)
    assert [chunk.partitions for chunk in found.cut.chunks] == [("p0",), ("p1",), ("p2",), ("p3",)]
    found.assert_exact()


@pytest.mark.parametrize(
    ("keys", "chosen"),
    [
        ("UNIQUE KEY z (n)", None),
        ("UNIQUE KEY z (n, a)", None),
        ("UNIQUE KEY z (b), UNIQUE KEY a (a)", "z"),
        ("UNIQUE KEY z (b(3)), UNIQUE KEY a (a)", "a"),
        ("UNIQUE KEY z (e), UNIQUE KEY a (a)", "a"),
        ("UNIQUE KEY z (e, a)", None),
        ("KEY z (a)", None),
        ("UNIQUE KEY a (a), PRIMARY KEY (b)", "PRIMARY"),
    ],
)
def test_the_key_is_one_that_names_every_row(server: ChunkServer, keys: str, chosen: str | None) -> None:
    table = server.make(f"(a INT NOT NULL, b VARCHAR(20) NOT NULL, n INT NULL, e ENUM('x','y') NOT NULL, {keys})")
    key = choose_key(table)
    assert (key and key.index) == chosen


def test_a_key_is_used_up_to_its_first_part_that_cannot_be(server: ChunkServer) -> None:
    table = server.make(
        "(a INT NOT NULL, e ENUM('x','y') NOT NULL, b VARCHAR(20) NOT NULL, c INT NOT NULL, PRIMARY KEY (a, e, c), "
        "UNIQUE KEY u (c, b(4), a))",
        "INSERT INTO t SELECT n, 'y', n, n FROM d",
    )
    assert [key.columns for key in table.keys] == [("a", "e", "c"), ("c",)]
    key = choose_key(table)
    assert key is not None
    assert key.names == ("a",)
    server.cut_in(table, 5).assert_exact()


def test_hidden_and_falling_indexes(server: ChunkServer) -> None:
    hidden = "INVISIBLE" if server.flavor == "mysql" else "IGNORED"
    table = server.make(
        f"(a INT NOT NULL, b INT NOT NULL, UNIQUE KEY falling (b DESC, a), UNIQUE KEY gone (a) {hidden})",
        "INSERT INTO t SELECT n, n * 7 FROM d",
    )
    assert [(key.name, key.columns) for key in table.keys] == [("falling", ("b",))]
    found = server.cut_in(table, 5)
    assert len(found.cut.chunks) > 2
    found.assert_exact()


def test_expressions_are_no_key(server: ChunkServer) -> None:
    if server.flavor != "mysql":
        pytest.skip("MariaDB has no functional indexes")
    table = server.make("(a INT NOT NULL, UNIQUE KEY e ((a + 1)), UNIQUE KEY f (a, (a + 1)))")
    assert [(key.name, key.columns) for key in table.keys if key.columns] == [("f", ("a",))]


def test_tables_that_cannot_roll_back_are_one_chunk(server: ChunkServer) -> None:
    table = server.make("(id INT PRIMARY KEY) ENGINE=MyISAM", "INSERT INTO t SELECT n FROM d")
    found = server.cut(table, 100)
    assert (len(found.cut.chunks), found.cut.reason) == (1, "MyISAM cannot roll a chunk back")


def test_rows_that_come_and_go_while_planning_have_one_chunk(server: ChunkServer) -> None:
    table = server.make("(id BIGINT NOT NULL PRIMARY KEY, v INT)", "INSERT INTO t SELECT n * 10, n FROM d")
    found = server.cut_in(table, 10)
    server.run(
        "INSERT INTO t VALUES (-9223372036854775808, 0), (-1, 0), (9223372036854775807, 0), (99999, 0)",
        "INSERT INTO t SELECT n * 10 + 5, n FROM d", "DELETE FROM t WHERE v % 3 = 0 AND id > 2000",
    )  # fmt: skip
    found.assert_exact()


def test_a_plan_is_the_same_twice(server: ChunkServer) -> None:
    table = server.make(
        "(a VARCHAR(9) NOT NULL, b INT NOT NULL, PRIMARY KEY (a, b))",
        "INSERT IGNORE INTO t SELECT CONCAT('k', x.n DIV 3), y.n FROM d x, d y WHERE x.n < 20",
    )
    assert server.cut_in(table, 30).cut == server.cut_in(table, 30).cut


def test_uniform_costs_two_queries(server: ChunkServer) -> None:
    table = server.make("(id INT PRIMARY KEY, v INT)", "INSERT INTO t SELECT n, n FROM d")
    found = server.cut_in(table, 10, strategy="uniform")
    assert found.cut.probes == 2
    assert max(found.counts) - min(found.counts) <= 1
    found.assert_exact()


def test_a_shorter_key_prefix_is_respected(server: ChunkServer) -> None:
    table = server.make("(a INT NOT NULL, b INT NOT NULL, PRIMARY KEY (a, b))", "INSERT INTO t SELECT n % 2, n FROM d")
    found = server.cut_in(table, 10, max_key_prefix_length=1)
    assert {chunk.key for chunk in found.cut.chunks} == {("a",)}
    assert len(found.cut.chunks) <= 2
    found.assert_exact()


def test_a_range_reads_its_rows_and_no_others(server: ChunkServer) -> None:
    table = server.make(
        "(a INT NOT NULL, b VARCHAR(9) NOT NULL, c INT NOT NULL, v CHAR(9), PRIMARY KEY (a, b, c))",
        "INSERT INTO t SELECT x.n DIV 5, CONCAT('k', y.n MOD 20), x.n * 1000 + y.n, 'x' FROM d x, d y WHERE x.n < 30",
    )
    found = server.cut(table, table.data_bytes // 40)
    for chunk in found.cut.chunks:
        server.session.execute("FLUSH STATUS")
        rows = len(server.rows(f"SELECT v {chunk.rows_of(table.name)}{chunk.order}"))
        status = server.rows("SHOW SESSION STATUS LIKE 'Handler_read%'")
        read = {name: int(value or 0) for name, value in status}
        assert read[b"Handler_read_next"] + read[b"Handler_read_prev"] <= rows + 10, chunk.where
        assert not read[b"Handler_read_rnd_next"], chunk.where


@pytest.mark.parametrize(
    ("condition", "least", "most"),
    [
        ("a = 77777", 0, 1), ("a > 100000", 0, 1), ("a < 3 AND a > 5", 0, 0), ("b = 'x' AND 1 = 0", 0, 0),
        ("a >= 3 AND a < 5", 2, 2), (key_range(("a", "b"), ("3", "'x'"), ("5", "'y'")), 1, 4), ("a IS NULL", 0, 0),
    ],
)  # fmt: skip
def test_estimates_in_every_shape_of_explain(server: ChunkServer, condition: str, least: int, most: int) -> None:
    table = server.make(
        "(a INT NOT NULL, b VARCHAR(9) NOT NULL, PRIMARY KEY (a, b))", "INSERT INTO t SELECT n, n FROM d"
    )
    key = choose_key(table)
    assert key is not None
    for session_format in ("TRADITIONAL", "JSON", "TREE") if server.flavor == "mysql" else ("",):
        if session_format:
            server.session.execute(f"SET explain_format = {session_format}")
        assert least <= KeyReader(server.session, table.name, key).estimate(condition) <= most


def test_estimates_of_an_empty_table(server: ChunkServer) -> None:
    table = server.make("(a INT NOT NULL PRIMARY KEY)")
    key = choose_key(table)
    assert key is not None
    reader = KeyReader(server.session, table.name, key)
    assert reader.estimate("a > 5") <= 1
    assert reader.ends(0, "") is None
    assert server.cut(replace(table, data_bytes=10**9), 1000).cut.chunks[0].where == ""


def test_planning_takes_no_lock(server: ChunkServer) -> None:
    table = server.make("(id INT PRIMARY KEY, v INT)", "INSERT INTO t SELECT n, n FROM d")
    server.run("START TRANSACTION", "UPDATE t SET v = v + 1", "DELETE FROM t WHERE id = 500")
    try:
        server.cut_in(table, 10)
    finally:
        server.run("ROLLBACK")
    server.session.execute("START TRANSACTION")
    try:
        server.cut_in(table, 10)
        server.run("SET innodb_lock_wait_timeout = 1", "UPDATE t SET v = 0")
    finally:
        server.session.execute("ROLLBACK")


def test_conditions_and_ranges_do_not_mix(server: ChunkServer) -> None:
    table = server.make("(id INT PRIMARY KEY, v INT)", "INSERT INTO t SELECT n, n % 10 FROM d")
    found = server.cut_in(table, 10)
    rows = [server.count(chunk.rows_of(table.name, "v = 1 OR v = 2")) for chunk in found.cut.chunks]
    assert sum(rows) == 200
