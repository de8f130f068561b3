"""How long to wait before a server is asked again."""

from __future__ import annotations

from collections.abc import Iterator


def growing_pauses(first: float, longest: float) -> Iterator[float]:
    """Seconds, without end: each is twice the one before, up to the longest. What may take a moment only is seen at
    once, and what takes long is not asked for all the time."""
    pause = first
    while True:
        yield pause
        pause = min(2 * pause, longest)
