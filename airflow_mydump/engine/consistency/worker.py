"""One of several workers that read together."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


def never() -> bool:
    """Airflow tries its tasks again: nobody knows that one will not come any more."""
    return False


@dataclass(frozen=True)
class Worker:
    """Which of how many workers this is; numbers count from 0.

    ``slots`` names what there must be enough of for all. ``is_left_alone`` tells whether another one has failed and
    will not come any more, so that there is no use in waiting for it; it survives pickling.
    """

    number: int
    workers: int
    slots: str = "the slots of their pool"
    is_left_alone: Callable[[], bool] = never
