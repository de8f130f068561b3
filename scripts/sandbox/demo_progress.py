"""Shows a run of a migration while it goes on: a bar per phase in a terminal, else a line when one has ended."""

from __future__ import annotations

import time
from collections import Counter
from typing import TYPE_CHECKING, Any

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rich.console import Console

PHASES = (
    "preflight",
    "prefetch_metadata",
    "chunk_plan",
    "schema_phase",
    "data_phase",
    "index_phase",
    "verify",
    "post_phase",
    "report",
)
_ENDED = frozenset({"success", "failed", "upstream_failed", "skipped", "removed"})


class DemoProgress:
    """Give `look` the run's task instances now and then."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._progress = Progress(
            TextColumn("   {task.description:<17}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[detail]}"),
            console=console,
        )
        self._progress.disable = not console.is_terminal
        self._bars = {phase: self._progress.add_task(phase, total=None, detail="") for phase in PHASES}
        self._begun = time.monotonic()
        self._told: set[str] = set()

    def look(self, instances: Sequence[Mapping[str, Any]]) -> None:
        """Show the states."""
        for phase in PHASES:
            states = Counter(each["state"] for each in instances if each["task_id"] == phase)
            ended = sum(count for state, count in states.items() if state in _ENDED)
            # a phase that is not mapped yet has one instance, without a state
            total = states.total() if states.keys() != {None} else None
            self._progress.update(self._bars[phase], total=total, completed=ended, detail=_detail(states))
            if total and ended == total and phase not in self._told:
                self._told.add(phase)
                self._tell(phase, states)

    def _tell(self, phase: str, states: Counter[Any]) -> None:
        if not self._console.is_terminal:
            seconds = time.monotonic() - self._begun
            tasks = f"{states.total()} task{'s' * (states.total() > 1)}"
            line = f"   {phase:<17} {tasks}, {_detail(states) or 'done'}, at {seconds:.1f} s"
            self._console.print(line, highlight=False, soft_wrap=True)

    def __enter__(self) -> DemoProgress:
        self._progress.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._progress.stop()


def _detail(states: Counter[Any]) -> str:
    parts = (f"{states[state]} {word}" for state, word in _NOTEWORTHY.items() if states[state])
    return ", ".join(parts)


_NOTEWORTHY = {
    "running": "running",
    "up_for_retry": "to be tried again",
    "failed": "failed",
    "upstream_failed": "not started",
}
