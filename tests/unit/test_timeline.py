"""The curve of a run's speed holds every row that its tasks told of."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_mydump.plugin.timeline import timeline_of

MOMENTS = st.lists(
    st.tuples(st.floats(0, 5000), st.integers(0, 10**6), st.integers(0, 10**9)), min_size=2, max_size=20
).map(lambda steps: [(1e9 + sum(s[0] for s in steps[:n]), sum(s[1] for s in steps[:n]), 0) for n in range(len(steps))])


@given(st.lists(MOMENTS, min_size=1, max_size=6))
def test_no_row_is_lost_or_counted_twice(samples: list[list[tuple[float, int, int]]]) -> None:
    timeline = timeline_of(samples)
    assert timeline is not None
    moved = sum(task[-1][1] for task in samples)
    # Rates are rounded to a tenth of a row a second.
    assert sum(timeline.rows) * timeline.step == pytest.approx(moved, abs=0.05 * timeline.step * len(timeline.rows) + 1)
    assert len(timeline.rows) == len(timeline.bytes) <= 91


def test_a_burst_is_shown_where_it_was() -> None:
    timeline = timeline_of([[(100.0, 0, 0), (110.0, 100, 0), (120.0, 2100, 0)]])
    assert timeline is not None
    assert (timeline.start, timeline.step) == (100.0, 1.0)
    assert timeline.rows == (10.0,) * 10 + (200.0,) * 10
    assert timeline.rate(5.0) == 200.0


def test_the_last_seconds_of_tasks_at_work_are_left_out() -> None:
    timeline = timeline_of([[(0.0, 0, 0), (20.0, 20, 0)], [(0.0, 0, 0), (14.0, 14, 0)]], unsettled=6.0)
    assert timeline is not None
    assert timeline.rows == (2.0,) * 14


def test_there_is_no_curve_of_nothing() -> None:
    assert timeline_of([]) is None
    assert timeline_of([[(1.0, 0, 0)]]) is None
