"""Which printed JSON is trusted to be printed in the same way again."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_mydump.engine.framing.printed_json import comes_back


@pytest.mark.parametrize(
    "text",
    [
        "null", "[]", '{"n": 1, "tags": ["a", "ü"]}', "[1.5, -0.1, 0.001]", "-0.5", "123456789012345678",
        '"32.2500 and 5e7"', r'{"a\"1.50": "\\", "b": 1.25}', '"12345678901234567890"', '{"5e3": "0e1"}',
    ],
)  # fmt: skip
def test_what_is_printed_as_it_was_read(text: str) -> None:
    assert comes_back(text.encode())


@pytest.mark.parametrize(
    "text",
    [
        "32.2500", "[0.10]", '{"a": ["", 1.50]}', "1234567890123456789", "0.12345678901234567890", "1e20", "1.5E-7",
        "1.0", "-0", "[1, -0]", "1234567890123456.0", "123456789012345.25", "0.00001",
        r'{"a\\": 1.50}', '["1", 2.0, 3.10, "4"]', "1234567890.1234567890123",
    ],
)  # fmt: skip
def test_what_may_be_printed_otherwise(text: str) -> None:
    assert not comes_back(text.encode())


@given(st.lists(st.one_of(st.integers(-(10**17), 10**17), st.text(), st.booleans(), st.none())))
def test_whatever_has_no_fractions_comes_back(values: list[object]) -> None:
    assert comes_back(json.dumps(values).encode())
    assert comes_back(json.dumps(values, ensure_ascii=False).encode("utf-8", "surrogatepass"))
    assert not comes_back(json.dumps([*values, 1.5]).replace("1.5", "1.50").encode()) or "1.5" in str(values)
