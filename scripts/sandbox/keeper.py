"""Runs a command and ends it, with every process that came from it, when it is told to or its starter dies.

Airflow's processes start sessions and process groups of their own, so no signal to a group reaches all of them.
The keeper is a child subreaper: whatever loses its parent becomes the keeper's child, and nothing escapes.

Runs as a script: `python -I -S keeper.py STARTER COMMAND ARGUMENT...`. SIGTERM to it ends all. After SIGUSR1 what came
from the command may outlive it. Its exit code is the command's, or 128 and the signal that ended the command, as in a
shell.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import select
import signal
import subprocess
import sys
import time
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_PR_SET_CHILD_SUBREAPER = 36


def keep(starter: int, command: Sequence[str]) -> int:
    """Run the command; return its exit code when it, and all that came from it, have ended."""
    _become_subreaper()
    told, tell = os.pipe()
    os.set_blocking(tell, False)
    signal.set_wakeup_fd(tell)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGUSR1):
        signal.signal(number, lambda *_: None)
    child = subprocess.Popen(command)
    starter_descriptor = _open_starter(starter)
    if starter_descriptor is not None:  # else it has died already
        _wait(os.pidfd_open(child.pid), told, starter_descriptor)
    ended = child.poll()
    _kill_descendants(child)
    code = child.wait() if ended is None else ended
    return code if code >= 0 else 128 - code


def descendants(ancestor: int) -> list[int]:
    """Return the processes that came from a process; all of them if it is a keeper, which orphans come to."""
    by_parent = children()
    found: list[int] = []
    waiting = list(by_parent[ancestor])
    while waiting:
        pid = waiting.pop()
        found.append(pid)
        waiting += by_parent[pid]
    return found


def _wait(child: int, told: int, starter: int) -> None:
    """Return when it is time to end all."""
    awaited = {child, told, starter}
    while told in select.select(awaited, [], [])[0] and os.read(told, 1) == bytes([signal.SIGUSR1]):
        awaited.discard(child)


def _become_subreaper() -> None:
    if ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
        sys.exit(f"Error: {os.strerror(ctypes.get_errno())}: the kernel is too old, this needs Linux 3.4.")


def _open_starter(starter: int) -> int | None:
    """Return a descriptor of the starter, or None when it has died already and its pid may be another's."""
    try:
        descriptor = os.pidfd_open(starter)
    except ProcessLookupError:
        return None
    return descriptor if os.getppid() == starter else None


def _kill_descendants(child: subprocess.Popen[bytes]) -> None:
    """Return when there are none; a process may start another while it is killed, so look again."""
    while True:
        child.poll()
        _collect_ended(child.pid)
        left = descendants(os.getpid())
        if not left:
            return
        for pid in left:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.01)


def _collect_ended(child: int) -> None:
    """Take note of the orphans' ends; the child's own is for `Popen`."""
    for pid in children().get(os.getpid(), []):
        if pid != child:
            with contextlib.suppress(ChildProcessError):
                os.waitpid(pid, os.WNOHANG)


def children() -> dict[int, list[int]]:
    """Return the children of every process of the machine."""
    found: dict[int, list[int]] = defaultdict(list)
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            # the second field is a name in parentheses that may hold anything; then come state and parent
            parent = stat.read_text(errors="replace").rpartition(")")[2].split()[1]
            found[int(parent)].append(int(stat.parent.name))
    return found


if __name__ == "__main__":
    sys.exit(keep(int(sys.argv[1]), sys.argv[2:]))
