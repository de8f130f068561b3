"""Ends a process by SIGKILL at an exact step of the engine, as a crash would."""

from __future__ import annotations

import multiprocessing
import os
import signal
from typing import TYPE_CHECKING

from airflow_mydump.engine.phases.data import data_phase

if TYPE_CHECKING:
    from airflow_mydump.engine.event import Event, EventKind
    from airflow_mydump.engine.server.endpoint import Endpoint
    from airflow_mydump.engine.workdir import WorkDirectory


def die_in_data_phase(
    source: Endpoint, target: Endpoint, work: WorkDirectory, files: list[str], kind: EventKind, number: int
) -> int | None:
    """Run the data phase in a process that is killed at its `number`-th event of a kind; returns its exit status."""
    context = multiprocessing.get_context("spawn")
    process = context.Process(target=_data_phase_until, args=(source, target, work, files, kind, number))
    process.start()
    process.join(60)
    status = process.exitcode
    process.close()
    return status


def _data_phase_until(
    source: Endpoint, target: Endpoint, work: WorkDirectory, files: list[str], kind: EventKind, number: int
) -> None:
    seen = 0

    def listen(event: Event) -> None:
        nonlocal seen
        seen += event.kind is kind
        if seen == number:
            os.kill(os.getpid(), signal.SIGKILL)

    for file in files:
        data_phase(source, target, work, file, listen)
