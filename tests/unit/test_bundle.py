"""Packing loses nothing, is even, and gives the same bundles for the same pieces."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from airflow_mydump.engine.plan.bundle import A_WORKERS, MOST, WORTH, WORTHWHILE, bundle_count, pack

WEIGHTS = st.lists(st.integers(0, 10**9), max_size=200)


@given(WEIGHTS, st.integers(1, 40))
def test_every_piece_is_in_one_bundle(weights: list[int], count: int) -> None:
    bundles = pack(weights, count)
    assert sorted(piece for bundle in bundles for piece in bundle) == list(range(len(weights)))
    assert len(bundles) == min(count, len(weights))
    assert all(bundles)


@given(WEIGHTS, st.integers(1, 40))
def test_equal_input_gives_equal_bundles_in_the_pieces_order(weights: list[int], count: int) -> None:
    bundles = pack(weights, count)
    assert bundles == pack(list(weights), count)
    assert all(list(bundle) == sorted(bundle) for bundle in bundles)


def test_pieces_without_weight_spread_too() -> None:
    assert [len(bundle) for bundle in pack([0] * 100, 10)] == [10] * 10


def test_nothing_is_no_bundle() -> None:
    assert pack([], 5) == []


@given(st.integers(1, 10_000), st.integers(0, 10**6), st.integers(0, 10**13))
def test_the_number_of_bundles_is_bounded(concurrency: int, pieces: int, weight: int) -> None:
    count = bundle_count(concurrency, pieces, weight)
    assert 1 <= count <= MOST
    assert count <= max(pieces, 1)
    assert count >= min(pieces, A_WORKERS * concurrency, MOST)


def test_little_work_is_in_few_bundles_and_much_in_enough_to_go_on_after() -> None:
    assert bundle_count(1, 6_000, 0) == A_WORKERS
    assert bundle_count(1, 6_000, 12 * WORTH) == 12
    assert bundle_count(1, 6_000, 10**12) == WORTHWHILE
