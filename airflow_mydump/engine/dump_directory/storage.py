"""Where a dump lies: a directory on any file system that fsspec reaches. Files appear only complete.

On a local file system a file is written under a name of its own in the private sub-folder, synced, and renamed; many at
once by a `FileBatch`. An object store shows an object when its upload is committed.
"""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Collection, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from io import FileIO
from pathlib import Path
from typing import Any, BinaryIO, Protocol, cast

from fsspec.implementations.local import LocalFileSystem

from airflow_mydump.engine.consistency.pause import PAUSE
from airflow_mydump.engine.dump_directory import METADATA, PRIVATE
from airflow_mydump.engine.errors import ConfigurationError, DumpError
from airflow_mydump.engine.workdir import WorkDirectory, make_directory, sync_directory

_PARTIAL = f"{PRIVATE}/partial"
_UPLOAD_BYTES = 8 << 20
"""How much an object store is sent at once: S3 takes no parts below 5 MiB, and each costs a round trip."""


class Storage:
    """A dump directory. Names are those of files in it, never paths: the encoder and the parser of file names, which
    know no slash, are the only sources of them, but for the sub-folder's own."""

    def __init__(self, directory: WorkDirectory) -> None:
        self.directory = directory
        self.is_local = isinstance(directory.filesystem, LocalFileSystem)

    @classmethod
    def at(cls, url: str) -> Storage:
        """The directory at a path or URL; it need not exist. Raises ConfigurationError if nothing serves the URL."""
        return cls(WorkDirectory.at(url))

    def __str__(self) -> str:
        return str(self.directory)

    @property
    def private(self) -> WorkDirectory:
        """The sub-folder that mydumper ignores."""
        return self.directory.child(PRIVATE)

    def sizes(self) -> dict[str, int]:
        """The files in the directory itself with their sizes. Raises DumpError if it cannot be read."""
        filesystem = self.directory.filesystem
        try:
            if self.is_local:  # in half the time
                return dict(_sizes_below(self.directory.path))
            filesystem.invalidate_cache()
            found = filesystem.ls(self.directory.path, detail=True)
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise DumpError(f"{self} cannot be listed: {error.strerror or error}") from error
        names = ((entry["name"].rstrip("/").rpartition("/")[2], entry) for entry in found)
        return {name: int(entry["size"] or 0) for name, entry in names if entry["type"] == "file" and name}

    @property
    def finished(self) -> bool:
        """Whether a dump is there that was declared complete."""
        self.directory.filesystem.invalidate_cache()
        return self.directory.exists(METADATA)

    def exists(self) -> bool:
        """Whether anything is there."""
        return bool(self.sizes() or self.directory.filesystem.exists(self.private.path))

    @contextmanager
    def writing(self, name: str) -> Iterator[BinaryIO]:
        """A file to write, which is there when the block ends, and not if it fails.

        Raises ConfigurationError naming the file if it cannot be written.
        """
        with naming_the_file(self, name), self._local_file(name) if self.is_local else self._upload(name) as stream:
            yield stream

    @contextmanager
    def reading(self, name: str) -> Iterator[BinaryIO]:
        """A file to read. Raises DumpError naming the file if it is missing or cannot be read."""
        _require_file_name(name)
        path = self.directory.file(name)
        try:
            with cast(BinaryIO, Path(path).open("rb") if self.is_local else self._download(path)) as stream:
                yield stream
        except FileNotFoundError:
            raise DumpError(f"the file {name} is missing") from None
        except OSError as error:
            raise DumpError(f"the file {name} cannot be read: {error.strerror or error}") from error

    def write(self, name: str, content: bytes) -> None:
        """Write a small file. Raises ConfigurationError."""
        with self.writing(name) as stream:
            write_all(stream, content)

    def read(self, name: str, most: int) -> bytes:
        """Read a small file. Raises DumpError if it is missing or has more than ``most`` bytes."""
        with self.reading(name) as stream:
            content = stream.read(most + 1)
        if len(content) > most:
            raise DumpError(f"the file {name} has more than {most:,} bytes, which no such file needs")
        return content

    def keep_only(self, names: Collection[str]) -> None:
        """Remove all files of the directory itself but these. Raises ConfigurationError."""
        self._remove_files(self.sizes().keys() - names)

    def discard(self, names: Collection[str]) -> None:
        """Remove those of the files that are there. Raises ConfigurationError."""
        self._remove_files(self.sizes().keys() & names)

    def _remove_files(self, names: Collection[str]) -> None:
        try:
            if names:
                self.directory.filesystem.rm([self.directory.file(name) for name in sorted(names)])
        except FileNotFoundError:
            pass  # somebody else has
        except OSError as error:
            raise ConfigurationError(f"{self} cannot be emptied: {error.strerror or error}") from error

    def remove_unfinished(self) -> None:
        """Remove what interrupted writers left."""
        with suppress(FileNotFoundError):
            self.directory.filesystem.rm(self.directory.file(_PARTIAL), recursive=True)
        self.private.remove_unfinished()

    def remove(self) -> None:
        """Remove the dump with all its files, its completion marker first. Raises ConfigurationError.

        That a server's applier is stopped for it, and waits for who lets it run again, stays written down.
        """
        filesystem = self.directory.filesystem
        try:
            for name in sorted(self.sizes(), key=lambda name: name != METADATA):
                filesystem.rm_file(self.directory.file(name))
            if self.private.exists(PAUSE):
                paths = filesystem.ls(self.private.path, detail=False)
                private = [path for path in paths if not path.endswith(f"/{PAUSE}")]
            else:
                private = [self.private.path] if filesystem.exists(self.private.path) else []
            for path in private:
                filesystem.rm(path, recursive=True)
        except OSError as error:
            raise ConfigurationError(f"{self} cannot be emptied: {error.strerror or error}") from error

    @contextmanager
    def partial_file(self, name: str) -> Iterator[tuple[BinaryIO, str]]:
        """A file to write that nobody sees, on a local file system, and its path; it is gone if the block fails.

        Raises OSError.
        """
        _require_file_name(name)
        # A task that was taken for dead, in another container perhaps, may still be writing the same file.
        partial = self.directory.file(f"{_PARTIAL}/{name}.{secrets.token_hex(8)}")
        try:
            with _opened(partial) as stream:
                yield stream, partial
        except BaseException:
            Path(partial).unlink(missing_ok=True)
            raise

    @contextmanager
    def _local_file(self, name: str) -> Iterator[BinaryIO]:
        with self.partial_file(name) as (stream, partial):
            yield stream
            os.fsync(stream.fileno())
            Path(partial).replace(self.directory.file(name))
            sync_directory(self.directory.path)

    @contextmanager
    def _upload(self, name: str) -> Iterator[BinaryIO]:
        _require_file_name(name)
        stream: Any = self.directory.filesystem.open(
            self.directory.file(name), "wb", block_size=_UPLOAD_BYTES, autocommit=False
        )
        try:
            yield stream
            stream.close()
            stream.commit()
        except BaseException:
            with suppress(Exception):
                stream.discard()
            raise

    def _download(self, path: str) -> Any:
        return self.directory.filesystem.open(path, "rb", block_size=_UPLOAD_BYTES, cache_type="readahead")


