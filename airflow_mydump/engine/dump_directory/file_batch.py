"""Files of a dump that appear together: one call makes all of them durable, then they get their names.

A thousand small files that are synced one by one take a disk ten times as long as their content does.
"""

from __future__ import annotations

import ctypes
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import BinaryIO

from airflow_mydump.engine.dump_directory.storage import Storage, naming_the_file, write_all


class FileBatch:
    """Files that are written now and there after `settle`, or at the end of the block if it does not fail.

    Where the directory is no local one, each is there as soon as it is written. Use as a context manager.
    """

    def __init__(self, storage: Storage) -> None:
        self._storage = storage
        self._partial: dict[str, str] = {}
        self._directory = -1

    @contextmanager
    def writing(self, name: str) -> Iterator[BinaryIO]:
        """As `Storage.writing`."""
        if not self._storage.is_local:
            with self._storage.writing(name) as stream:
                yield stream
            return
        with naming_the_file(self._storage, name), self._storage.partial_file(name) as (stream, partial):
            if self._directory < 0:
                # Before anything is written: it is told of what fails from now on (Linux 5.8).
                self._directory = os.open(self._storage.directory.path, os.O_RDONLY)
            yield stream
        if (earlier := self._partial.pop(name, None)) is not None:
            Path(earlier).unlink(missing_ok=True)
        self._partial[name] = partial

    def write(self, name: str, content: bytes) -> None:
        """As `Storage.write`."""
        with self.writing(name) as stream:
            write_all(stream, content)

    def settle(self) -> list[str]:
        """Make all that was written durable, and let it appear; returns the names.

        Raises ConfigurationError if that cannot be done.
        """
        if not self._partial:
            return []
        waiting, self._partial = self._partial, {}
        try:
            with naming_the_file(self._storage, next(iter(waiting))):
                _sync_file_system(self._directory, waiting.values())
                for name, partial in waiting.items():
                    os.replace(partial, self._storage.directory.file(name))  # noqa: PTH105  # pathlib is slower than it
                os.fsync(self._directory)
        except BaseException:
            # Never again: the system tells of a failed sync only once, and what is lost is lost.
            _remove(waiting)
            raise
        return list(waiting)

    def __enter__(self) -> FileBatch:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        try:
            if error is None:
                self.settle()
        finally:
            _remove(self._partial)
            if self._directory >= 0:
                os.close(self._directory)


_SYNCFS_TELLS = (5, 8)
"""The Linux from which on syncfs tells of what could not be written."""


def _kernel() -> tuple[int, ...]:
    return tuple(map(int, re.findall(r"\d+", os.uname().release)[:2]))


def _remove(partial: Mapping[str, str]) -> None:
    for path in partial.values():
        Path(path).unlink(missing_ok=True)


def _sync_file_system(directory: int, files: Iterable[str]) -> None:
    """syncfs(2), which Python does not have; each file by itself where the system has none either, or does not tell by
    it what could not be written."""
    library = ctypes.CDLL(None, use_errno=True)
    if not hasattr(library, "syncfs") or _kernel() < _SYNCFS_TELLS:
        for file in files:
            with Path(file).open("rb") as stream:
                os.fsync(stream.fileno())
    elif library.syncfs(directory):
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
