"""Cuts a line of whole numbers into spans of about equal rows, by asking for estimates: the adaptive strategy.

From each position the walk reaches out by the step that the span before suggests. While the estimate is too small the
step grows, ever faster over a gap; when it is too large the walk bisects, geometrically as long as the two distances
differ in size, so that 2^63 values between two neighbours cost six probes and not sixty. Where it still finds no end,
one walk over the index entries settles it. So each span costs a bounded number of probes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import isqrt
from typing import Protocol

_PROBES = 9
"""Estimates for one span before the index is walked."""
_ACCURACY = 0.25
"""A span may have so much less or more than the rows asked for."""


class Measure(Protocol):
    """What is known of the rows on the line."""

    def rows(self, start: int, end: int) -> float:
        """About how many rows stand at ``start`` or after it, and before ``end``."""

    def place_after(self, start: int, rows: int) -> int | None:
        """The place of the row that stands ``rows`` rows behind the first at or after ``start``; None at the end."""


@dataclass(frozen=True)
class Span:
    """The places from ``start`` to before ``end``, and about how many rows are there."""

    start: int
    end: int
    rows: float


def walk(low: int, high: int, target: int, step: int, measure: Measure) -> Iterator[Span]:
    """Spans that cover all places from ``low`` to ``high``, in order.

    Each has about ``target`` rows or fewer, unless it is a single place that has more. ``step`` is the first guess of
    a span's width.
    """
    position, stop = low, high + 1
    while position < stop:
        span = _Reach(position, stop, target, max(step, 1), measure).span()
        yield span
        if span.rows >= 1:
            step = round((span.end - span.start) * target / span.rows)
        position = span.end


class _Reach:
    """The search for one span's end. ``inside`` is the widest distance seen that is not too far, ``outside`` the
    narrowest that is."""

    def __init__(self, start: int, stop: int, target: int, step: int, measure: Measure) -> None:
        self.start, self.limit, self.target, self.measure = start, stop - start, target, measure
        self.inside, self.inside_rows = 0, 0.0
        self.outside: int | None = None
        self.next = min(step, self.limit)
        self.growth = 2

    def span(self) -> Span:
        for _ in range(_PROBES):
            rows = self.measure.rows(self.start, self.start + self.next)
            if rows > self.target * (1 + _ACCURACY):
                self.outside = self.next
            else:
                self.inside, self.inside_rows = self.next, rows
                if rows >= self.target * (1 - _ACCURACY) or self.next == self.limit:
                    break
            if self.outside is not None and self.outside - self.inside <= 1:
                break
            self.next = self._grown(rows) if self.outside is None else self._between(self.outside)
        else:
            if self.inside_rows < self.target / 4:
                return self._walked()
        if not self.inside:
            return self._of(1)
        return Span(self.start, self.start + self.inside, self.inside_rows)

    def _grown(self, rows: float) -> int:
        self.growth = self.growth**2 if rows < self.target / 4 else 2
        return min(self.next * self.growth, self.limit)

    def _between(self, outside: int) -> int:
        if self.inside * 4 < outside:
            return max(isqrt(max(self.inside, 1) * outside), self.inside + 1)
        return (self.inside + outside) // 2

    def _walked(self) -> Span:
        place = self.measure.place_after(self.start, self.target)
        if place is None:
            return self._of(self.limit)
        # A place with more rows than asked for is its own span; what is before it ends here.
        return self._of(max(min(place - self.start, self.limit), 1))

    def _of(self, width: int) -> Span:
        return Span(self.start, self.start + width, self.measure.rows(self.start, self.start + width))
