"""Ends a server and removes its directory when the process that started it dies, even by SIGKILL.

A process of its own, since neither way without one is safe: PR_SET_PDEATHSIG fires when the starting *thread*
ends, and the end of a pipe is not seen while a forked child of the starter still holds it.

Runs as a script: `python -I -S watchdog.py STARTER SERVER DIRECTORY`.
"""

from __future__ import annotations

import contextlib
import os
import select
import shutil
import signal
import sys


def watch(starter: int, server: int, directory: str) -> None:
    """Return when the server has ended; if the starter dies first, kill the server, remove its directory."""
    try:
        server_descriptor = os.pidfd_open(server)
    except ProcessLookupError:
        return
    starter_descriptor = _open_starter(starter)
    if starter_descriptor is not None:
        ended, _, _ = select.select([starter_descriptor, server_descriptor], [], [])
        if starter_descriptor not in ended:
            return
    with contextlib.suppress(ProcessLookupError):
        signal.pidfd_send_signal(server_descriptor, signal.SIGKILL)
    select.select([server_descriptor], [], [])
    shutil.rmtree(directory, ignore_errors=True)


def _open_starter(starter: int) -> int | None:
    """Return a descriptor of the starter, or None when it has died already and its pid may be another's."""
    try:
        descriptor = os.pidfd_open(starter)
    except ProcessLookupError:
        return None
    return descriptor if os.getppid() == starter else None


if __name__ == "__main__":
    watch(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3])
