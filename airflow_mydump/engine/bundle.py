"""Bundles: pieces of work packed by weight, each the work of one mapped task."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeVar

Piece = TypeVar("Piece")

FEWEST, MOST = 32, 512


@dataclass(frozen=True)
class BundleReference:
    """What travels between tasks instead of a bundle: its file, relative to the run's work directory, and what it
    moves, in words."""

    id: int
    file: str
    weight: int
    label: str


def bundle_count(concurrency: int, pieces: int) -> int:
    """How many bundles to make: enough to even out the workers, few enough for the scheduler.

    A mapped task costs about 0.25 s of a 2-core machine, so 250,000 tables are not 250,000 tasks.
    """
    return max(1, min(pieces, max(FEWEST, min(6 * concurrency, MOST))))


def pack(pieces: Iterable[Piece], weight: Callable[[Piece], int], count: int) -> list[list[Piece]]:
    """Pack pieces into at most ``count`` bundles of about equal weight; equal input gives equal bundles.

    Longest processing time first: the heaviest piece goes to the lightest bundle. Bundles come heaviest first;
    within a bundle the pieces keep the order they were given in. Empty bundles are left out.
    """
    ordered = list(pieces)
    ranked = sorted(range(len(ordered)), key=lambda index: (-weight(ordered[index]), index))
    lightest = [(0, number) for number in range(count)]
    contents: list[list[int]] = [[] for _ in range(count)]
    for index in ranked:
        load, number = heapq.heappop(lightest)
        contents[number].append(index)
        # Each piece also weighs one round trip, so that empty tables spread too.
        heapq.heappush(lightest, (load + max(weight(ordered[index]), 1), number))
    return [[ordered[index] for index in sorted(indexes)] for indexes in contents if indexes]
