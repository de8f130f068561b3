"""What a task leaves for the page is complete in its sums and bounded in its size."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from airflow_mydump.engine.event import Event, EventKind
from airflow_mydump.engine.identifier import TableName
from airflow_mydump.operators.progress_log import ProgressLog
from airflow_mydump.operators.progress_record import PROGRESS, Progress, ProgressRecord
from airflow_mydump.operators.xcom_value import plain


class Silent:
    def info(self, *_: object) -> None: ...
    def warning(self, *_: object) -> None: ...


def committed(table: int, part: int, rows: int = 10) -> Event:
    return Event(EventKind.CHUNK_COMMITTED, TableName("d", f"t{table}"), f"{table}.{part}", rows, rows * 100)


def test_sums_are_exact_and_the_size_is_bounded() -> None:
    record = ProgressRecord()
    for number in range(5000):
        record(Event(EventKind.CHUNK_LOADED, TableName("d", f"t{number}"), f"{number}.0", 10, 1000))
        record(committed(number, 0))
        record.sample()
    progress = record.progress()
    assert (progress.rows, progress.bytes, progress.done) == (50_000, 5_000_000, {"chunk committed": 5000})
    assert len(msgspec.json.encode(progress)) < 4000
    assert progress.samples[0][1:] == (0, 0)
    assert progress.samples[-1][1:] == (50_000, 5_000_000)
    assert list(progress.samples) == sorted(progress.samples)


def test_the_largest_tables_and_the_slowest_chunks_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 0.0
    monkeypatch.setattr("airflow_mydump.operators.progress_record.time.monotonic", lambda: now)
    record = ProgressRecord()
    for number in range(40):
        now += number % 7
        record(Event(EventKind.CHUNK_LOADED, TableName("d", f"t{number}"), f"{number}.0", number, number))
        record(committed(number, 0, rows=number))
    progress = record.progress()
    assert [table.name for table in progress.tables] == [f"d.t{number}" for number in range(39, 9, -1)]
    assert [chunk.seconds for chunk in progress.slowest] == [6.0] * 5


def test_what_is_pushed_is_read_again_by_the_page() -> None:
    pushed: dict[str, Any] = {}

    class Instance:
        task_id, task = "data_phase", None

        def xcom_push(self, key: str, value: Any) -> None:
            pushed[key] = value

    log = ProgressLog(Silent(), Instance())
    log(committed(1, 2))
    log.speak()
    assert msgspec.convert(pushed[PROGRESS], Progress).rows == 10
    assert plain(pushed[PROGRESS]) == pushed[PROGRESS]


def test_a_push_that_fails_stops_nothing() -> None:
    class Deaf:
        task_id, task = "data_phase", None

        def xcom_push(self, key: str, value: Any) -> None:
            raise ConnectionError("the API server restarts")

    log = ProgressLog(Silent(), Deaf())
    log(committed(1, 2))
    log.speak()
