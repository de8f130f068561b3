"""How fast rows moved, over time: the samples of many tasks become one curve."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

_BUCKETS = 90
_SHORTEST = 1.0


@dataclass(frozen=True)
class Timeline:
    """Rows and bytes a second in steps of ``step`` seconds from ``start`` (seconds since 1970) on."""

    start: float
    step: float
    rows: tuple[float, ...]
    bytes: tuple[float, ...]

    def rate(self, seconds: float) -> float:
        """Rows a second over the last so many seconds."""
        steps = max(1, min(len(self.rows), round(seconds / self.step)))
        return sum(self.rows[-steps:]) / steps


Samples = Sequence[tuple[float, int, int]]
"""Moments of one task, with the sums of rows and bytes."""


def timeline_of(samples: Iterable[Samples], unsettled: float = 0.0) -> Timeline | None:
    """The curve of all tasks; None where there is nothing to show.

    Between two samples of a task its work counts as even. Of tasks at work not all have told of the last
    ``unsettled`` seconds, so these are left out.
    """
    spans = [span for task in samples for span in pairwise(sorted(task))]
    if not spans:
        return None
    start = min(before[0] for before, _ in spans)
    end = max(start + _SHORTEST, *(after[0] for _, after in spans))
    step = max(_SHORTEST, (end - start) / _BUCKETS)
    count = max(1, round((end - start) / step))
    rows, size = [0.0] * count, [0.0] * count
    for before, after in spans:
        for bucket, share in _shares(before[0] - start, after[0] - start, step, count):
            rows[bucket] += share * (after[1] - before[1]) / step
            size[bucket] += share * (after[2] - before[2]) / step
    settled = max(1, count - int(unsettled / step))
    return Timeline(
        start,
        step,
        tuple(round(each, 1) for each in rows[:settled]),
        tuple(round(each, 1) for each in size[:settled]),
    )


def _shares(begin: float, end: float, step: float, count: int) -> Iterable[tuple[int, float]]:
    """Which buckets a span covers, and how much of it is in each; together exactly one."""
    first, last = min(count - 1, int(begin / step)), min(count - 1, int(end / step))
    if first == last:
        yield first, 1.0
        return
    for bucket in range(first, last + 1):
        begins = max(begin, bucket * step)
        ends = end if bucket == last else (bucket + 1) * step
        yield bucket, (ends - begins) / (end - begin)
