"""What a keeper runs ends with it, or with whoever started it, however far it got away."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from sandbox import keeper

#: A process in a session of its own whose parent has ended, and its child; their pids go to a file.
ESCAPING = 'setsid sh -c \'sleep 600 & echo $! $$ > "$0".partial; mv "$0".partial "$0"; wait\' "$0" & sleep 600'
STARTER = """
import subprocess, sys, os
subprocess.Popen([sys.executable, "-I", "-S", sys.argv[1], str(os.getpid()), "sh", "-c", sys.argv[2], sys.argv[3]])
print("started", flush=True)
input()
"""


@pytest.fixture
def starter(tmp_path: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", STARTER, keeper.__file__, ESCAPING, str(tmp_path / "pids")],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
    )


def pids(directory: Path) -> list[int]:
    file = directory / "pids"
    wait_for(file.exists)
    return [int(pid) for pid in file.read_text().split()]


def wait_for(condition: object) -> None:
    deadline = time.monotonic() + 10
    assert callable(condition)
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_all_ends_when_the_starter_is_killed(starter: subprocess.Popen[str], tmp_path: Path) -> None:
    found = pids(tmp_path)
    assert all(map(alive, found))
    starter.kill()
    starter.communicate()
    wait_for(lambda: not any(map(alive, found)))


def test_all_ends_when_the_keeper_is_told_to(tmp_path: Path) -> None:
    process = keep("sh", "-c", ESCAPING, str(tmp_path / "pids"))
    found = pids(tmp_path)
    process.terminate()
    assert process.wait(10) == 128 + signal.SIGKILL
    assert not any(map(alive, found))


def test_what_a_command_leaves_behind_ends_with_it(tmp_path: Path) -> None:
    process = keep("sh", "-c", f"{ESCAPING.removesuffix('sleep 600')} sleep 1; exit 3", str(tmp_path / "pids"))
    found = pids(tmp_path)
    assert process.wait(10) == 3
    assert not any(map(alive, found))


def keep(*command: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-I", "-S", keeper.__file__, str(os.getpid()), *command])
