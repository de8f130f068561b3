"""Values arrive on a server of the other vendor as they were, and equal rows have equal digests on both."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from airflow_mydump.engine.chunking.chunk import Chunk
from airflow_mydump.engine.errors import MydumpError
from airflow_mydump.engine.identifier import TableName
from airflow_mydump.engine.phases.prefetch import prefetch_metadata
from airflow_mydump.engine.selection.selection import Selection
from airflow_mydump.engine.server.session import Session
from airflow_mydump.engine.server.session_state import reading
from airflow_mydump.engine.verification.checksum import Digestible, compute_checksums
from tests.integration.contents import contents
from tests.integration.pair import endpoint, run_sql
from tests.integration.test_values import CASES, Case

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from airflow_mydump.engine.metadata.catalog import Table
    from tests.integration.pair import Pair
    from tests.integration.run import Run

REFUSED = {
    ("mysql", "shapes on the earth"): "SRID 4326",
    ("mysql", "vectors"): "vector",
    ("mysql", "characters of many sets"): "gb18030",
    ("mariadb", "uuids and addresses"): "uuid",
    # MySQL has a minus zero, which MariaDB does not keep.
    ("mysql", "doubles to the last digit"): "not those of the source",
    ("mysql", "floats to the last digit"): "not those of the source",
}


@pytest.mark.parametrize("case", CASES, ids=str)
def test_values_arrive_on_the_other_vendor(translated: Run, across: Pair, case: Case) -> None:
    if case.only and case.only != across.flavor:
        pytest.skip(f"types of {case.only} only")
    run = translated
    inserts = [f"INSERT INTO t VALUES {', '.join(case.rows)}"] if case.rows else []
    run.on_source(f"CREATE TABLE t ({case.columns})", *inserts, *case.more)
    if reason := REFUSED.get((across.flavor, case.name)):
        with pytest.raises(MydumpError, match=reason):
            run.copy()
        return
    report = run.copy()
    ours = contents(across.source, run.database, "t")
    assert report.rows == sum(ours.values())
    if "JSON" not in case.columns:  # each server prints it in its own way
        assert contents(across.target, run.database, "t") == ours


MICROSECONDS = st.integers(0, 999_999).map("{:06}".format)
TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=9)


FINITE: dict[str, Any] = {"allow_nan": False, "allow_infinity": False, "allow_subnormal": False}


def repr_(number: float) -> str:
    """MariaDB has no minus zero."""
    return repr(number + 0.0)


def text_in(charset: str) -> Callable[[str], str]:
    return lambda text: f"CONVERT(0x{text.encode().hex() or '20'} USING {charset})"


def bytes_(data: bytes) -> str:
    return f"0x{data.hex() or '20'}"


COLUMNS: dict[str, st.SearchStrategy[str]] = {
    "TINYINT": st.integers(-128, 127).map(str),
    "INT UNSIGNED": st.integers(0, 2**32 - 1).map(str),
    "BIGINT": st.integers(-(2**63), 2**63 - 1).map(str),
    "BIGINT UNSIGNED": st.integers(0, 2**64 - 1).map(str),
    "DECIMAL(65,30)": st.decimals(-(10**34), 10**34, places=30).map("{:f}".format),
    "DOUBLE": st.floats(**FINITE).map(repr_) | st.floats(-1, 1, allow_subnormal=False).map(repr_),
    "FLOAT": st.floats(width=32, **FINITE).map(repr_),
    "DATE": st.dates().map("'{}'".format) | st.just("'0000-00-00'") | st.just("'2023-02-31'"),
    "DATETIME(6)": st.datetimes().map("'{}'".format) | st.just("'0000-00-00 00:00:00'"),
    "TIMESTAMP(3) NULL": st.integers(1, 2**31 - 2).map("FROM_UNIXTIME({})".format),
    "TIME(6)": st.builds("'{}{:02}:10:07.{}'".format, st.sampled_from(["", "-"]), st.integers(0, 837), MICROSECONDS),
    "YEAR": st.integers(1901, 2155).map(str) | st.just("0"),
    "BIT(64)": st.integers(0, 2**64 - 1).map(str),
    "ENUM('a','b,c','é','')": st.integers(1, 4).map(str),
    "SET('x','y','it''s')": st.integers(0, 7).map(str),
    "VARCHAR(40) CHARACTER SET utf8mb4": TEXT.map(text_in("utf8mb4")),
    "CHAR(9) CHARACTER SET latin1": st.binary(max_size=9).map(bytes_),
    "TEXT CHARACTER SET utf8mb3": st.text("aé€#NULL\\\n", max_size=9).map(text_in("utf8mb3")),
    "VARBINARY(20)": st.binary(max_size=20).map(bytes_),
    "LONGBLOB": st.binary(max_size=99).map(bytes_),
    "POINT": st.builds("POINT({!r},{!r})".format, st.floats(-1e9, 1e9).map(lambda x: x + 0.0), st.integers(-9, 9)),
}  # fmt: skip


@pytest.fixture(scope="module")
def twins(across: Pair) -> Iterator[tuple[Pair, Table]]:
    """Equal empty tables with a column of every shared type on both servers, and their source's catalog entry."""
    columns = ", ".join(f"c{number} {kind}" for number, kind in enumerate(COLUMNS))
    for server in (across.source, across.target):
        run_sql(server, "CREATE DATABASE twins", f"CREATE TABLE twins.t ({columns})")
    (table,) = prefetch_metadata(endpoint(across.source), Selection(("twins",))).tables
    yield across, table
    for server in (across.source, across.target):
        run_sql(server, "DROP DATABASE twins")


ROWS = st.lists(st.tuples(*(values | st.just("NULL") for values in COLUMNS.values())), min_size=1, max_size=5)


@settings(
    max_examples=150, deadline=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck), derandomize=True
)
@given(rows=ROWS)
def test_equal_rows_have_equal_digests_on_both(twins: tuple[Pair, Table], rows: list[tuple[str, ...]]) -> None:
    pair, table = twins
    values = ", ".join(f"({', '.join(row)})" for row in rows)
    stored = Digestible(TableName("twins", "t"), table, Chunk(0, 0, 0))
    digests: list[Any] = []
    for server in (pair.source, pair.target):
        run_sql(server, "SET time_zone = '+00:00'", "DELETE FROM twins.t", f"INSERT INTO twins.t VALUES {values}")
        with Session(endpoint(server), reading) as session:
            digests += compute_checksums(session, [stored])
    assert digests[0] == digests[1]
    assert digests[0].rows == len(rows)
