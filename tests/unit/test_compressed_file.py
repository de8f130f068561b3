"""A file is read whole and unchanged, or not at all."""

from __future__ import annotations

import gzip
import tracemalloc
from pathlib import Path

import pytest
import zstandard
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from airflow_mydump.engine.dump_directory.compressed_file import read_compressed, read_small, write_compressed
from airflow_mydump.engine.dump_directory.file_name import Compression
from airflow_mydump.engine.dump_directory.storage import Storage
from airflow_mydump.engine.errors import ConfigurationError, DumpError

CONTENT = bytes(range(256)) * 9000


@pytest.fixture
def storage(tmp_path: Path) -> Storage:
    return Storage.at(str(tmp_path))


def test_pieces_come_back(storage: Storage, tmp_path: Path) -> None:
    record = write_compressed(storage, "f.zst", [CONTENT[:5], b"", CONTENT[5:]], level=3)
    assert b"".join(read_compressed(storage, "f.zst", "zst", record, len(CONTENT))) == CONTENT
    assert record.bytes == (tmp_path / "f.zst").stat().st_size
    assert zstandard.get_frame_parameters((tmp_path / "f.zst").read_bytes()).has_checksum


def test_an_empty_file_has_no_piece(storage: Storage) -> None:
    record = write_compressed(storage, "f.zst", [])
    assert list(read_compressed(storage, "f.zst", "zst", record, 0)) == []


def test_what_fails_leaves_no_file(storage: Storage, tmp_path: Path) -> None:
    def pieces() -> object:
        yield b"x"
        raise RuntimeError("the source is gone")

    with pytest.raises(RuntimeError):
        write_compressed(storage, "f.zst", pieces())  # type: ignore[arg-type]
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(st.data())
def test_every_change_is_found(storage: Storage, tmp_path: Path, data: st.DataObject) -> None:
    record = write_compressed(storage, "f.zst", [CONTENT[: 1 << 18]])
    path = tmp_path / "f.zst"
    whole = path.read_bytes()
    position = data.draw(st.integers(0, len(whole) - 1))
    flipped = bytes([whole[position] ^ data.draw(st.integers(1, 255))])
    for content in (whole[:position], whole[:position] + flipped + whole[position + 1 :], whole + flipped):
        path.write_bytes(content)
        with pytest.raises(DumpError, match=r"f\.zst"):
            read_small(storage, "f.zst", "zst", record)


@pytest.mark.parametrize("compression", ["zst", "gz"])
def test_a_truncated_file_of_another_tool_is_found(storage: Storage, tmp_path: Path, compression: Compression) -> None:
    pack = zstandard.ZstdCompressor(write_checksum=True).compress if compression == "zst" else gzip.compress
    whole = pack(CONTENT)
    (tmp_path / "f").write_bytes(whole + whole)
    assert read_small(storage, "f", compression) == CONTENT + CONTENT
    for length in [*range(0, 40), *range(len(whole) - 12, len(whole)), len(whole) + 3]:
        (tmp_path / "f").write_bytes((whole + whole)[:length])
        with pytest.raises(DumpError):
            read_small(storage, "f", compression)
    (tmp_path / "f").write_bytes(whole + b"trailing")
    with pytest.raises(DumpError):
        read_small(storage, "f", compression)


@pytest.mark.parametrize("compression", ["zst", "gz"])
def test_a_bomb_is_refused_in_bounded_memory(storage: Storage, tmp_path: Path, compression: Compression) -> None:
    zeros = b"\0" * (1 << 24)
    if compression == "zst":
        bomb = zstandard.ZstdCompressor().compressobj()
        content = b"".join(bomb.compress(zeros) for _ in range(32)) + bomb.flush()
    else:
        content = gzip.compress(zeros * 8, 9)
    (tmp_path / "f").write_bytes(content)
    tracemalloc.start()
    with pytest.raises(DumpError, match="more than"):
        for _ in read_compressed(storage, "f", compression, most=1 << 20):
            pass
    assert tracemalloc.get_traced_memory()[1] < 100 << 20
    tracemalloc.stop()


def test_a_missing_file_is_named(storage: Storage) -> None:
    with pytest.raises(DumpError, match="nothing is missing"):
        read_small(storage, "nothing", "")


def test_a_full_disk_is_named() -> None:
    with pytest.raises(ConfigurationError, match="cannot be written"):
        Storage.at("/proc/nothing").write("f", b"x")
