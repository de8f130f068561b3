"""Quoting closes where it was opened, whatever is quoted."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from airflow_mydump.engine.identifier import TableName, hex_literal, literal, quote


@given(st.text())
def test_a_quoted_name_ends_at_its_last_backtick(name: str) -> None:
    quoted = quote(name)
    assert re.fullmatch(r"`(?:[^`]|``)*`", quoted, re.DOTALL)
    assert quoted[1:-1].replace("``", "`") == name


@given(st.text())
def test_a_literal_ends_at_its_last_quote(text: str) -> None:
    quoted = literal(text)
    assert re.fullmatch(r"'(?:[^'\\]|\\\\|'')*'", quoted, re.DOTALL)
    assert re.sub(r"\\\\|''", lambda found: found[0][0], quoted[1:-1]) == text


@given(st.binary(min_size=1))
def test_a_hex_literal_is_the_bytes(value: bytes) -> None:
    assert bytes.fromhex(hex_literal(value).removeprefix("0x")) == value


def test_no_bytes_are_an_empty_string() -> None:
    assert hex_literal(b"") == "''"


def test_a_table_name_is_qualified() -> None:
    assert TableName("a`b", "c.d").sql == "`a``b`.`c.d`"
    assert str(TableName("a", "b")) == "a.b"
