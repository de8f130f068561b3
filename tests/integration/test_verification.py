"""The verify phase sees every kind of damage that a copy can do, and names the table."""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import pytest

from airflow_mydump.engine.chunking.chunk import Chunk
from airflow_mydump.engine.errors import IncompleteRunError, VerificationError
from airflow_mydump.engine.identifier import TableName
from airflow_mydump.engine.loading import chunk_copy
from airflow_mydump.engine.phases.prefetch import prefetch_metadata
from airflow_mydump.engine.plan.settings import PlanSettings
from airflow_mydump.engine.selection.selection import LEDGER_SCHEMA
from airflow_mydump.engine.server.session import Session
from airflow_mydump.engine.server.session_state import reading
from airflow_mydump.engine.verification.checksum import Digestible, compute_checksums
from tests.integration.pair import rows_of, run_sql
from tests.integration.run import Run

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.integration.pair import Pair

DATABASE = "damaged"


@dataclass(frozen=True)
class Damage:
    """A table `{t}` with its rows, and statements that damage its copy."""

    name: str
    columns: str
    rows: str
    statements: tuple[str, ...]
    only: str = ""

    def __str__(self) -> str:
        return self.name


def damage(name: str, columns: str, rows: str, *statements: str, only: str = "") -> Damage:
    return Damage(name, columns, rows, statements, only)


