"""Walks along a key and yields the places where a table may be cut, with the rows between them.

Types whose values stand on a line of numbers are cut by estimates, which cost the same for a thousand rows as for a
billion. Of the others only the server knows the order: it walks over the index, once, and says what stands at each
distance. A value that alone has more rows than wanted is cut by the next column of the key, whatever its type.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from airflow_mydump.engine.chunking.chunk import Bound, key_range
from airflow_mydump.engine.chunking.chunk_key import ChunkKey
from airflow_mydump.engine.chunking.key_reader import KeyReader
from airflow_mydump.engine.chunking.key_type import Line, key_literal, line_of
from airflow_mydump.engine.chunking.range_walk import walk
from airflow_mydump.engine.identifier import quote

_HEAVY = 1.5
"""A single value with so many times the rows wanted is cut by the next column."""


@dataclass(frozen=True, slots=True)
class Piece:
    """The rows from ``lower`` to the next piece's bound; ``rows`` is about how many. The empty bound is the key's
    beginning."""

    lower: Bound
    rows: float


@dataclass(frozen=True)
class KeyWalk:
    """How to walk along a key: in pieces of about ``target`` rows. ``rows`` is about how many there are.

    An estimate of the optimizer's is divided by ``bias``; with None its estimates are not used at all, and every
    piece is counted over the index.
    """

    reader: KeyReader
    key: ChunkKey
    target: int
    rows: int
    bias: float | None

    def pieces(self, prefix: Bound = ()) -> Iterator[Piece]:
        """The pieces of the rows whose key begins with ``prefix``, in key order; at least one. Raises ServerError."""
        column = self.key.columns[len(prefix)]
        line = line_of(column) if self.bias is not None else None
        return self._along(line, prefix) if line else self._by_server(prefix)

    def _along(self, line: Line, prefix: Bound) -> Iterator[Piece]:
        ends = self.reader.ends(len(prefix), self._within(prefix))
        if ends is None:
            yield Piece(prefix, 0)
            return
        low, high = map(line.place, ends)
        measure = _LineMeasure(self, line, prefix, high)
        rows = self.rows if not prefix else max(measure.rows(low, high + 1), 1)
        step = (high - low + 1) * self.target // max(round(rows), 1)
        for span in walk(low, high, self.target, step, measure):
            bound = measure.bound(span.start)
            if span.end - span.start == 1 and self._too_many(bound, span.rows):
                yield from self.pieces(bound)
            else:
                yield Piece(prefix if span.start == low else bound, span.rows)

    def _by_server(self, prefix: Bound) -> Iterator[Piece]:
        depth, name = len(prefix), quote(self.key.names[len(prefix)])
        value = self.reader.first(depth, self._within(prefix))
        lower = prefix
        if value is None:
            yield Piece(prefix, 0)
        while value is not None:
            bound = (*prefix, key_literal(self.key.columns[depth], value))
            found = None
            heavy = self.bias is not None and self._too_many(bound, self.estimate(self._within(bound)))
            if not heavy:
                found = self.reader.after(depth, self._from(bound), self.target, bound[-1])
                if found is None:
                    yield Piece(lower, self.reader.count(self._from(bound), self.target))
                    return
                heavy = not found[1]
            if found and found[1]:
                yield Piece(lower, self.target)
                value = found[0]
            else:
                yield from self._single(bound)
                value = self.reader.first(depth, f"{self._within(prefix, and_=True)}{name} > {bound[-1]}")
            lower = (*prefix, key_literal(self.key.columns[depth], value)) if value is not None else prefix

    def _single(self, bound: Bound) -> Iterator[Piece]:
        if len(bound) < len(self.key.columns):
            yield from self.pieces(bound)
        else:
            yield Piece(bound, max(self.target, self.estimate(self._within(bound))))

    def _too_many(self, bound: Bound, rows: float) -> bool:
        return rows > self.target * _HEAVY and len(bound) < len(self.key.columns)

    def estimate(self, condition: str) -> float:
        """About how many rows meet a condition on the key."""
        return self.reader.estimate(condition) / (self.bias or 1)

    def _within(self, prefix: Bound, and_: bool = False) -> str:
        equal = [f"{quote(name)} = {value}" for name, value in zip(self.key.names, prefix, strict=False)]
        return " AND ".join([*equal, ""] if and_ and equal else equal)

    def _from(self, bound: Bound) -> str:
        """From this value of the last column on, as long as the columns before it stay the same."""
        name = quote(self.key.names[len(bound) - 1])
        return f"{self._within(bound[:-1], and_=True)}{name} >= {bound[-1]}"


@dataclass(frozen=True)
class _LineMeasure:
    """A column's line, below a prefix of the key, as `range_walk` asks about it."""

    walk: KeyWalk
    line: Line
    prefix: Bound
    high: int

    def bound(self, place: int) -> Bound:
        return (*self.prefix, key_literal(self.walk.key.columns[len(self.prefix)], self.line.value(place)))

    def rows(self, start: int, end: int) -> float:
        # Beyond the largest value no bound is needed, and there might be no literal for it.
        upper = self.bound(end) if end <= self.high else self.prefix or None
        if upper == self.prefix:
            return self.walk.estimate(self.walk._from(self.bound(start)))
        return self.walk.estimate(key_range(self.walk.key.names, self.bound(start), upper))

    def place_after(self, start: int, rows: int) -> int | None:
        bound = self.bound(start)
        found = self.walk.reader.after(len(self.prefix), self.walk._from(bound), rows, bound[-1])
        return self.line.place(found[0]) if found else None
