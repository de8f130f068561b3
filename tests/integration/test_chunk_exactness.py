"""The chunks of any table are the table: every row once, whatever its key is made of."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, Phase, event, given, settings
from hypothesis import strategies as st
from sandbox.server import available_flavors

from tests.integration.chunked_table import ChunkServer

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module", params=available_flavors())
def server(request: pytest.FixtureRequest) -> Iterator[ChunkServer]:
    with ChunkServer(request.param) as started:
        started.run("SET sql_mode = 'ALLOW_INVALID_DATES,NO_AUTO_VALUE_ON_ZERO'")
        yield started


@dataclass(frozen=True)
class Kind:
    """A column type and SQL literals for its values."""

    definition: str
    values: st.SearchStrategy[str]


def _integers(definition: str, low: int, high: int) -> Kind:
    edges = st.sampled_from([low, low + 1, high - 1, high, 0 if low <= 0 else low, 1])
    near = st.integers(max(low, -40), min(high, 40))
    return Kind(definition, st.one_of(edges, near, st.integers(low, high)).map(str))


LETTERS = "aAbBäÄáßẞsSzZéEeİıIñ  \t\x01_-%0９日本語中文한あアｱ😀\u0301\u200b"  # noqa: RUF001


def _text(definition: str, longest: int) -> Kind:
    def literal(text: str) -> str:
        return "'" + text.replace("\\", "\\\\").replace("'", "''") + "'"

    return Kind(definition, st.text(LETTERS, max_size=longest).map(literal))


def _binary(definition: str, longest: int) -> Kind:
    some = st.binary(max_size=longest) | st.sampled_from([b"", b"\0", b"\xff" * longest, b" ", b"\0\xff"])
    return Kind(definition, some.map(lambda value: f"x'{value.hex()}'"))


def _one_of(definition: str, values: list[str]) -> Kind:
    return Kind(definition, st.sampled_from(values))


DATES = ["0000-00-00", "2023-02-31", "2024-00-00", "2024-02-00", "1000-01-01", "9999-12-31", "2023-02-28", "2023-03-01"]
some_dates = st.one_of(st.sampled_from(DATES), st.dates().map(str))
some_times = st.times().map(lambda time: time.isoformat("microseconds"))
moments = st.tuples(some_dates, some_times).map(lambda both: f"'{both[0]} {both[1]}'")
stamps = st.one_of(
    st.sampled_from(["'0000-00-00 00:00:00'", "'1970-01-01 00:00:01'", "'2038-01-19 03:14:07.999'"]),
    st.integers(1, 2**31 - 1).map(lambda second: f"FROM_UNIXTIME({second})"),
)
doubles = st.floats(allow_nan=False, allow_infinity=False).map(
    lambda value: f"{value!r}e0" if "e" not in repr(value) else repr(value)
)
floats = st.floats(width=32, allow_nan=False, allow_infinity=False).map(
    lambda value: f"{value!r}e0" if "e" not in repr(value) else repr(value)
)
decimals = st.decimals(allow_nan=False, allow_infinity=False, places=4, min_value=-99999, max_value=99999).map(str)
long_decimals = st.decimals(allow_nan=False, allow_infinity=False, places=30, min_value=-(10**34), max_value=10**34)
uuids = st.uuids().map(lambda value: f"'{value}'")

COMMON = [
    _integers("TINYINT", -128, 127), _integers("SMALLINT UNSIGNED", 0, 65535),
    _integers("MEDIUMINT", -(2**23), 2**23 - 1),
    _integers("INT ZEROFILL", 0, 2**32 - 1), _integers("BIGINT", -(2**63), 2**63 - 1),
    _integers("BIGINT UNSIGNED", 0, 2**64 - 1), _integers("BIT(7)", 0, 127), _integers("BIT(64)", 0, 2**64 - 1),
    Kind("DECIMAL(9,4)", decimals), Kind("DECIMAL(65,30)", long_decimals.map(lambda value: f"{value:f}")),
    _integers("DECIMAL(20,0) UNSIGNED", 0, 10**20 - 1), Kind("FLOAT", floats), Kind("DOUBLE", doubles),
    Kind("DATE", some_dates.map(lambda value: f"'{value}'")), Kind("DATETIME", moments), Kind("DATETIME(6)", moments),
    Kind("TIMESTAMP", stamps), Kind("TIMESTAMP(3)", stamps),
    _one_of("TIME(6)", ["'-838:59:59'", "'838:59:59'", "'-00:00:00.000001'", "'00:00:00'", "'01:02:03.5'"]),
    _one_of("YEAR", ["0", "1901", "1970", "2000", "2001", "2024", "2155"]),
    _binary("BINARY(3)", 3), _binary("VARBINARY(4)", 4), _binary("BINARY(16)", 16),
    _one_of("ENUM('z','a','m','') CHARACTER SET latin1", ["'z'", "'a'", "'m'", "''"]),
    _one_of("SET('z','a','m')", ["'z'", "'a,z'", "'m'", "''", "'a'"]),
    *(
        _text(f"{kind}(6) CHARACTER SET {collation.split('_')[0]} COLLATE {collation}", 6)
        for kind in ("VARCHAR", "CHAR")
        for collation in (
            "utf8mb4_general_ci", "utf8mb4_unicode_ci", "utf8mb4_bin", "utf8mb4_spanish2_ci", "latin1_swedish_ci",
            "latin1_german2_ci", "latin1_bin", "ucs2_unicode_ci", "utf16_bin", "utf32_general_ci", "gbk_chinese_ci",
            "sjis_japanese_ci", "cp1250_czech_cs", "big5_chinese_ci", "ascii_general_ci", "tis620_thai_ci",
        )
    ),
]  # fmt: skip
OWN = {
    "mysql": [
        _text(f"{kind}(6) CHARACTER SET utf8mb4 COLLATE {collation}", 6)
        for kind in ("VARCHAR", "CHAR")
        for collation in (
            "utf8mb4_0900_ai_ci", "utf8mb4_0900_as_cs", "utf8mb4_0900_bin", "utf8mb4_ja_0900_as_cs_ks",
            "utf8mb4_zh_0900_as_cs", "utf8mb4_da_0900_ai_ci",
        )
    ],
    "mariadb": [
        Kind("UUID", uuids), _one_of("INET6", ["'::'", "'ff::1'", "'::1.2.3.4'", "'2001:db8::ff00:42:8329'"]),
        _one_of("INET4", ["'0.0.0.0'", "'255.255.255.255'", "'10.0.0.1'"]),
        *(
            _text(f"{kind}(6) CHARACTER SET {collation.split('_')[0]} COLLATE {collation}", 6)
            for kind in ("VARCHAR", "CHAR")
            for collation in (
                "utf8mb4_nopad_bin", "utf8mb4_unicode_nopad_ci", "utf8mb4_general_nopad_ci", "latin1_swedish_nopad_ci",
                "utf8mb4_uca1400_ai_ci", "utf8mb4_uca1400_nopad_as_cs", "utf8mb4_uca1400_spanish_as_cs",
            )
        ),
    ],
}  # fmt: skip


@dataclass(frozen=True)
class Generated:
    """A table's definition, its rows, and into how many parts it is to be cut."""

    definition: str
    rows: list[str]
    parts: int
    strategy: str
    longest: int


