"""Glues small neighbours together, so that a table with many sparse or uneven values is not cut into crumbs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from airflow_mydump.engine.chunking.key_walk import Piece

_FULL = 1.2
"""A piece may grow to so many times the rows wanted."""


def glue(pieces: Iterable[Piece], target: int) -> Iterator[Piece]:
    """The same rows in as few pieces as have about ``target`` rows each; a larger one stays as it is."""
    current: Piece | None = None
    for piece in pieces:
        if current is None:
            current = piece
        elif current.rows + piece.rows <= target * _FULL or not piece.rows:
            current = Piece(current.lower, current.rows + piece.rows)
        else:
            yield current
            current = piece
    if current is not None:
        yield current
