"""The walk over a line of numbers, against a server that is only a function of statistics."""

from __future__ import annotations

import itertools
import random
from bisect import bisect_left
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from airflow_mydump.engine.chunking.glue import glue
from airflow_mydump.engine.chunking.key_walk import Piece
from airflow_mydump.engine.chunking.range_walk import walk


@dataclass
class Even:
    """``rows`` rows, one at every ``gap`` places."""

    total: int
    gap: int = 1
    probes: int = 0

    def rows(self, start: int, end: int) -> float:
        self.probes += 1
        return max(-(-end // self.gap) - -(-start // self.gap), 0)

    def place_after(self, start: int, rows: int) -> int | None:
        self.probes += 1
        place = -(-start // self.gap) * self.gap + rows * self.gap
        return place if place < self.total * self.gap else None


@dataclass
class Listed:
    """Rows at these places; an estimate is off by up to a third, and never below one."""

    places: list[int]
    noise: random.Random = field(default_factory=lambda: random.Random(1))
    probes: int = 0

    def count(self, start: int, end: int) -> int:
        return bisect_left(self.places, end) - bisect_left(self.places, start)

    def rows(self, start: int, end: int) -> float:
        self.probes += 1
        return max(1, self.count(start, end) * self.noise.uniform(0.7, 1.3))

    def place_after(self, start: int, rows: int) -> int | None:
        self.probes += 1
        found = bisect_left(self.places, start) + rows
        return self.places[found] if found < len(self.places) else None


@pytest.mark.parametrize("gap", [1, 7, 1 << 30])
def test_a_hundred_million_rows_cost_two_probes_a_chunk_at_most(gap: int) -> None:
    rows, target = 100_000_000, 300_000
    server = Even(rows, gap)
    spans = list(walk(0, (rows - 1) * gap, target, target * gap, server))
    assert len(spans) < rows / target * 1.4
    assert server.probes < 2 * len(spans)
    assert max(span.rows for span in spans) < 1.5 * target


places = st.one_of(
    st.lists(st.integers(0, 1000), min_size=1, max_size=300),
    st.lists(st.integers(-(2**63), 2**64), min_size=1, max_size=100),
    st.lists(st.integers(0, 62).map(lambda power: 2**power), min_size=1, max_size=200),
    st.lists(st.sampled_from([0, 5, 2**40, 2**63]), min_size=1, max_size=300),
).map(sorted)


@settings(deadline=None)
@given(places, st.integers(8, 100), st.integers(0, 2**63))
def test_spans_join_and_stay_small(rows: list[int], target: int, step: int) -> None:
    server = Listed(rows)
    spans = list(walk(rows[0], rows[-1], target, step, server))
    assert spans[0].start == rows[0]
    assert spans[-1].end == rows[-1] + 1
    assert all(left.end == right.start for left, right in itertools.pairwise(spans))
    for span in spans:
        assert server.count(span.start, span.end) <= 2 * target or span.end - span.start == 1
    # Each span but the last has some rows, so the number of probes has a bound that knows nothing of the gaps.
    assert server.probes <= 12 * (len(rows) * 8 / target + 2 * len(set(rows)) + 2)


def test_glue_joins_small_neighbours_and_loses_none() -> None:
    pieces = [Piece((str(number),), rows) for number, rows in enumerate([1, 0, 30, 5, 5, 90, 300, 2, 2, 2])]
    glued = list(glue(pieces, 100))
    assert [piece.rows for piece in glued] == [41, 90, 300, 6]
    assert [piece.lower for piece in glued] == [("0",), ("5",), ("6",), ("7",)]
    assert sum(piece.rows for piece in glued) == sum(piece.rows for piece in pieces)
