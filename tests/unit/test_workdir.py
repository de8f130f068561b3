"""What a phase leaves behind is read whole by the next, or named as damaged."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest

from airflow_mydump.engine.errors import ConfigurationError
from airflow_mydump.engine.metadata.catalog import Schema
from airflow_mydump.engine.workdir import WorkDirectory, default_work_directory

RECORD = Schema("a", "utf8mb4", "utf8mb4_bin")


@pytest.fixture
def work(tmp_path: Path) -> WorkDirectory:
    return WorkDirectory.at(str(tmp_path))


@pytest.mark.parametrize("name", ["a.json", "a.json.zst", "deep/er/a.json.zst"])
def test_records_come_back(work: WorkDirectory, name: str) -> None:
    assert not work.exists(name)
    work.write(name, RECORD)
    assert work.exists(name)
    assert work.read(name, Schema) == RECORD


@pytest.mark.parametrize("records", [[], [RECORD], [RECORD, Schema("é\n😀", "", "")] * 500])
def test_lines_come_back(work: WorkDirectory, records: list[Schema]) -> None:
    work.write_lines("a.jsonl.zst", records)
    assert work.read_lines("a.jsonl.zst", Schema) == records


def test_a_place_in_memory_serves_too() -> None:
    work = WorkDirectory.at("memory://place/of/work").child("run")
    work.write("a.json.zst", RECORD)
    work.write("a.json.zst", RECORD)
    assert work.read("a.json.zst", Schema) == RECORD


def test_no_part_of_a_file_is_left_beside_it(work: WorkDirectory, tmp_path: Path) -> None:
    work.write("a.json", RECORD)
    work.write("a.json", RECORD)
    assert [file.name for file in tmp_path.iterdir()] == ["a.json"]


def test_a_missing_file_is_named(work: WorkDirectory) -> None:
    for read in (work.read, work.read_lines):
        with pytest.raises(ConfigurationError, match=r"absent\.json is missing"):
            read("absent.json", Schema)


@pytest.mark.parametrize("name", ["a.json", "a.json.zst"])
@pytest.mark.parametrize(
    "damage",
    [
        lambda data: b"",
        lambda data: data[:-3],
        lambda data: data[: len(data) // 2],
        lambda data: b"garbage",
        lambda data: data + b"garbage",
        lambda data: data[:-8] + bytes([data[-8] ^ 0x80]) + data[-7:],
        lambda data: bytes(len(data)),
    ],
    ids=["empty", "cut", "half", "garbage", "trailing", "flipped", "zeros"],
)
def test_a_damaged_file_is_named(work: WorkDirectory, tmp_path: Path, name: str, damage: object) -> None:
    assert callable(damage)
    work.write(name, RECORD)
    file = tmp_path / name
    file.write_bytes(damage(file.read_bytes()))
    with pytest.raises(ConfigurationError, match=r"a\.json"):
        work.read(name, Schema)


@pytest.mark.parametrize("name", ["a.json", "a.json.zst"])
def test_any_bit_that_changes_is_found_and_the_file_named_or_changes_nothing(
    work: WorkDirectory, tmp_path: Path, name: str
) -> None:
    work.write(name, RECORD)
    whole = (tmp_path / name).read_bytes()
    unnoticed = 0
    for place in range(8 * len(whole)):
        (tmp_path / name).write_bytes(
            whole[: place // 8] + bytes([whole[place // 8] ^ 1 << place % 8]) + whole[place // 8 + 1 :]
        )
        try:
            assert work.read(name, Schema) == RECORD
            unnoticed += 1
        except ConfigurationError as error:
            assert str(tmp_path / name) in str(error)
    # Of a frame's head some bits say nothing about its content, such as those of the window.
    assert unnoticed <= (8 if name.endswith(".zst") else 0)


def test_a_cut_list_is_not_a_shorter_list(work: WorkDirectory, tmp_path: Path) -> None:
    work.write_lines("a.jsonl.zst", [RECORD] * 10000)
    file = tmp_path / "a.jsonl.zst"
    whole = file.read_bytes()
    for size in range(0, len(whole), max(1, len(whole) // 20)):
        file.write_bytes(whole[:size])
        with pytest.raises(ConfigurationError, match=r"a\.jsonl"):
            work.read_lines("a.jsonl.zst", Schema)


def test_another_kind_of_record_is_refused(work: WorkDirectory) -> None:
    work.write("a.json", {"name": 5})
    with pytest.raises(ConfigurationError, match="is not a Schema"):
        work.read("a.json", Schema)


def test_an_unknown_file_system_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="work directory"):
        WorkDirectory.at("nonsense://x/y")


class TestTheDefaultDirectory:
    @pytest.fixture
    def place(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
        return tmp_path / f"airflow_mydump-{os.getuid()}"

    def test_is_made_for_its_user_alone(self, place: Path) -> None:
        assert default_work_directory() == str(place)
        assert place.stat().st_mode & 0o777 == 0o700
        assert default_work_directory() == str(place)

    def test_is_not_taken_over_from_others(self, place: Path) -> None:
        for mode in (0o777, 0o750, 0o701):
            place.mkdir()
            place.chmod(mode)
            with pytest.raises(ConfigurationError, match="only you can enter"):
                default_work_directory()
            place.rmdir()

    def test_is_no_link_to_another_place(self, place: Path, tmp_path: Path) -> None:
        (tmp_path / "mine").mkdir(mode=0o700)
        for target in ("mine", "absent"):
            place.symlink_to(tmp_path / target)
            with pytest.raises(ConfigurationError, match="only you can enter"):
                default_work_directory()
            place.unlink()

    def test_is_no_file(self, place: Path) -> None:
        place.write_text("")
        with pytest.raises(ConfigurationError, match="only you can enter"):
            default_work_directory()

    @pytest.mark.skipif(os.getuid() != 0, reason="only root can give a directory away")
    def test_is_no_directory_of_another_user(self, place: Path) -> None:
        place.mkdir(mode=0o700)
        os.chown(place, 12345, 12345)
        with pytest.raises(ConfigurationError, match="only you can enter"):
            default_work_directory()


def test_who_is_taken_for_an_interrupted_writer_writes_again(
    work: WorkDirectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    sync = os.fsync

    def clean_up_behind(handle: int) -> None:
        sync(handle)
        monkeypatch.undo()
        work.remove_unfinished()

    monkeypatch.setattr(os, "fsync", clean_up_behind)
    work.write("a.json", RECORD)
    assert work.read("a.json", Schema) == RECORD
    assert [path.name for path in Path(work.path).iterdir()] == ["a.json"]