def _sizes_below(path: str) -> Iterator[tuple[str, int]]:
    for each in os.scandir(path):
        with suppress(FileNotFoundError):  # somebody has removed it since
            if each.is_file():
                yield each.name, each.stat().st_size


def _opened(partial: str) -> BinaryIO:
    # Not by pathlib and open(): for small files, of which there are thousands, these take as long as all the rest.
    try:
        return cast(BinaryIO, FileIO(partial, "x"))
    except FileNotFoundError:  # the first, or another has removed what was left
        make_directory(Path(partial).parent)
        return cast(BinaryIO, FileIO(partial, "x"))


def write_all(stream: BinaryIO, content: bytes) -> None:
    """Write all of it: where there is no more room, a file takes a part first, and says only then that it is full.

    Raises OSError.
    """
    left = memoryview(content)
    while left:
        left = left[stream.write(left) :]


@contextmanager
def naming_the_file(storage: Storage, name: str) -> Iterator[None]:
    """Turn what the system says about a file that is written into ConfigurationError, which names it."""
    try:
        yield
    except OSError as error:
        path = storage.directory.file(name)
        raise ConfigurationError(f"{path} cannot be written: {error.strerror or error}") from error


class Writable(Protocol):
    """Where files of a dump are written: a `Storage`, or a `FileBatch`."""

    def writing(self, name: str) -> AbstractContextManager[BinaryIO]:
        """A file to write."""

    def write(self, name: str, content: bytes) -> None:
        """Write a small file."""


_IN_NO_NAME = re.compile(r"[/\\\x00-\x1f]")


def _require_file_name(name: str) -> None:
    if name in ("", ".", "..") or _IN_NO_NAME.search(name):
        raise DumpError(f"{name!r} is not the name of a file in a dump directory")
