"""One of several workers that read together."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Worker:
    """Which of how many workers this is; numbers count from 0. ``slots`` names what there must be enough of for all."""

    number: int
    workers: int
    slots: str = "the slots of their pool"


def crew(workers: int) -> list[Worker]:
    """All of them."""
    return [Worker(number, workers) for number in range(workers)]
