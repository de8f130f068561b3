"""A target that takes no LOAD DATA LOCAL gets every value just the same, by INSERT."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest

from airflow_mydump.engine.errors import LoadMismatchError, PreflightError
from airflow_mydump.engine.identifier import TableName
from airflow_mydump.engine.loading.loader import Loader
from tests.integration.contents import assert_same_contents, assert_same_definitions, contents
from tests.integration.pair import endpoint, rows_of, run_sql, value_of
from tests.integration.staged_run import StagedRun
from tests.integration.test_values import CASES, Case

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.integration.pair import Pair
    from tests.integration.run import Run


@pytest.fixture(autouse=True)
def no_local_infile(pair: Pair) -> Iterator[None]:
    run_sql(pair.target, "SET GLOBAL local_infile = 0")
    yield
    run_sql(pair.target, "SET GLOBAL local_infile = 1")


@pytest.mark.parametrize("case", CASES, ids=str)
def test_values_arrive_as_they_were(run: Run, pair: Pair, case: Case) -> None:
    if case.only and case.only != pair.flavor:
        pytest.skip(f"types of {case.only} only")
    inserts = [f"INSERT INTO t VALUES {', '.join(case.rows)}"] if case.rows else []
    run.on_source(f"CREATE TABLE t ({case.columns})", *inserts, *case.more)
    before = contents(pair.source, run.database, "t")

    report = run.copy()

    assert report.rows == sum(before.values())
    assert_same_contents(pair.source, pair.target, run.database)
    assert_same_definitions(pair.source, pair.target, run.database)


def test_a_dump_of_any_bytes_is_restored(pair: Pair, database: str, tmp_path: Path) -> None:
    dice = random.Random(7)
    run = StagedRun.of(pair, database, tmp_path)
    run.on_source("CREATE TABLE `any ``'\\\\ é` (`i'd %b` INT PRIMARY KEY, `v` VARBINARY(400), w LONGBLOB NOT NULL)")
    with pair.source.connect(database=database) as connection, connection.cursor() as cursor:
        rows = [
            (number, dice.randbytes(dice.randrange(400)) if number % 3 else None, dice.randbytes(dice.randrange(9000)))
            for number in range(3000)
        ]
        cursor.executemany(
            "INSERT INTO `any ``'\\\\ é` VALUES (%s, UNHEX(%s), UNHEX(%s))",
            [(number, value and value.hex(), other.hex()) for number, value, other in rows],
        )
    run.dump()
    assert run.restore().rows == len(rows)
    assert_same_contents(pair.source, pair.target, database)


def test_no_statement_outgrows_the_targets_packet(run: Run, pair: Pair) -> None:
    run.on_source(
        "CREATE TABLE t (id INT PRIMARY KEY, v LONGBLOB)",
        # Each quote is escaped: two bytes for one.
        "INSERT INTO t VALUES (1, REPEAT('''', 500000)), (2, REPEAT('''', 500000)), (3, NULL)",
    )
    usual = value_of(pair.target, "SELECT @@GLOBAL.max_allowed_packet")
    run_sql(pair.target, f"SET GLOBAL max_allowed_packet = {1 << 20}")
    try:
        run.copy()
        assert_same_contents(pair.source, pair.target, run.database)
        run.on_source("INSERT INTO t VALUES (4, REPEAT('''', 600000))")
        with pytest.raises(
            LoadMismatchError, match=r"t: a row takes 1,200,\d+ bytes .* max_allowed_packet is 1,048,576"
        ):
            run.again().copy()
        assert rows_of(pair.target, "SELECT COUNT(*) FROM t", run.database) == [(0,)]
    finally:
        run_sql(pair.target, f"SET GLOBAL max_allowed_packet = {usual}")


def test_a_file_that_only_load_data_can_read_is_refused_with_the_way_out(pair: Pair) -> None:
    with Loader(endpoint(pair.target)) as loader, pytest.raises(PreflightError, match="SET GLOBAL local_infile = 1"):
        loader.load_with("LOAD DATA LOCAL INFILE 'x' INTO TABLE t", TableName("a", "t"), [])
