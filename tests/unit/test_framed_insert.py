"""Statements made of frames hold every value of them, whatever the pieces they come in."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_mydump.engine.errors import FramingCollision, LoadMismatchError
from airflow_mydump.engine.framing.frame import Delimiters, frame
from airflow_mydump.engine.framing.framed_insert import insert_statements
from airflow_mydump.engine.identifier import TableName
from airflow_mydump.engine.metadata.catalog import Column, Table

DELIMITERS = Delimiters(b"\x01\x04\x05\x06", b"\x02\x04\x05\x06", b"\x03\x04\x05\x06")
NAME = TableName("shop", "t")
_VALUE = re.compile(rb"'((?:[^'\\]|\\.)*)'|(NULL)", re.DOTALL)
_ESCAPES = {b"0": b"\0", b"n": b"\n", b"r": b"\r", b"Z": b"\x1a"}


def table(columns: int) -> Table:
    made = tuple(
        Column(f"c{number}", "varbinary", "varbinary(9)", True, False, False, 9, "", "") for number in range(columns)
    )
    return Table(NAME, "InnoDB", 0, 0, made, (), "")


def values(statement: bytes) -> list[bytes | None]:
    """The literals of a statement, as a server reads them."""
    _, _, lists = statement.partition(b" VALUES ")
    return [
        None if null else re.sub(rb"\\(.)", lambda found: _ESCAPES.get(found[1], found[1]), text, flags=re.DOTALL)
        for text, null in _VALUE.findall(lists)
    ]


@given(
    st.lists(st.tuples(st.one_of(st.none(), st.binary(max_size=9)), st.binary(max_size=9)), min_size=1, max_size=9),
    st.integers(1, 30),
    st.integers(120, 250),
)
def test_every_value_is_in_a_statement(rows: list[tuple[bytes | None, bytes]], piece: int, most: int) -> None:
    try:
        framed = frame(rows, 2, DELIMITERS)
    except FramingCollision:
        return
    pieces = [framed[start : start + piece] for start in range(0, len(framed), piece)]
    statements = list(insert_statements(NAME, table(2), DELIMITERS, pieces, most))
    assert all(len(statement) < most for _, statement in statements)
    assert sum(count for count, _ in statements) == len(rows)
    assert [value for _, statement in statements for value in values(statement)] == [v for row in rows for v in row]


def test_text_is_told_to_the_server_as_text() -> None:
    made = Column("j", "json", "json", True, False, False, 9, "", "")
    framed = frame([(b"1",), (None,)], 1, DELIMITERS)
    ((_, statement),) = insert_statements(
        NAME, Table(NAME, "InnoDB", 0, 0, (made,), (), ""), DELIMITERS, [framed], 1000
    )
    assert statement == b"INSERT INTO `shop`.`t` (`j`) VALUES (CONVERT('1' USING utf8mb4)),(NULL)"


@pytest.mark.parametrize(
    ("pieces", "said"),
    [
        ([frame([(b"x", b"y", b"z")], 3, DELIMITERS)], "number of columns"),
        ([frame([(b"x",)], 1, DELIMITERS)], "number of columns"),
        ([frame([(b"x", b"y")], 2, DELIMITERS)[:-1]], "whole"),
        ([frame([(b"x", b"y" * 80)], 2, DELIMITERS)], "max_allowed_packet is 100"),
    ],
)
def test_what_does_not_fit_is_an_error_that_names_the_table(pieces: list[bytes], said: str) -> None:
    with pytest.raises(LoadMismatchError, match=said) as error:
        list(insert_statements(NAME, table(2), DELIMITERS, pieces, 100))
    assert "shop.t" in str(error.value)
