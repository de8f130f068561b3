"""mydumper and myloader, where they are on PATH: what they write we read, and what we write they read."""

from __future__ import annotations

import shutil
import signal
import subprocess
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from sandbox.server import Server

    from tests.integration.pair import Pair

MYDUMPER = shutil.which("mydumper")
MYLOADER = shutil.which("myloader")


def load_with_myloader(pair: Pair, path: Path) -> None:
    assert MYLOADER
    drop = "--drop-table" if "--drop-table" in _run([MYLOADER, "--help"]).stdout else "--overwrite-tables"
    command = [MYLOADER, *_account(pair.target), "-d", str(path), "-t", "2", "-v", "2", drop]
    for _ in range(9):
        # 1.0.1 now and then aborts over a mutex of its own, or waits for it without end, whatever it loads.
        try:
            done = _run(command)
        except subprocess.TimeoutExpired:
            continue
        if done.returncode != -signal.SIGABRT:
            break
    assert done.returncode == 0, done.stderr


def dump_with_mydumper(pair: Pair, database: str, path: Path, *options: str) -> None:
    assert MYDUMPER
    command = [MYDUMPER, *_account(pair.source), "-B", database, "-o", str(path), "-t", "2", "-v", "2", *options]
    done = _run(command)
    assert done.returncode == 0, done.stderr


def _account(server: Server) -> list[str]:
    return ["-h", server.host, "-P", str(server.port), "-u", server.user, "-p", server.password]


def _run(command: list[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, timeout=50)
