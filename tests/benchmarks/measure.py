"""Runs a command and tells what it took: wall seconds, CPU seconds and peak memory of all its processes."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True)
class Cost:
    """Seconds by the clock, CPU seconds, and the largest resident set of any of its processes in MB."""

    wall: float
    cpu: float
    memory: float


class CommandError(Exception):
    """A command of a peer ended badly; the message has the end of what it said."""


def run(command: Sequence[str] | str, environment: Mapping[str, str]) -> Cost:
    """Run a command, a shell's line if it is one string, and measure it. Raises CommandError."""
    before = time.monotonic()
    process = subprocess.Popen(
        ["bash", "-o", "pipefail", "-c", command] if isinstance(command, str) else command,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    assert process.stdout is not None
    said = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise CommandError(said.decode(errors="replace")[-800:])
    return Cost(time.monotonic() - before, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def typical(costs: Sequence[Cost]) -> Cost:
    """The median of each figure."""
    return Cost(*(median(getattr(cost, name) for cost in costs) for name in ("wall", "cpu", "memory")))
