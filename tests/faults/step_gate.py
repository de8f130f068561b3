"""Stops the process under test at each step that the engine announces, until the test has done there what it wants.

The engine's listeners are called where the step is taken, in a worker process; this carries each call to the test and
waits for the answer. So a fault hits exactly that step, and the one who is hit may be killed at it.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import tempfile
import threading
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from airflow_mydump.engine.event import Event

_GO_ON = b"."


@dataclass(frozen=True)
class Step:
    """A step that a process is at: the value of its EventKind, the table, the chunk, and the process's id."""

    kind: str
    schema: str
    table: str
    chunk: str
    process: int


class StepGate:
    """Calls `arrived` in this process for every step, one at a time; a step goes on when the call returns.

    What a call raises is raised when the `with` block ends.
    """

    def __init__(self, arrived: Callable[[Step], None]) -> None:
        self._arrived = arrived
        self._folder = tempfile.TemporaryDirectory(prefix="mydump-gate-")
        self.address = str(Path(self._folder.name) / "gate")
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(self.address)
        self._listener.listen(64)
        self._lock = threading.Lock()
        self._open = True
        self.error: BaseException | None = None
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self) -> StepGate:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        with self._lock:  # whatever is being done at a step is done when the gate is gone
            self._open = False
        self._listener.shutdown(socket.SHUT_RDWR)
        self._thread.join(5)
        self._listener.close()
        self._folder.cleanup()
        if self.error and error is None:
            raise self.error

    def _serve(self) -> None:
        while True:
            try:
                visitor, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._receive, args=(visitor,), daemon=True).start()

    def _receive(self, visitor: socket.socket) -> None:
        # The visitor may be killed at any time, also by `arrived`.
        with visitor, contextlib.suppress(OSError, ValueError):
            step = Step(**json.loads(visitor.makefile().readline()))
            with self._lock:
                if self._open and not self.error:
                    self._arrive(step)
            visitor.sendall(_GO_ON)

    def _arrive(self, step: Step) -> None:
        try:
            self._arrived(step)
        except BaseException as error:
            self.error = error


def announce(address: str, event: Event) -> None:
    """Tell the gate at this address of a step, and return when it may be gone on from."""
    step = Step(event.kind.value, event.name.schema, event.name.name, event.chunk, os.getpid())
    # A test that is over has no gate any more, and nothing to wait for.
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as connection:
        connection.connect(address)
        connection.sendall(json.dumps(asdict(step)).encode() + b"\n")
        connection.recv(1)
