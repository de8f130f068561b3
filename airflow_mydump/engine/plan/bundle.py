"""Bundles: pieces of work packed by weight, each the work of one mapped task."""

from __future__ import annotations

import heapq
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

A_WORKERS, MOST = 6, 512
"""Bundles for each worker, and of all."""
WORTH, WORTHWHILE = 32 << 20, 32
"""The weight that is worth a task, a third of a second's work; and up to how many bundles a run has if its weight is
worth as many."""
PIECE_COST = 64 << 10
"""What a piece weighs beside its bytes: its statements take the time in which so many bytes are moved. Without it, all
empty tables would be one bundle."""


@dataclass(frozen=True)
class BundleReference:
    """What travels between tasks instead of a bundle: its file, relative to the run's work directory, and what it
    moves, in words."""

    id: int
    file: str
    weight: int
    label: str


def bundle_count(concurrency: int, pieces: int, weight: int) -> int:
    """How many bundles to make: enough to even out the workers, few enough for the scheduler. ``weight`` is that of all
    pieces, in bytes, with `PIECE_COST` for each.

    A mapped task costs about 0.25 s of a 2-core machine, so 250,000 tables are not 250,000 tasks.
    """
    return max(1, min(pieces, max(min(WORTHWHILE, weight // WORTH), min(A_WORKERS * concurrency, MOST))))


def pack(weights: Sequence[int], count: int) -> list[array[int]]:
    """Pack pieces, given by their weights in bytes, into at most ``count`` bundles; equal input gives equal bundles.

    Longest processing time first: the heaviest piece goes to the lightest bundle. Within a bundle the pieces' numbers
    ascend. Empty bundles are left out.
    """
    lightest = [(0, number) for number in range(count)]
    contents = [array("L") for _ in range(count)]
    for piece in sorted(range(len(weights)), key=lambda piece: (-weights[piece], piece)):
        load, number = lightest[0]
        contents[number].append(piece)
        heapq.heapreplace(lightest, (load + weights[piece] + PIECE_COST, number))
    return [array("L", sorted(pieces)) for pieces in contents if pieces]


def staggered(pieces: Sequence[int], table_of: Sequence[int], turn: float) -> Iterator[int]:
    """The pieces of a bundle, beginning with another table: ``turn`` (0 to 1) of them come last.

    Bundles that run at the same time hold pieces of the same large tables, and two loaders are slower on one table
    than on two (5.2 s against 4.0 s for 2 M rows). Each table's pieces stay together and in their order.
    """
    start = int(len(pieces) * turn)
    while 0 < start < len(pieces) and table_of[pieces[start]] == table_of[pieces[start - 1]]:
        start -= 1
    yield from pieces[start:]
    yield from pieces[:start]