@st.composite
def tables(draw: st.DrawFn, flavor: str) -> Generated:
    kinds = draw(st.lists(st.sampled_from([*COMMON, *OWN[flavor]]), min_size=1, max_size=3))
    pools = [
        draw(st.lists(kind.values, min_size=1, max_size=14 if level else 60))
        for level, kind in enumerate(reversed(kinds))
    ]
    pools.reverse()
    rows = draw(st.lists(st.tuples(*(st.sampled_from(pool) for pool in pools)), min_size=1, max_size=90))
    columns = ", ".join(f"`k{number}` {kind.definition} NOT NULL" for number, kind in enumerate(kinds))
    key = ", ".join(f"`k{number}`" for number in range(len(kinds)))
    kind = draw(st.sampled_from(["PRIMARY KEY", "PRIMARY KEY", "UNIQUE KEY `the key`"]))
    return Generated(
        f"({columns}, v INT NOT NULL DEFAULT 7, {kind} ({key}), KEY (v))",
        ["(" + ", ".join([*row]) + ")" for row in rows],
        draw(st.sampled_from([2, 3, 7, 20, 90])),
        draw(st.sampled_from(["adaptive", "adaptive", "adaptive", "uniform"])),
        draw(st.sampled_from([0, 0, 0, 1, 2])),
    )


@settings(
    max_examples=int(os.environ.get("MYDUMP_TEST_EXAMPLES", "120")),
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    report_multiple_bugs=False,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(data=st.data())
def test_every_row_is_in_exactly_one_chunk(server: ChunkServer, data: st.DataObject) -> None:
    generated = data.draw(tables(server.flavor))
    names = ", ".join(f"k{number}" for number in range(3) if f"`k{number}` " in generated.definition)
    table = server.make(generated.definition, f"INSERT IGNORE INTO t ({names}) VALUES {', '.join(generated.rows)}")
    found = server.cut_in(table, generated.parts, strategy=generated.strategy, max_key_prefix_length=generated.longest)
    event(f"chunks: {min(len(found.cut.chunks), 5)}")
    found.assert_exact()
