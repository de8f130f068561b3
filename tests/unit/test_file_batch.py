"""Files of a batch appear together and whole, or not at all."""

from __future__ import annotations

import errno
import io
import os
from typing import TYPE_CHECKING, Any

import pytest

from airflow_mydump.engine.dump_directory import file_batch
from airflow_mydump.engine.dump_directory import storage as storage_module
from airflow_mydump.engine.dump_directory.file_batch import FileBatch
from airflow_mydump.engine.dump_directory.storage import Storage
from airflow_mydump.engine.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


def test_files_appear_when_the_batch_is_settled_and_not_before(tmp_path: Path) -> None:
    storage = Storage.at(str(tmp_path))
    with FileBatch(storage) as files:
        files.write("a", b"1")
        files.write("b", b"22")
        assert storage.sizes() == {}
        files.settle()
        assert storage.sizes() == {"a": 1, "b": 2}
        files.write("a", b"333")
        files.write("a", b"4444")
    assert storage.sizes() == {"a": 4, "b": 2}
    assert not list(tmp_path.rglob("*partial*/*"))


def test_a_batch_that_fails_leaves_what_was_settled(tmp_path: Path) -> None:
    storage = Storage.at(str(tmp_path))
    with pytest.raises(ZeroDivisionError), FileBatch(storage) as files:
        files.write("a", b"1")
        files.settle()
        files.write("b", b"2")
        raise ZeroDivisionError
    assert storage.sizes() == {"a": 1}
    assert not list(tmp_path.rglob("*partial*/*"))


def test_what_cannot_be_made_durable_does_not_appear(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(directory: int, files: Iterable[str]) -> None:
        raise OSError(errno.EIO, "input/output error")

    monkeypatch.setattr(file_batch, "_sync_file_system", fail)
    storage = Storage.at(str(tmp_path))
    with (
        pytest.raises(ConfigurationError, match=r"a cannot be written: input/output error"),
        FileBatch(storage) as files,
    ):
        files.write("a", b"1")
    assert storage.sizes() == {}


def test_a_store_of_objects_shows_each_as_soon_as_it_is_written() -> None:
    storage = Storage.at("memory://batch")
    with FileBatch(storage) as files:
        files.write("a", b"1")
        assert storage.sizes() == {"a": 1}
    storage.remove()


def test_what_could_not_be_made_durable_once_never_appears(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The system tells of what it could not write once, and the next sync succeeds."""
    sync = file_batch._sync_file_system

    def fail(directory: int, files: Iterable[str]) -> None:
        monkeypatch.setattr(file_batch, "_sync_file_system", sync)
        raise OSError(errno.ENOSPC, "no space left on device")

    monkeypatch.setattr(file_batch, "_sync_file_system", fail)
    storage = Storage.at(str(tmp_path))
    with FileBatch(storage) as files:
        files.write("a", b"1")
        with pytest.raises(ConfigurationError, match=r"a cannot be written: no space left"):
            files.settle()
        files.write("b", b"2")
    assert storage.sizes() == {"b": 1}
    assert not list(tmp_path.rglob("*partial*/*"))


class _Scant(io.FileIO):
    """A file that takes a part of what is written, as one does where there is little room left."""

    def write(self, data: Any, /) -> int:
        return super().write(memoryview(data)[:7])


def test_a_file_that_takes_a_part_gets_the_rest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(storage_module, "FileIO", _Scant)
    storage, content = Storage.at(str(tmp_path)), bytes(range(100))
    storage.write("metadata", content)
    with FileBatch(storage) as files:
        files.write("a", content)
    assert [(tmp_path / name).read_bytes() for name in ("metadata", "a")] == [content, content]


def test_a_system_that_does_not_tell_of_what_could_not_be_written_is_asked_file_by_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[int] = []
    storage = Storage.at(str(tmp_path))
    storage.write("first", b"makes the directories")
    monkeypatch.setattr(file_batch, "_kernel", lambda: (5, 4))
    monkeypatch.setattr(os, "fsync", synced.append)
    with FileBatch(storage) as files:
        files.write("a", b"1")
        files.write("b", b"2")
    assert len(synced) == 3  # and the directory