DAMAGES = (
    damage(
        "a float lost digits",
        "v FLOAT",
        "(0.123456789), (16777215)",
        "UPDATE {t} SET v = CAST(CAST(v AS CHAR) AS DOUBLE)",
    ),
    damage("a double lost its last digit", "v DOUBLE", "(0.30000000000000004e0)", "UPDATE {t} SET v = 0.3e0"),
    damage("a text moved to the next column", "a TEXT, b TEXT", "('ab','c')", "UPDATE {t} SET a = 'a', b = 'bc'"),
    damage(
        "a whole text moved",
        "a VARCHAR(9) NOT NULL, b VARCHAR(9) NOT NULL",
        "('x','')",
        "UPDATE {t} SET a = '', b = 'x'",
    ),
    damage("a separator moved", "a VARCHAR(9), b VARCHAR(9)", "('a#b','c')", "UPDATE {t} SET a = 'a', b = 'b#c'"),
    damage("a number moved", "a INT, b INT", "(1, 23)", "UPDATE {t} SET a = 12, b = 3"),
    damage("a null moved", "a VARCHAR(9), b VARCHAR(9), c INT", "(NULL, 'x', 1)", "UPDATE {t} SET a = 'x', b = NULL"),
    damage("nulls moved over a gap", "a INT, b INT, c INT", "(NULL, 1, NULL)", "UPDATE {t} SET a = 1, b = NULL"),
    damage("null turned into an empty string", "v VARCHAR(9)", "(NULL)", "UPDATE {t} SET v = ''"),
    damage("null turned into the word", "v VARCHAR(9)", "(NULL)", "UPDATE {t} SET v = 'NULL'"),
    damage("null turned into the mark of null", "v VARCHAR(9)", "(NULL)", "UPDATE {t} SET v = 'N'"),
    damage("null turned into zero", "v INT", "(NULL)", "UPDATE {t} SET v = 0"),
    damage("a null blob turned empty", "v LONGBLOB", "(NULL)", "UPDATE {t} SET v = ''"),
    damage(
        "a row doubled while another vanished",
        "v INT",
        "(1), (2), (2)",
        "DELETE FROM {t} WHERE v = 1",
        "INSERT INTO {t} VALUES (2)",
    ),
    damage("two rows swapped a value", "id INT PRIMARY KEY, v INT", "(1, 5), (2, 6)", "UPDATE {t} SET v = 11 - v"),
    damage(
        "{1,1,2} became {2,3,3}", "v INT", "(1), (1), (2)", "DELETE FROM {t}", "INSERT INTO {t} VALUES (2), (3), (3)"
    ),
    damage(
        "pairs that cancel out", "v INT", "(1), (1), (5)", "DELETE FROM {t}", "INSERT INTO {t} VALUES (2), (2), (5)"
    ),
    damage("a row vanished", "v INT", "(1), (2)", "DELETE FROM {t} WHERE v = 2"),
    damage("a row too many", "v INT", "(1), (2)", "INSERT INTO {t} VALUES (1)"),
    damage("an empty table got a row", "v INT", "", "INSERT INTO {t} VALUES (NULL)"),
    damage("upper case", "v VARCHAR(9)", "('straße')", "UPDATE {t} SET v = 'Straße'"),
    damage("an accent", "v VARCHAR(9)", "('e')", "UPDATE {t} SET v = 'é'"),
    damage("a trailing blank", "v VARCHAR(9)", "('a')", "UPDATE {t} SET v = 'a '"),
    damage("another form of a character", "v VARCHAR(9)", "('é')", "UPDATE {t} SET v = 'e\u0301'"),
    damage("a padding byte", "v VARBINARY(9)", "(0x61)", "UPDATE {t} SET v = 0x6100"),
    damage("one byte of many", "v LONGTEXT", "(REPEAT('x', 100000))", "UPDATE {t} SET v = INSERT(v, 77777, 1, 'y')"),
    damage("a bit", "v BIT(64)", "(0x8000000000000001)", "UPDATE {t} SET v = 0x8000000000000000"),
    damage(
        "a microsecond", "v DATETIME(6)", "('2024-01-01 00:00:00.000001')", "UPDATE {t} SET v = '2024-01-01 00:00:00'"
    ),
    damage("a zero date", "v DATE", "('0000-00-00')", "UPDATE {t} SET v = NULL"),
    damage("an hour", "v TIMESTAMP NULL", "('2024-03-31 01:30:00')", "UPDATE {t} SET v = v + INTERVAL 1 HOUR"),
    damage("a sign", "v TIME(6)", "('-00:00:00.000001')", "UPDATE {t} SET v = '00:00:00.000001'"),
    damage("a sign of zero", "v DOUBLE", "(-0e0)", "UPDATE {t} SET v = 0e0", only="mysql"),  # MariaDB has no minus zero
    damage("the last of 65 digits", "v DECIMAL(65,30)", f"(1.{'0' * 29}1)", "UPDATE {t} SET v = 1"),
    damage(
        "the largest integer", "v BIGINT UNSIGNED", "(18446744073709551615)", "UPDATE {t} SET v = 18446744073709551614"
    ),
    damage("a member of a set", "v SET('a','b','c')", "('a,c')", "UPDATE {t} SET v = 'a'"),
    damage("the error value of an enum", "v ENUM('','y')", "('')", "UPDATE {t} SET v = 0"),
    damage("a json string and a json number", "v JSON", """('{"a": "1"}')""", """UPDATE {t} SET v = '{"a": 1}'"""),
    damage("a json null", "v JSON", "('null')", "UPDATE {t} SET v = NULL"),
    damage("a point", "v POINT", "(POINT(1, 2))", "UPDATE {t} SET v = POINT(2, 1)"),
    damage(
        "a reference system",
        "v POINT",
        "(ST_GeomFromText('POINT(1 2)', 0))",
        "UPDATE {t} SET v = ST_GeomFromText('POINT(1 2)', 4326)",
        only="mysql",
    ),
    damage("an address", "v INET6", "('::1')", "UPDATE {t} SET v = '::2'", only="mariadb"),
    damage("a vector", "v VECTOR(2)", "(TO_VECTOR('[1,2]'))", "UPDATE {t} SET v = TO_VECTOR('[1,3]')", only="mysql"),
    damage("an invisible column", "a INT, b INT INVISIBLE", "(1)", "UPDATE {t} SET b = 2"),
    damage("a MyISAM table", "v INT", "(1), (2)", "UPDATE {t} SET v = 3 WHERE v = 2"),
)


