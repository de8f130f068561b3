"""A message for the page names the chunk, and none of the key values that bound it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from airflow_mydump.engine.chunking.chunk import Chunk, without_bounds
from airflow_mydump.engine.chunking.key_type import key_literal
from airflow_mydump.engine.metadata.catalog import Column


def text_literal(value: str) -> str:
    return key_literal(
        Column("k", "varchar", "varchar(9)", False, False, False, 36, "utf8mb4", "utf8mb4_bin"), value.encode()
    )


LITERALS = st.one_of(
    st.integers(10**6, 10**18).map(str),
    st.text(min_size=3).map(text_literal),
    st.dates().map(lambda day: f"DATE'{day}'"),
)
BOUND = st.lists(LITERALS, min_size=1, max_size=3).map(tuple)


@given(BOUND, BOUND)
def test_no_bound_is_left(lower: tuple[str, ...], upper: tuple[str, ...]) -> None:
    for chunk in (
        Chunk(1, 2, 0, key=("k",), lower=lower, upper=upper),
        Chunk(1, 2, 0, key=("k",), lower=lower),
        Chunk(1, 2, 0, key=("k",), upper=upper, partitions=("p0",)),
    ):
        message = without_bounds(f"shop.orders, {chunk.describe()}: was never loaded; shop.x, all rows: gone")
        assert not any(literal in message for literal in (*lower, *upper))
        assert message.startswith("shop.orders, ")
        assert message.endswith(": was never loaded; shop.x, all rows: gone")
        assert "key (k)" in message
