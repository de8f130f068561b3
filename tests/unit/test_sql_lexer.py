"""The lexer sees what a server would, or refuses."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_mydump.engine.ddl.sql_lexer import string_value, tokens_of
from airflow_mydump.engine.errors import DumpError


def texts(text: str, sql_mode: str = "") -> list[str]:
    return [token.text for token in tokens_of(text, sql_mode)]


@pytest.mark.parametrize(
    "text, mode, expected",
    [
        ("a-- b\n c", "", ["A", "C"]),
        ("a--b", "", ["A", "-", "-", "B"]),
        ("a # x\nb /* c */ d", "", ["A", "B", "D"]),
        ("/*!50000 grant */ x", "", ["/*!50000", "GRANT", "X"]),
        ("/*M!100100 grant */", "", ["/*M!100100", "GRANT"]),
        (r"'a\'b'';'", "", [r"'a\'b'';'"]),
        (r"'a\' b", "NO_BACKSLASH_ESCAPES", [r"'a\'", "B"]),
        ('"a;`"', "", ['"a;`"']),
        ("`a``;b`.c", "", ["`a``;b`", ".", "C"]),
        ("@@global.x:=0x1F", "", ["@@", "GLOBAL", ".", "X", ":=", "0x1F"]),
        ("1a 1.5 .5 1e3 übung", "", ["1A", "1.5", ".5", "1e3", "ÜBUNG"]),
        ("select'x'", "", ["SELECT", "'x'"]),
    ],
)
def test_tokens(text: str, mode: str, expected: list[str]) -> None:
    assert texts(text, mode) == expected


def test_ansi_quotes_are_names() -> None:
    (token,) = tokens_of('"a""b\\"', "ANSI_QUOTES")
    assert (token.kind, token.identifier) == ("name", 'a"b\\')


@pytest.mark.parametrize(
    "text",
    [
        "'a",
        '"a',
        "`a",
        "/* a",
        "/*! a",
        "a */",
        "/*! /* x */ */",
        "/*! '*/' */",
        "/*! -- x\n */",
        "/*! `*/` */",
        "'\\'",
    ],
)
def test_what_servers_may_see_differently_is_refused(text: str) -> None:
    with pytest.raises(DumpError):
        texts(text)


@given(st.text(max_size=60))
def test_any_text_is_read_whole_or_refused(text: str) -> None:
    try:
        tokens = list(tokens_of(text))
    except DumpError:
        return
    assert all(text[token.start : token.end].upper() == token.text.upper() for token in tokens)


@given(st.text(max_size=40))
def test_strings_come_back(value: str) -> None:
    assert string_value("'" + value.replace("\\", "\\\\").replace("'", "''") + "'") == value
