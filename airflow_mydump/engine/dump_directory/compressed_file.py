"""Writes files as zstd frames with a checksum, and reads what zstd, gzip or nothing made of them, within bounds.

A file that is truncated, goes on after its end, was changed or would unfold to more than it may is an error before its
reader has seen the end, so that nothing of it is committed.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Callable, Iterable, Iterator
from typing import Any, BinaryIO

import zstandard

from airflow_mydump.engine.dump_directory.file_name import Compression
from airflow_mydump.engine.dump_directory.manifest import FileRecord
from airflow_mydump.engine.dump_directory.storage import Storage, Writable, write_all
from airflow_mydump.engine.errors import DumpError

DEFAULT_LEVEL = 1
"""Measured; see docs/decisions/008-dump-directory.md."""

_READ_BYTES = 1 << 20
_OUTPUT_BYTES = 1 << 20
_WRITE_BYTES = 4 << 20

_FEED_BYTES = 2048
"""What zstd is given at once: it unfolds 32768 times at most, so to 64 MiB. Feeding more is no faster (measured)."""

_WINDOW_BYTES = 32 << 20
"""What a frame may ask to keep in memory; levels up to 19 ask for 8 MiB."""

SMALL_FILE_BYTES = 64 << 20
"""More than any definition has; the bound for files that are read at once."""


def write_compressed(files: Writable, name: str, pieces: Iterable[bytes], level: int = DEFAULT_LEVEL) -> FileRecord:
    """Write the pieces as one zstd frame that ends with a checksum of its content.

    Raises ConfigurationError if the file cannot be written, and what ``pieces`` raises; there is no file then.
    """
    compressor = zstandard.ZstdCompressor(level=level, write_checksum=True).compressobj()
    with files.writing(name) as stream:
        output = _HashedOutput(stream)
        for piece in pieces:
            # In parts: what a long value is compressed to must not be as long at once.
            for start in range(0, len(piece), _READ_BYTES):
                output.write(compressor.compress(memoryview(piece)[start : start + _READ_BYTES]))
        output.write(compressor.flush())
        output.flush()
    return FileRecord(name, output.bytes, output.digest.hexdigest())


class _HashedOutput:
    """Gathers what a compressor yields, so that the file system is asked rarely."""

    def __init__(self, stream: BinaryIO) -> None:
        self.bytes = 0
        self.digest = hashlib.sha256()
        self._stream = stream
        self._parts: list[bytes] = []
        self._waiting = 0

    def write(self, data: bytes) -> None:
        if data:
            self._parts.append(data)
            self._waiting += len(data)
            if self._waiting >= _WRITE_BYTES:
                self.flush()

    def flush(self) -> None:
        data = b"".join(self._parts)
        self._parts, self._waiting = [], 0
        self.digest.update(data)
        self.bytes += len(data)
        write_all(self._stream, data)


def read_compressed(
    storage: Storage, name: str, compression: Compression, record: FileRecord | None = None, most: int | None = None
) -> Iterator[bytes]:
    """The content of a file in pieces of about 1 MiB.

    ``record`` is what the file must be; ``most`` how many bytes it may unfold to. After the last piece everything was
    checked, so a caller that commits only then commits nothing that is damaged.

    Raises DumpError naming the file if it is missing, damaged, does not end where its content ends, is not what
    ``record`` says, or unfolds to more than ``most``.
    """
    size = 0
    with storage.reading(name) as stream:
        source = _Compressed(name, stream, record)
        for piece in _gather(_CONTENTS[compression](name, source.pieces())):
            size += len(piece)
            if most is not None and size > most:
                raise DumpError(f"the file {name} has more than the {most:,} bytes that it is said to have")
            yield piece
        source.require_whole()


def read_small(storage: Storage, name: str, compression: Compression, record: FileRecord | None = None) -> bytes:
    """The whole content of a small file. Raises DumpError as `read_compressed` does."""
    return b"".join(read_compressed(storage, name, compression, record, SMALL_FILE_BYTES))


def decompressed(name: str, content: bytes, most: int) -> bytes:
    """What a zstd file in memory unfolds to. Raises DumpError naming the file if it is damaged or has too much."""
    parts, size = [], 0
    for piece in _zstd(name, [content]):
        parts.append(piece)
        size += len(piece)
        if size > most:
            raise DumpError(f"the file {name} has more than {most:,} bytes")
    return b"".join(parts)


class _Compressed:
    """A file's bytes as they lie there, counted and hashed while they pass."""

    def __init__(self, name: str, stream: BinaryIO, record: FileRecord | None) -> None:
        self._name = name
        self._stream = stream
        self._record = record
        self._digest = hashlib.sha256()
        self._bytes = 0

    def pieces(self) -> Iterator[bytes]:
        while data := self._stream.read(_READ_BYTES):
            self._bytes += len(data)
            if self._record is not None:
                self._digest.update(data)
            yield data

    def require_whole(self) -> None:
        record = self._record
        if record is None:
            return
        if self._bytes != record.bytes:
            raise DumpError(f"the file {self._name} has {self._bytes:,} bytes, and had {record.bytes:,} when written")
        if self._digest.hexdigest() != record.sha256:
            raise DumpError(f"the file {self._name} was changed since it was written")


def _gather(pieces: Iterable[bytes]) -> Iterator[bytes]:
    parts, size = [], 0
    for piece in pieces:
        parts.append(piece)
        size += len(piece)
        if size >= _OUTPUT_BYTES:
            yield b"".join(parts)
            parts, size = [], 0
    if size:  # an empty piece would end a LOAD DATA
        yield b"".join(parts)


def _zstd(name: str, pieces: Iterable[bytes]) -> Iterator[bytes]:
    # Of the library's ways to read only this object tells whether a frame's end was reached: the others take a
    # truncated frame for a whole one.
    context = zstandard.ZstdDecompressor(max_window_size=_WINDOW_BYTES)
    frame: Any = context.decompressobj()
    begun = False
    for piece in pieces:
        for start in range(0, len(piece), _FEED_BYTES):
            data = piece[start : start + _FEED_BYTES]
            while data:
                if frame.eof:
                    frame = context.decompressobj()
                begun = True
                try:
                    yield frame.decompress(data)
                except zstandard.ZstdError as error:
                    raise DumpError(f"the file {name} is damaged: {error}") from error
                data = frame.unused_data if frame.eof else b""
    if not begun or not frame.eof:
        raise DumpError(f"the file {name} is truncated")


def _gzip(name: str, pieces: Iterable[bytes]) -> Iterator[bytes]:
    member = zlib.decompressobj(wbits=31)
    begun = False
    for piece in pieces:
        data = piece
        while data:
            if member.eof:
                member = zlib.decompressobj(wbits=31)
            begun = True
            try:
                yield member.decompress(data, _OUTPUT_BYTES)
            except zlib.error as error:
                raise DumpError(f"the file {name} is damaged: {error}") from error
            data = member.unused_data if member.eof else member.unconsumed_tail
    yield member.flush()
    if not begun or not member.eof:
        raise DumpError(f"the file {name} is truncated")


def _plain(name: str, pieces: Iterable[bytes]) -> Iterator[bytes]:
    return iter(pieces)


_CONTENTS: dict[Compression, Callable[[str, Iterable[bytes]], Iterator[bytes]]] = {
    "zst": _zstd,
    "gz": _gzip,
    "": _plain,
}
