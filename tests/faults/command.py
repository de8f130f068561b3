"""The command line in a process of its own, made in milliseconds: forked from one that has imported it all.

What a run does is what ``python -m airflow_mydump`` does, with two differences: its workers are forked too, and every
step of the engine passes a gate.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from airflow_mydump import cli
from airflow_mydump.engine.runs import pool
from airflow_mydump.progress_bar import ProgressBar
from tests.faults.step_gate import announce

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from airflow_mydump.engine.event import Event
    from airflow_mydump.engine.runs.relay import Announcer

_nursery = multiprocessing.get_context("forkserver")
_nursery.set_forkserver_preload(["airflow_mydump.cli", "tests.faults.command"])


@dataclass(frozen=True)
class Ended:
    """How a command ended. `status` is negative for the signal that killed it."""

    status: int
    out: str
    err: str


class Command:
    """A command that was started; its processes are a session of their own."""

    def __init__(self, arguments: Sequence[object], environment: Mapping[str, str], folder: Path, gate: str) -> None:
        self.arguments = [str(each) for each in arguments]
        self._out, self._err = folder / "command.out", folder / "command.err"
        self._process = _nursery.Process(
            target=_run, args=(self.arguments, dict(environment), str(self._out), str(self._err), gate)
        )
        self._process.start()
        assert self._process.pid is not None
        self.pid: int = self._process.pid

    @property
    def processes(self) -> list[int]:
        """The command and its workers, as far as they live; empty when nothing of it is left."""
        return [pid for pid in _running() if _session(pid) == self.pid]

    @property
    def workers(self) -> list[int]:
        """The processes that it started."""
        return [pid for pid in self.processes if pid != self.pid]

    @property
    def running(self) -> bool:
        """Whether the command itself lives."""
        return self._process.is_alive()

    def kill(self, pid: int | None = None) -> None:
        """End one of its processes, or the command itself, by SIGKILL."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid or self.pid, signal.SIGKILL)

    def wait(self, seconds: float) -> Ended:
        """How it ended; raises AssertionError, after killing all of it, if it takes longer than so many seconds."""
        self._process.join(seconds)
        if self._process.is_alive():
            for pid in self.processes:
                self.kill(pid)
            self._process.join()
            raise AssertionError(f"the command hangs: not over after {seconds:.0f} s\n{self._err.read_text()}")
        status = self._process.exitcode
        assert status is not None
        return Ended(status, _text(self._out), _text(self._err))

    def wait_for_processes(self, seconds: float) -> None:
        """Wait until nothing of it is left; raises AssertionError if something lives longer than so many seconds."""
        deadline = time.monotonic() + seconds
        while left := self.processes:
            assert time.monotonic() < deadline, f"processes {left} live {seconds:.0f} s after their command"
            time.sleep(0.01)


def _run(arguments: list[str], environment: dict[str, str], out: str, err: str, gate: str) -> None:
    os.setsid()
    for number, name in ((1, out), (2, err)):
        handle = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        os.dup2(handle, number)
        os.close(handle)
    os.environ.update(environment)
    # Whoever starts the tests in the background has them ignore it.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    _fork_workers()
    _pass_gate(gate)
    sys.exit(cli.main(arguments))


def _fork_workers() -> None:
    pool._nursery = lambda: multiprocessing.get_context("fork")


def _pass_gate(gate: str) -> None:
    become_worker = pool._become_worker
    listen = ProgressBar.listen

    def become_gated_worker(events: Any, failure: Any) -> None:
        become_worker(events, failure)
        assert pool._announcer
        pool._announcer = _Gated(gate, pool._announcer)  # type: ignore[assignment]

    def listen_in_command(self: ProgressBar, event: Event) -> None:
        # What workers announce comes through a thread, and has passed the gate there.
        if threading.current_thread() is threading.main_thread():
            announce(gate, event)
        listen(self, event)

    pool._become_worker = become_gated_worker
    ProgressBar.listen = listen_in_command  # type: ignore[method-assign]


class _Gated:
    """An announcer whose events go through the gate before they go on."""

    def __init__(self, gate: str, announcer: Announcer) -> None:
        self._gate = gate
        self._announcer = announcer
        self.send = announcer.send

    def announce(self, event: Event) -> None:
        announce(self._gate, event)
        self._announcer.announce(event)


def _running() -> list[int]:
    return [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]


def _session(pid: int) -> int:
    """The session of a process, 0 if it is gone or only waits to be reaped."""
    try:
        state, _, _, session = (Path("/proc") / str(pid) / "stat").read_text().rpartition(") ")[2].split()[:4]
    except OSError:
        return 0
    return 0 if state in "ZX" else int(session)


def _text(path: Path) -> str:
    return path.read_text() if path.exists() else ""