@pytest.fixture(scope="module", params=[False, True], ids=["computed", "heard"])
def verdict(request: pytest.FixtureRequest, pair: Pair, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """What the verify phase says after every table but `untouched` was damaged.

    Once the servers computed the digests, once they were heard from the frames, which takes a key that orders the rows.
    """
    heard: bool = request.param
    for server in (pair.source, pair.target):
        run_sql(server, f"DROP DATABASE IF EXISTS {DATABASE}")
    run_sql(pair.source, f"CREATE DATABASE {DATABASE} DEFAULT CHARACTER SET utf8mb4")
    run = Run.of(pair, DATABASE, tmp_path_factory.mktemp("work"))
    run.on_source("CREATE TABLE untouched (v INT)", "INSERT INTO untouched VALUES (1), (2)")
    wanted = [(f"t{number:03}", found) for number, found in enumerate(DAMAGES) if found.only in ("", pair.flavor)]
    for table, found in wanted:
        engine = "ENGINE=MyISAM" if "MyISAM" in found.name else ""
        run.on_source(f"CREATE TABLE {table} ({found.columns}) {engine}")
        if found.rows:
            run.on_source(f"INSERT INTO {table} VALUES {found.rows}")
        if heard and "PRIMARY" not in found.columns:
            run.on_source(f"ALTER TABLE {table} ADD pk INT INVISIBLE AUTO_INCREMENT PRIMARY KEY")
    run.plan()
    run.schema()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(chunk_copy, "_HEARD_FROM_BYTES", 0 if heard else sys.maxsize)
        run.data()
    digests = rows_of(
        pair.target,
        f"SELECT digest LIKE 'f:%' FROM {LEDGER_SCHEMA}.ledger "
        f"WHERE step = 'load' AND plan = '{run._plan.identity.plan}'",
    )
    assert any(framed for (framed,) in digests) is heard
    run.verify()  # nothing is damaged yet
    for table, found in wanted:
        run.on_target(*(statement.replace("{t}", table) for statement in found.statements))
    said = []
    for bundle in run.plan_files():
        try:
            run.verify_file(bundle)
        except VerificationError as error:
            said.append(str(error))
    yield "; ".join(said)
    for server in (pair.source, pair.target):
        run_sql(server, f"DROP DATABASE IF EXISTS {DATABASE}")


@pytest.mark.parametrize("number", range(len(DAMAGES)), ids=lambda number: str(DAMAGES[number]))
def test_the_damage_is_seen(pair: Pair, verdict: str, number: int) -> None:
    if DAMAGES[number].only not in ("", pair.flavor):
        pytest.skip(f"types of {DAMAGES[number].only} only")
    assert f"{DATABASE}.t{number:03}," in verdict


def test_a_whole_table_is_not_accused(verdict: str) -> None:
    assert "untouched" not in verdict


@pytest.fixture
def cut(run: Run) -> Run:
    """A table of many chunks, loaded."""
    run.settings = PlanSettings(chunk_bytes=64 << 10, concurrency=2)
    run.on_source(
        "CREATE TABLE t (id BIGINT PRIMARY KEY, v VARCHAR(200))",
        *[
            "INSERT INTO t VALUES " + ", ".join(f"({batch * 500 + n}, REPEAT('x', 150))" for n in range(500))
            for batch in range(8)
        ],
        "ANALYZE TABLE t",
    )
    plan = run.plan()
    assert plan.chunks > 5
    run.schema()
    run.data()
    return run


@pytest.mark.parametrize("key", ["-9223372036854775808", "-1", "4000", "9223372036854775807"])
def test_a_row_outside_every_planned_range_is_seen(cut: Run, key: str) -> None:
    cut.on_target(f"INSERT INTO t VALUES ({key}, 'nobody sent this')")
    with pytest.raises(VerificationError, match=r"the target has|the table has"):
        cut.verify()


def test_only_the_chunk_that_differs_is_named(cut: Run) -> None:
    cut.on_target("UPDATE t SET v = 'y' WHERE id = 2000")
    with pytest.raises(VerificationError) as error:
        for file in cut.plan_files():
            cut.verify_file(file)
    assert ";" not in str(error.value)
    assert "are not those of the source" in str(error.value)


def test_a_chunk_that_was_never_loaded_is_seen(cut: Run) -> None:
    cut.on_target(
        f"DELETE FROM airflow_mydump.ledger WHERE step = 'load' AND item = '0.1' AND target_schema = '{cut.database}'"
    )
    with pytest.raises(VerificationError, match=r"never loaded|were loaded in all its chunks"):
        cut.verify()


def test_a_table_that_vanished_is_an_error(cut: Run) -> None:
    cut.on_target("DROP TABLE t")
    with pytest.raises(Exception, match=r"\bt\b"):
        cut.verify()


def test_a_run_that_was_not_verified_is_not_complete(cut: Run) -> None:
    cut.index()
    cut.post()
    with pytest.raises(IncompleteRunError, match=r"0 of .* chunks verified"):
        cut.report()


def test_the_ledger_does_not_call_a_failed_chunk_verified(cut: Run) -> None:
    cut.on_target("DELETE FROM t WHERE id = 100")
    with pytest.raises(VerificationError):
        cut.verify()
    cut.index()
    cut.post()
    with pytest.raises(IncompleteRunError, match="chunks verified"):
        cut.report()


def test_a_repaired_row_lets_the_run_finish(cut: Run) -> None:
    cut.on_target("UPDATE t SET v = 'y' WHERE id = 2000")
    with pytest.raises(VerificationError):
        cut.verify()
    cut.on_target("UPDATE t SET v = REPEAT('x', 150) WHERE id = 2000")
    assert cut.finish().complete


def test_a_value_too_long_to_be_digested_is_an_error_and_not_a_null(run: Run, pair: Pair) -> None:
    columns = ", ".join(f"c{number} TEXT" for number in range(40))
    run.on_source(
        f"CREATE TABLE t ({columns}) ROW_FORMAT=DYNAMIC",
        f"INSERT INTO t VALUES ({', '.join(['REPEAT(0x61, 60000)'] * 40)})",
    )
    run_sql(pair.target, "SET GLOBAL max_allowed_packet = 1048576")
    run_sql(pair.source, "SET GLOBAL max_allowed_packet = 1048576")
    try:
        run.plan()
        run.schema()
        with pytest.raises(VerificationError, match="max_allowed_packet"):
            run.data()
    finally:
        for server in (pair.source, pair.target):
            run_sql(server, "SET GLOBAL max_allowed_packet = 67108864")


def test_a_stored_value_that_depends_on_the_time_zone_it_was_written_in_is_seen(run: Run) -> None:
    run_sql(
        run.pair.source,
        "SET time_zone = '+02:00'",
        "CREATE TABLE t (id INT PRIMARY KEY, at TIMESTAMP NOT NULL DEFAULT '2024-01-01 12:30:00', "
        "day DATE AS (DATE(at)) STORED, twice INT AS (id * 2) STORED)",
        "INSERT INTO t (id, at) VALUES (1, '2024-06-01 12:30:00')",
        database=run.database,
    )
    assert run.copy().complete
    run_sql(
        run.pair.source,
        "SET time_zone = '+02:00'",
        "INSERT INTO t (id, at) VALUES (2, '2024-06-01 00:30:00')",
        database=run.database,
    )
    with pytest.raises(VerificationError, match=f"{run.database}.t, all rows"):
        run.again().copy()


def test_a_stored_generated_column_that_is_compared_by_its_meaning_is_digested(run: Run) -> None:
    for name in ("a", "b"):
        run.on_source(
            f"CREATE TABLE {name} (id INT PRIMARY KEY, j JSON, g JSON AS (JSON_EXTRACT(j, '$.{name}')) STORED)",
            f"""INSERT INTO {name} (id, j) VALUES (1, '{{"a": 1, "b": 2}}')""",
        )
    table = prefetch_metadata(run.source, run.selection).tables[0]
    columns = tuple(replace(column, by_meaning=column.name in "jg") for column in table.columns)
    chunks = [
        Digestible(TableName(run.database, name), replace(table, columns=columns), Chunk(0, 0, 0)) for name in "ab"
    ]
    with Session(run.source, reading) as session:
        one, other = compute_checksums(session, chunks)
    assert (one.rows, other.rows) == (1, 1)
    assert one.digest != other.digest
