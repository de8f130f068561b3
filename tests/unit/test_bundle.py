"""Packing loses nothing, is even, and gives the same bundles for the same pieces."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from airflow_mydump.engine.bundle import FEWEST, MOST, bundle_count, pack

WEIGHTS = st.lists(st.integers(0, 10_000), max_size=200)


@given(WEIGHTS, st.integers(1, 40))
def test_every_piece_is_in_one_bundle(weights: list[int], count: int) -> None:
    pieces = list(enumerate(weights))
    bundles = pack(pieces, lambda piece: piece[1], count)
    assert sorted(piece for bundle in bundles for piece in bundle) == pieces
    assert len(bundles) == min(count, len(pieces))
    assert all(bundles)


@given(WEIGHTS, st.integers(1, 40))
def test_equal_input_gives_equal_bundles_in_the_pieces_order(weights: list[int], count: int) -> None:
    pieces = list(enumerate(weights))
    bundles = pack(pieces, lambda piece: piece[1], count)
    assert bundles == pack(iter(pieces), lambda piece: piece[1], count)
    assert all(bundle == sorted(bundle) for bundle in bundles)


@given(WEIGHTS.filter(bool), st.integers(1, 40))
def test_the_heaviest_bundle_is_at_most_a_third_too_heavy(weights: list[int], count: int) -> None:
    """Graham's bound for longest processing time first: 4/3 of the best possible."""
    loads = [sum(max(weight, 1) for weight in bundle) for bundle in pack(weights, lambda weight: weight, count)]
    ordered = sorted((max(weight, 1) for weight in weights), reverse=True)
    # what no packing can be better than: the mean, the heaviest piece, two of the `count` + 1 heaviest together
    two = ordered[count - 1] + ordered[count] if len(ordered) > count else 0
    best = max(sum(ordered) / count, ordered[0], two)
    assert max(loads) <= best * 4 / 3 + 1


@given(WEIGHTS.filter(bool), st.integers(1, 40))
def test_the_heaviest_piece_is_in_the_first_bundle(weights: list[int], count: int) -> None:
    assert max(weights) in pack(weights, lambda weight: weight, count)[0]


def test_pieces_without_weight_spread_too() -> None:
    assert [len(bundle) for bundle in pack([0] * 100, lambda weight: weight, 10)] == [10] * 10


def test_nothing_is_no_bundle() -> None:
    assert pack([], lambda piece: 1, 5) == []


@given(st.integers(1, 10_000), st.integers(0, 10**6))
def test_the_number_of_bundles_is_bounded(concurrency: int, pieces: int) -> None:
    count = bundle_count(concurrency, pieces)
    assert 1 <= count <= MOST
    assert count <= max(pieces, 1)
    assert count >= min(pieces, FEWEST)
