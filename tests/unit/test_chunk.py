"""A chunk's condition selects exactly its range, and its name says which."""

from __future__ import annotations

import sqlite3

from hypothesis import given
from hypothesis import strategies as st

from airflow_mydump.engine.chunk import Chunk
from airflow_mydump.engine.planner import _ranges


def test_a_whole_table_has_no_condition() -> None:
    chunk = Chunk(3, 0, 10)
    assert (chunk.where, chunk.describe(), chunk.id) == ("", "all rows", "3.0")


def test_bounds_are_half_open() -> None:
    assert Chunk(0, 1, 1, "id", 5, 9).where == "`id` >= 5 AND `id` < 9"
    assert Chunk(0, 0, 1, "id", None, 9).where == "`id` < 9"
    assert Chunk(0, 2, 1, "id", 9, None).where == "`id` >= 9"
    assert Chunk(0, 1, 1, "id", -5, 0).where == "`id` >= -5 AND `id` < 0"
    assert Chunk(0, 0, 1, "id").where == ""


def test_a_key_of_any_name_is_quoted() -> None:
    assert Chunk(0, 1, 1, "a`b", 0, None).where == "`a``b` >= 0"


@given(
    low=st.integers(-(2**63), 2**64 - 1),
    span=st.integers(0, 2**64),
    parts=st.integers(1, 60),
    others=st.lists(st.integers(-(2**63), 2**64), max_size=20),
)
def test_every_key_is_in_exactly_one_range(low: int, span: int, parts: int, others: list[int]) -> None:
    high = low + span
    chunks = list(_ranges(7, "id", low, high, parts, 1000))
    assert [chunk.id for chunk in chunks] == [f"7.{part}" for part in range(len(chunks))]
    assert len(chunks) == min(parts, span + 1)
    borders = [bound for chunk in chunks for bound in (chunk.lower, chunk.upper) if bound is not None]
    for key in {low, high, low - 1, high + 1, *others, *borders, *(border - 1 for border in borders)}:
        assert sum(holds(chunk, key) for chunk in chunks) == 1


def holds(chunk: Chunk, key: int) -> bool:
    return (chunk.lower is None or key >= chunk.lower) and (chunk.upper is None or key < chunk.upper)


@given(st.lists(st.integers(-50, 50), min_size=1, max_size=40, unique=True), st.integers(1, 9))
def test_a_databases_conditions_part_a_table(keys: list[int], parts: int) -> None:
    with_database = sqlite3.connect(":memory:")
    with_database.execute("CREATE TABLE t (id INTEGER)")
    with_database.executemany("INSERT INTO t VALUES (?)", [(key,) for key in keys])
    found: list[int] = []
    for chunk in _ranges(0, "id", min(keys), max(keys), parts, 1):
        where = f" WHERE {chunk.where}" if chunk.where else ""
        found += [key for (key,) in with_database.execute(f"SELECT id FROM t{where} ORDER BY id")]
    with_database.close()
    assert found == sorted(keys)
