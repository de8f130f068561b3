"""Bounds of chunks as conditions, and the lines that values of a type stand on."""

from __future__ import annotations

import itertools
from datetime import date, datetime

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_mydump.engine.chunking.chunk import Chunk, key_range
from airflow_mydump.engine.chunking.key_type import is_key_type, key_literal, line_of
from airflow_mydump.engine.identifier import TableName
from airflow_mydump.engine.metadata.catalog import Column

bounds = st.lists(st.integers(0, 3), min_size=1, max_size=3).map(tuple)


def _holds(condition: str, row: tuple[int, ...]) -> bool:
    text = condition.replace("`", "").replace(" AND ", " and ").replace(" OR ", " or ").replace(" = ", " == ")
    return bool(eval(text, dict(zip("abc", row, strict=True)))) if text else True


@given(bounds, bounds)
def test_a_range_is_lower_to_before_upper(lower: tuple[int, ...], upper: tuple[int, ...]) -> None:
    low, high = tuple(map(str, lower)), tuple(map(str, upper))
    for row in itertools.product(range(-1, 5), repeat=3):
        above, below = row[: len(lower)] >= lower, row[: len(upper)] < upper
        assert _holds(key_range(("a", "b", "c"), low, None), row) == above
        assert _holds(key_range(("a", "b", "c"), None, high), row) == below
        assert _holds(key_range(("a", "b", "c"), low, high), row) == (above and below)


def test_conditions_stand_in_parentheses() -> None:
    chunk = Chunk(1, 2, 3, 4, ("a",), "k", ("1",), None, ("p 0",))
    assert chunk.rows_of(TableName("d", "t"), "x OR y") == (
        "FROM `d`.`t` PARTITION (`p 0`) FORCE INDEX (`k`) WHERE (`a` >= 1) AND (x OR y)"
    )
    assert Chunk(1, 2, 3).rows_of(TableName("d", "t"), "") == "FROM `d`.`t`"
    assert chunk.describe() == "partitions p 0 key (a) from (1) to the end"
    assert msgspec.json.decode(msgspec.json.encode(chunk), type=Chunk) == chunk


def _column(definition: str, octets: int = 0, charset: str = "", collation: str = "") -> Column:
    return Column("c", definition.split("(")[0], definition, False, False, False, octets, charset, collation)


@pytest.mark.parametrize(
    ("column", "value", "literal"),
    [
        (_column("int"), b"-5", "-5"),
        (_column("decimal(5,2)"), b"-0.05", "-0.05"),
        (_column("double"), b"0.1", "0.1e0"),
        (_column("double"), b"1e300", "1e300"),
        (_column("date"), b"2024-02-30", "DATE'2024-02-30'"),
        (_column("datetime(3)"), b"2024-02-03 01:02:03.004", "TIMESTAMP'2024-02-03 01:02:03.004'"),
        (_column("varchar(9)", 36, "utf8mb4", "utf8mb4_bin"), "é'".encode(), "_utf8mb4 x'c3a927' COLLATE utf8mb4_bin"),
        (_column("char(9)", 9, "latin1", "latin1_bin"), b"", "_latin1 x'' COLLATE latin1_bin"),
        (_column("varbinary(9)", 9), b"\0'", "_binary x'0027'"),
        (_column("uuid"), b"123e4567-e89b-12d3-a456-426655440000", "_latin1'123e4567-e89b-12d3-a456-426655440000'"),
    ],
)
def test_a_literal_is_the_value_in_its_own_character_set(column: Column, value: bytes, literal: str) -> None:
    assert is_key_type(column)
    assert key_literal(column, value) == literal


@pytest.mark.parametrize("kind", ["enum", "set", "json", "text", "blob", "geometry", "vector", "something new"])
def test_other_types_are_no_key(kind: str) -> None:
    assert not is_key_type(_column(kind, 10, "utf8mb4", "utf8mb4_bin"))


dates = st.one_of(
    st.dates().map(str), st.sampled_from(["0000-00-00", "2023-02-31", "2024-00-00", "2024-02-00", "9999-12-31"])
)
moments = st.tuples(dates, st.times().map(lambda time: time.isoformat("milliseconds")))
ORDERED = [
    (_column("date"), dates.map(str.encode)),
    (_column("datetime(3)"), moments.map(lambda both: f"{both[0]} {both[1]}".encode())),
    (
        _column("timestamp(3)"),
        st.one_of(
            st.just(b"0000-00-00 00:00:00.000"),
            st.datetimes(datetime(1970, 1, 1, 0, 0, 1), datetime(2038, 1, 19)).map(
                lambda moment: moment.isoformat(" ", "milliseconds").encode()
            ),
        ),
    ),
    (_column("binary(3)", 3), st.binary(min_size=3, max_size=3)),
]


@pytest.mark.parametrize(("column", "values"), ORDERED, ids=lambda value: getattr(value, "column_type", ""))
@given(data=st.data())
def test_places_are_in_the_order_of_values(
    column: Column, values: st.SearchStrategy[bytes], data: st.DataObject
) -> None:
    line = line_of(column)
    assert line is not None
    smaller, greater = sorted((data.draw(values), data.draw(values)))
    assert line.place(smaller) <= line.place(greater)
    between = data.draw(st.integers(line.place(smaller), line.place(greater)))
    assert line.value(line.place(smaller)) <= line.value(between) <= line.value(line.place(greater))
    if line.value(line.place(smaller)) == smaller:
        assert line.value(between) >= smaller


@given(st.decimals(allow_nan=False, allow_infinity=False, places=4, min_value=-(10**9), max_value=10**9))
def test_decimals_come_back(value: object) -> None:
    line = line_of(_column("decimal(20,4)"))
    assert line is not None
    text = f"{value:.4f}".encode()
    assert float(line.value(line.place(text))) == float(text)


def test_dates_come_back() -> None:
    line = line_of(_column("date"))
    assert line is not None
    for text in ("0001-01-01", "2024-02-29", "9999-12-31", "0000-00-00"):
        assert line.value(line.place(text.encode())) == text.encode()
    assert line.place(b"2024-03-01") - line.place(b"2024-02-29") == 1
    assert line.place(str(date.min).encode()) == 1
