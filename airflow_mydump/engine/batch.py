"""Batches: neighbours that share round trips and a transaction, so that thousands of small tables do not cost a ladder
of them each."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

Piece = TypeVar("Piece")

MOST_PIECES = 64
"""A transaction's worth of small tables: more would gain little and cost more when one has to be done again."""

MOST_BYTES = 8 << 20


def batches(pieces: Iterable[Piece], weight: Callable[[Piece], int]) -> Iterator[list[Piece]]:
    """Cut a sequence into runs of at most `MOST_PIECES` pieces that weigh at most `MOST_BYTES` together, or one."""
    batch: list[Piece] = []
    total = 0
    for piece in pieces:
        if batch and (len(batch) == MOST_PIECES or total + weight(piece) > MOST_BYTES):
            yield batch
            batch, total = [], 0
        batch.append(piece)
        total += weight(piece)
    if batch:
        yield batch
