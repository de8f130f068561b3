"""A small file system in memory, which can be full and can grow; making one takes root."""

from __future__ import annotations

import os
import shutil
import subprocess
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class SmallDisk:
    """What is mounted at ``path``."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def free(self) -> int:
        """The bytes that still fit."""
        return shutil.disk_usage(self.path).free

    def resize(self, size: int) -> None:
        """Give it another size, at least what is on it."""
        _run("mount", "-o", f"remount,size={size}", str(self.path))

    def leave_free(self, size: int) -> None:
        """Give it the size that leaves so many bytes free."""
        self.resize(shutil.disk_usage(self.path).used + size)


@contextmanager
def small_disk(path: Path, size: int) -> Iterator[SmallDisk]:
    """Mount one at ``path``, an empty directory, while the block runs; skips the test where that is refused."""
    if os.geteuid():
        pytest.skip("only root may mount a small disk")
    try:
        _run("mount", "-t", "tmpfs", "-o", f"size={size}", "mydump-test", str(path))
    except subprocess.CalledProcessError as error:
        pytest.skip(f"no small disk can be mounted here: {error.stderr.strip()}")
    try:
        yield SmallDisk(path)
    finally:
        _run("umount", "--lazy", str(path))


def _run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True, text=True)
