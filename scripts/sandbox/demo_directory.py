"""The folder of the demo: one demo at a time uses it, and `--clean` removes it."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from sandbox.installation import cache_directory

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sandbox.server import Server

#: What a demo that was killed takes at most to end its processes.
_ENDING_SECONDS = 15.0


class DemoRunningError(Exception):
    """Another demo uses the folder; says what to do."""


class DemoDirectory:
    """The folder, locked by `lock` for as long as the demo or a process of its Airflow lives."""

    def __init__(self) -> None:
        self.path = cache_directory() / "demo"

    @property
    def airflow(self) -> Path:
        """AIRFLOW_HOME, with all logs."""
        return self.path / "airflow"

    @property
    def work(self) -> Path:
        """The work directory of the migrations."""
        return self.path / "work"

    @contextmanager
    def lock(self) -> Iterator[int]:
        """Take the folder; the descriptor is for processes that must end before it is free again.

        Raises DemoRunningError.
        """
        self._lock.parent.mkdir(parents=True, exist_ok=True)
        descriptor = _take(self._lock)
        try:
            yield descriptor
        finally:
            os.close(descriptor)

    def empty(self) -> None:
        """Start anew, without what an earlier demo left."""
        self._remove_contents()
        self.path.mkdir(mode=0o700)

    def remember(self, server: Server) -> None:
        """Note a server's folder, which lies elsewhere; whoever cleans up finds it by this note."""
        with self._servers.open("a", encoding="utf-8") as notes:
            notes.write(f"{server.directory}\n")

    def remove(self) -> None:
        """Remove the folder, its lock too, and the folders of the servers of a demo that could not do it itself."""
        self._remove_contents()
        self._lock.unlink(missing_ok=True)

    def _remove_contents(self) -> None:
        if self._servers.exists():
            for line in self._servers.read_text(encoding="utf-8").splitlines():
                shutil.rmtree(line, ignore_errors=True)
        shutil.rmtree(self.path, ignore_errors=True)

    @property
    def _lock(self) -> Path:
        # beside the folder: it is held while the folder is removed
        return self.path.with_suffix(".lock")

    @property
    def _servers(self) -> Path:
        return self.path / "servers"


def _take(lock: Path) -> int:
    deadline = time.monotonic() + _ENDING_SECONDS
    while True:
        descriptor = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        with contextlib.suppress(BlockingIOError):
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # else it was removed meanwhile, and others lock a new one
            if _is(descriptor, lock):
                os.ftruncate(descriptor, 0)
                os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
                return descriptor
        pid = os.pread(descriptor, 20, 0).decode("ascii", "replace").strip()
        os.close(descriptor)
        if time.monotonic() > deadline:
            raise DemoRunningError(f"A demo is running (process {pid}): end it with Ctrl-C or `kill {pid}` first.")
        time.sleep(0.2)


def _is(descriptor: int, path: Path) -> bool:
    with contextlib.suppress(FileNotFoundError):
        return os.path.samestat(os.fstat(descriptor), path.stat())
    return False
