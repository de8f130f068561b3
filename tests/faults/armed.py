"""A fault that waits for its moment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from airflow_mydump.engine.event import EventKind
    from tests.faults.fault import Moment
    from tests.faults.step_gate import Step


@dataclass(eq=False)
class Armed:
    """A fault for one command of a run: at its ``left``-th step of a kind, or ``seconds`` after its start."""

    name: str
    operation: str
    strike: Callable[[Moment], None]
    step: EventKind | None = None
    left: int = 1
    seconds: float | None = None

    def reaches(self, step: Step) -> bool:
        """Count a step; whether it is the one to strike at."""
        if self.step is None or step.kind != self.step.value:
            return False
        self.left -= 1
        return self.left == 0

    def __repr__(self) -> str:
        when = f"{self.seconds:.3f} s" if self.seconds is not None else f"{self.step and self.step.value} ({self.left})"
        return f"{self.name} in {self.operation} at {when}"
