"""Runs a command and tells what it took: wall seconds, CPU seconds of its processes and of servers, peak memory."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, fields
from pathlib import Path
from statistics import median
from threading import Event, Thread

from tests.benchmarks import reaper


@dataclass(frozen=True)
class Cost:
    """Seconds by the clock, CPU seconds of the client's processes and of the servers, and the client's largest resident
    set in MB."""

    wall: float
    cpu: float
    memory: float
    servers: float = 0.0

    def __add__(self, other: Cost) -> Cost:
        return Cost(
            self.wall + other.wall,
            self.cpu + other.cpu,
            max(self.memory, other.memory),
            self.servers + other.servers,
        )


class CommandError(Exception):
    """A command of a peer ended badly; the message has the end of what it said."""


def run(command: Sequence[str] | str, servers: Sequence[int]) -> Cost:
    """Run a command, a shell's line if it is one string, and measure it and the servers. Raises CommandError."""
    before, busy = time.monotonic(), cpu_seconds(servers)
    words = ["bash", "-o", "pipefail", "-c", command] if isinstance(command, str) else command
    process = subprocess.Popen(
        [sys.executable, "-I", "-S", reaper.__file__, *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    assert process.stdout is not None
    with PeakMemory(process.pid) as memory:
        said = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise CommandError(said.decode(errors="replace")[-800:])
    wall = time.monotonic() - before
    return Cost(wall, usage.ru_utime + usage.ru_stime, memory.megabytes, cpu_seconds(servers) - busy)


class PeakMemory:
    """Looks at a process and its descendants now and then; the largest resident set that one of them had.

    What wait4 tells would be this process's own: a child counts what its parent had before it became another program.
    """

    def __init__(self, process: int) -> None:
        self.megabytes = 0.0
        self._process = process
        self._over = Event()
        self._thread = Thread(target=self._look, daemon=True)

    def __enter__(self) -> PeakMemory:
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._over.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._over.wait(0.1):
            for process in descendants(self._process):
                self.megabytes = max(self.megabytes, _peak(process))


def descendants(process: int) -> Iterator[int]:
    """A process and all that it started, as far as they live."""
    yield process
    for children in Path(f"/proc/{process}/task").glob("*/children"):
        with suppress(OSError):
            for child in children.read_text(encoding="ascii").split():
                yield from descendants(int(child))


def _peak(process: int) -> float:
    with suppress(OSError):
        found = re.search(r"VmHWM:\s+(\d+)", Path(f"/proc/{process}/status").read_text(encoding="utf-8"))
        return int(found[1]) / 1024 if found else 0.0
    return 0.0


@contextmanager
def stopwatch(servers: Sequence[int]) -> Iterator[list[Cost]]:
    """Measures a block of this process; the list has its cost when the block is over."""
    costs: list[Cost] = []
    wall, cpu, busy = time.monotonic(), time.process_time(), cpu_seconds(servers)
    yield costs
    costs.append(Cost(time.monotonic() - wall, time.process_time() - cpu, 0, cpu_seconds(servers) - busy))


def cpu_seconds(processes: Sequence[int]) -> float:
    """What processes have taken so far."""
    ticks = 0
    for process in processes:
        # The name in parentheses may hold blanks.
        figures = Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
        ticks += int(figures[11]) + int(figures[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def typical(costs: Sequence[Cost]) -> Cost:
    """The median of each figure."""
    return Cost(**{each.name: median(getattr(cost, each.name) for cost in costs) for each in fields(Cost)})
