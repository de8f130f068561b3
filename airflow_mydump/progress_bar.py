"""What a run looks like on a terminal."""

from __future__ import annotations

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from airflow_mydump.engine.dump_directory.dump_plan import DumpPlan
from airflow_mydump.engine.event import Event, EventKind
from airflow_mydump.engine.plan.plan import Plan

_MOVED = (EventKind.CHUNK_COMMITTED, EventKind.CHUNK_DUMPED)


class ProgressBar:
    """A bar for each of the phases that take long, if standard output is a terminal, and a line for each notice."""

    def __init__(self) -> None:
        self._progress = Progress(
            TextColumn("{task.description:<9}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("{task.fields[detail]}"),
        )
        self._progress.disable = not self._progress.console.is_terminal
        self._bars: dict[EventKind, TaskID] = {}
        self._told: set[str] = set()
        self._rows = 0

    def begin(self, plan: Plan) -> None:
        """Learn from the plan how much there is to do."""
        for kind, title, total in (
            (EventKind.TABLE_CREATED, "schema", plan.tables),
            (EventKind.CHUNK_COMMITTED, "data", plan.chunks),
            (EventKind.KEYS_ADDED, "index", plan.tables),
            (EventKind.CHUNK_VERIFIED, "verify", plan.chunks),
            (EventKind.OBJECT_CREATED, "post", plan.objects),
        ):
            self._bars[kind] = self._progress.add_task(title, total=total, detail="")

    def begin_dump(self, plan: DumpPlan) -> None:
        """Learn from a dump's plan how much there is to do."""
        self._bars[EventKind.CHUNK_DUMPED] = self._progress.add_task("dump", total=plan.chunks, detail="")

    def listen(self, event: Event) -> None:
        """Advance the bar that an event belongs to; tell a notice, which several workers may give, once."""
        if event.kind is EventKind.NOTICE:
            self._tell(event.text)
        else:
            self._advance(event)

    def _advance(self, event: Event) -> None:
        kind = event.kind
        if kind is EventKind.CHUNK_SKIPPED:
            kind = next(moved for moved in _MOVED if moved in self._bars)
        if kind not in self._bars:
            return
        detail = ""
        if kind in _MOVED:
            self._rows += event.rows
            detail = f"{self._rows:,} rows"
        self._progress.update(self._bars[kind], advance=1, detail=detail)

    def _tell(self, text: str) -> None:
        if text not in self._told:
            self._told.add(text)
            self._progress.console.print(text, markup=False, highlight=False, soft_wrap=True)

    def __enter__(self) -> ProgressBar:
        self._progress.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._progress.stop()
