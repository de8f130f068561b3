"""Rows come out of INSERT statements as they went in, whatever bytes they hold and however the file is cut."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_mydump.engine.dump_directory.insert_reader import InsertReader
from airflow_mydump.engine.errors import DumpError
from airflow_mydump.engine.identifier import TableName
from airflow_mydump.engine.metadata.catalog import Column, Table
from airflow_mydump.engine.server.session import Row

_ESCAPES = {0: b"\\0", 10: b"\\n", 13: b"\\r", 26: b"\\Z", 34: b'\\"', 39: b"\\'", 92: b"\\\\"}


def escaped(value: bytes) -> bytes:
    """As mysql_real_escape_string does."""
    return b"".join(_ESCAPES.get(byte, bytes([byte])) for byte in value)


FORMS = (
    lambda value: b'"' + escaped(value) + b'"',
    lambda value: b"'" + escaped(value) + b"'",
    lambda value: b"'" + value.replace(b"\\", b"\\\\").replace(b"'", b"''") + b"'",
    lambda value: b'_binary "' + escaped(value) + b'"',
    lambda value: b'CONVERT("' + escaped(value) + b'" USING UTF8MB4)',
    lambda value: b"0x" + value.hex().encode(),
    lambda value: b"x'" + value.hex().encode() + b"'",
)
values = st.none() | st.binary(max_size=40)
rows = st.lists(st.tuples(values, values, values), min_size=1, max_size=20)


def read(content: bytes, cut: int = 1 << 20, table: str = "t") -> list[Row]:
    pieces = [content[start : start + cut] for start in range(0, len(content), cut)]
    return [row for batch in InsertReader("f", table_named(table), pieces).batches() for row in batch]


def table_named(name: str, *types: str) -> Table:
    columns = (Column(f"c{number}", kind, kind, True, False, False, 0) for number, kind in enumerate(types))
    return Table(TableName("d", name), "InnoDB", 0, 0, tuple(columns), (), "")


@given(rows, st.lists(st.sampled_from(FORMS), min_size=1, max_size=5), st.integers(1, 50))
def test_rows_come_back(expected: list[Row], forms: list[object], cut: int) -> None:
    lines = []
    for number, row in enumerate(expected):
        form = forms[number % len(forms)]
        shown = [b"NULL" if value is None else form(value) for value in row]  # type: ignore[operator]
        lines.append(b"(" + b",".join(shown) + b")")
    content = b"/*!40101 SET NAMES binary*/;\nINSERT INTO `t` VALUES" + b"\n,".join(lines) + b"\n;\n"
    assert read(content, cut) == expected


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(content: bytes) -> None:
    for prefix in (b"", b"INSERT INTO `t` VALUES(", b'INSERT INTO `t` VALUES(1,"'):
        with suppress(DumpError):
            read(prefix + content)


@pytest.mark.parametrize("number", [b"0", b"-1", b"1.50", b"-.5", b"1e10", b"-2.5E-3", b"18446744073709551615"])
def test_numbers_stay_as_they_are_written(number: bytes) -> None:
    assert read(b"INSERT INTO `t` (`a`) VALUES (" + number + b"),( " + number + b" );\n") == [(number,), (number,)]


@pytest.mark.parametrize(
    "value", [b"f()", b"(1)", b"@a", b"1+1", b"NULL+1", b"`a`", b"'a' 'b'", b"1 1", b"", b"-", b"x'0g'", b"'a\\'"]
)
def test_what_is_no_literal_is_refused(value: bytes) -> None:
    with pytest.raises(DumpError):
        read(b"INSERT INTO `t` VALUES(" + value + b");\n")


def test_a_long_value_is_read() -> None:
    value = bytes(range(256)) * 40_000
    assert read(b'INSERT INTO `t` VALUES(1,"' + escaped(value) + b'");\n', 1 << 16) == [(b"1", value)]


@pytest.mark.parametrize(
    "setting",
    [
        "SET NAMES utf8mb4",
        "SET NAMES 'latin1'",
        "SET character_set_client = utf8mb4",
        "SET CHARACTER SET latin1",
        "SET CHARSET latin1",
        "SET @@character_set_client=latin1",
        "SET NAMES binary, @@session.character_set_client := latin1",
        "SET SESSION `character_set_client` = latin1",
    ],
)
def test_bytes_of_another_character_set_than_the_columns_own_are_refused(setting: str) -> None:
    with pytest.raises(DumpError, match=r"f is written in character set (?:utf8mb4|latin1)"):
        read(f"/*!40101 {setting} */;\nINSERT INTO `t` VALUES(1);\n".encode())


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ("/*!40103 SET TIME_ZONE='+02:00' */;", r"of time zone \+02:00"),
        ("SET @@time_zone='+05:00';", r"of time zone \+05:00"),
        ("SET SESSION time_zone = '+05:00';", r"of time zone \+05:00"),
        ("SET time_zone='+00:00', @@session.time_zone='+05:00';", r"of time zone \+05:00"),
        ("/*!40103 SET @OLD_TIME_ZONE=@@TIME_ZONE */;", "of no time zone that it names"),
        ("/*!40101 SET NAMES binary*/;", "of no time zone that it names"),
        ("/*!40103 SET TIME_ZONE='+00:00' */;", ""),
        ("SET TIME_ZONE = UTC;", ""),
    ],
)
def test_times_that_are_not_said_to_be_utc_are_refused_where_the_table_has_any(setting: str, said: str) -> None:
    content = f"{setting}\nINSERT INTO `t` VALUES('2026-01-01 00:00:00');\n".encode()

    def rows_of(kind: str) -> list[Row]:
        return [row for batch in InsertReader("f", table_named("t", kind), [content]).batches() for row in batch]

    assert len(rows_of("datetime")) == 1
    if not said:
        assert len(rows_of("timestamp")) == 1
        return
    with pytest.raises(DumpError, match=f"f has TIMESTAMP values {said}"):
        rows_of("timestamp")
