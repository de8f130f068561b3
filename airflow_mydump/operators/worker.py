"""What the operators share whose mapped tasks read in one moment together."""

from __future__ import annotations

from typing import Any, ClassVar

from airflow_mydump.engine.consistency.settings import Consistency
from airflow_mydump.engine.consistency.worker import Worker
from airflow_mydump.operators.phase import PhaseOperator


class WorkerOperator(PhaseOperator):
    """One of the workers of a phase; map it with ``.partial(workers=n, …).expand(worker=range(n))``.

    For a snapshot all must run at the same time. Each takes the next bundle that nobody has, until none is left.

    :param worker: the worker's number, from 0
    :param workers: how many there are
    :param consistency: the mode, and what it may cost the source
    """

    MAP_INDEX_TEMPLATE: ClassVar[str] = "worker {{ task.worker + 1 }}"
    """Names a mapped task in the UI."""

    def __init__(self, *, worker: int, workers: int, consistency: Consistency, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.worker = worker
        self.workers = workers
        self.consistency = consistency

    @property
    def member(self) -> Worker:
        """Which of how many workers the task is."""
        return Worker(self.worker, self.workers, f"the slots of pool {self.pool}")
