"""The work directory: where phases leave catalog, plan and report for one another.

It may be any place fsspec reaches. Files appear only complete, on a local file system for good, and one that is not
what was written is named when it is read: a zstd frame ends with a checksum, a plain record begins with one. They hold
statements that will run on the target, so the default place is private to the user.
"""

from __future__ import annotations

import hashlib
import os
import stat
import tempfile
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import fsspec
import msgspec
import zstandard
from fsspec.implementations.local import LocalFileSystem

from airflow_mydump.engine.errors import ConfigurationError
from airflow_mydump.engine.known_type import known

PARTIAL = ".partial-"
"""What the name of a file begins with while it is written."""

Record = TypeVar("Record")


@dataclass(frozen=True)
class WorkDirectory:
    """A directory on a file system; records in it are dataclasses, stored as JSON."""

    filesystem: Any
    path: str

    @classmethod
    def at(cls, url: str) -> WorkDirectory:
        """The directory at a path or fsspec URL; it need not exist.

        Raises ConfigurationError if no file system serves the URL.
        """
        try:
            filesystem, path = fsspec.core.url_to_fs(url)
        except (ValueError, ImportError) as error:
            raise ConfigurationError(f"work directory {url!r} cannot be used: {error}") from error
        return cls(filesystem, path)

    def __str__(self) -> str:
        """The path, or the URL where it is not on this machine."""
        local = isinstance(self.filesystem, LocalFileSystem)
        return self.path if local else str(self.filesystem.unstrip_protocol(self.path))

    def child(self, *names: str) -> WorkDirectory:
        """A directory below this one."""
        return WorkDirectory(self.filesystem, "/".join([self.path.rstrip("/"), *names]))

    def file(self, name: str) -> str:
        """The path of a file in this directory."""
        return f"{self.path.rstrip('/')}/{name}"

    def exists(self, name: str) -> bool:
        """Whether a file of this name is there."""
        return bool(self.filesystem.exists(self.file(name)))

    def write(self, name: str, record: Any) -> None:
        """Store one record; zstd-compressed if the name ends in ``.zst``."""
        data = msgspec.json.encode(record)
        self._put(name, data if name.endswith(".zst") else _sealed(data))

    def read(self, name: str, kind: type[Record]) -> Record:
        """Load one record. Raises ConfigurationError if the file is missing or is not such a record."""
        data = self._get(name)
        try:
            record = data if name.endswith(".zst") else _opened(self.file(name), data)
            return msgspec.json.decode(record, type=known(kind))
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise ConfigurationError(f"{self.file(name)} is not a {kind.__name__}: {error}") from error

    def write_lines(self, name: str, records: Iterable[Any]) -> None:
        """Store many records, one a line."""
        encode = msgspec.json.encode
        self._put(name, b"".join(encode(record) + b"\n" for record in records))

    def read_lines(self, name: str, kind: type[Record]) -> list[Record]:
        """Load what `write_lines` stored. Raises ConfigurationError as `read` does."""
        try:
            return msgspec.json.Decoder(known(kind)).decode_lines(self._get(name))
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise ConfigurationError(f"{self.file(name)} is not a list of {kind.__name__}: {error}") from error

    def _put(self, name: str, data: bytes) -> None:
        if name.endswith(".zst"):
            data = zstandard.ZstdCompressor(write_checksum=True).compress(data)
        self.write_bytes(name, data)

    def write_bytes(self, name: str, data: bytes) -> None:
        """Store a file as it is."""
        path = self.file(name)
        try:
            self._write_whole(path, data)
        except OSError as error:
            raise ConfigurationError(f"{path} cannot be written: {error.strerror or error}") from error

    def remove_unfinished(self) -> None:
        """Remove what interrupted writers left here and below."""
        if isinstance(self.filesystem, LocalFileSystem):
            for path in Path(self.path).rglob(f"{PARTIAL}*"):
                path.unlink(missing_ok=True)

    def _write_whole(self, path: str, data: bytes) -> None:
        if not isinstance(self.filesystem, LocalFileSystem):
            self.filesystem.makedirs(path.rpartition("/")[0], exist_ok=True)
            self.filesystem.pipe_file(path, data)  # object stores show an object only when it is complete
            return
        make_directory(Path(path).parent)
        handle, partial = tempfile.mkstemp(dir=Path(path).parent, prefix=PARTIAL)
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        try:
            Path(partial).replace(path)
        except FileNotFoundError:
            # Somebody has completed the run, and took this for what an interrupted writer left.
            self._write_whole(path, data)
            return
        sync_directory(Path(path).parent)

    def _get(self, name: str) -> bytes:
        path = self.file(name)
        try:
            data = bytes(self.filesystem.cat_file(path))
        except FileNotFoundError:
            raise ConfigurationError(
                f"{path} is missing: every task must see the same work directory; set it to a shared place"
            ) from None
        except OSError as error:
            raise ConfigurationError(f"{path} cannot be read: {error.strerror or error}") from error
        return _decompressed(path, data) if name.endswith(".zst") else data


def make_directory(path: Path) -> None:
    """Make a directory, and those above it, for good. Raises OSError."""
    if path.exists():
        return
    new = [each for each in (path, *path.parents) if not each.exists()]
    path.mkdir(parents=True, exist_ok=True)
    for each in new:
        sync_directory(each.parent)


def sync_directory(path: str | Path) -> None:
    """Make the names in a directory durable. Raises OSError."""
    directory = os.open(path, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)


@dataclass(frozen=True)
class _Sealed:
    """A record with the SHA-256 of its text."""

    sha256: str
    record: msgspec.Raw


def _sealed(record: bytes) -> bytes:
    return msgspec.json.encode(_Sealed(hashlib.sha256(record).hexdigest(), msgspec.Raw(record)))


def _opened(path: str, data: bytes) -> bytes:
    sealed = msgspec.json.decode(data, type=known(_Sealed))
    record = bytes(sealed.record)
    if hashlib.sha256(record).hexdigest() != sealed.sha256:
        raise ConfigurationError(f"{path} is damaged, it is not what was written: start the run anew")
    return record


def _decompressed(path: str, data: bytes) -> bytes:
    # Only the object tells whether the frame's end was reached; a truncated frame is no error to the library.
    frame = zstandard.ZstdDecompressor().decompressobj()
    try:
        content = frame.decompress(data)
    except zstandard.ZstdError as error:
        raise ConfigurationError(f"{path} is damaged ({error}): start the run anew") from error
    if not frame.eof or frame.unused_data:
        raise ConfigurationError(f"{path} is damaged, it does not end where its content ends: start the run anew")
    return content


def default_work_directory() -> str:
    """A directory below the system's temporary one that only this user can enter; made if missing.

    Raises ConfigurationError if something else than such a directory has its name.
    """
    path = Path(tempfile.gettempdir()) / f"airflow_mydump-{os.getuid()}"
    with suppress(FileExistsError):
        path.mkdir(mode=0o700)
    status = path.lstat()
    if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.getuid() or status.st_mode & 0o077:
        raise ConfigurationError(f"{path} is not a directory that only you can enter: remove it, or name another")
    return str(path)
