"""Old dumps are removed, and nothing that is not one; the newest complete dump always stays."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING

import pytest

from airflow_mydump.engine.dump_directory import METADATA
from airflow_mydump.engine.dump_directory.dump_plan import DumpPlan
from airflow_mydump.engine.dump_directory.dump_record import PLAN
from airflow_mydump.engine.dump_directory.retention import prune_dumps
from airflow_mydump.engine.dump_directory.storage import Storage
from airflow_mydump.engine.errors import ConfigurationError
from airflow_mydump.engine.workdir import WorkDirectory
from tests.integration.staged_run import StagedRun

if TYPE_CHECKING:
    from pathlib import Path

    from tests.integration.pair import Pair


@pytest.fixture
def dumps(pair: Pair, database: str, tmp_path: Path) -> Path:
    """Three complete dumps, `c` the newest."""
    for name in "abc":
        run = StagedRun(pair, database, tmp_path / "dumps" / name, WorkDirectory.at(str(tmp_path / "work")))
        if name == "a":
            run.on_source("CREATE TABLE t (id INT PRIMARY KEY)", "INSERT INTO t VALUES (1)")
        run.dump()
        private = run.storage.private
        started = f"2026-01-0{'abc'.index(name) + 1} 00:00:00"
        private.write(PLAN, replace(private.read(PLAN, DumpPlan), started=started))
    return tmp_path / "dumps"


def prune(dumps: Path, keep: int, days: int = 0) -> tuple[list[str], list[str]]:
    pruned = prune_dumps(WorkDirectory.at(str(dumps)), keep, days, datetime(2026, 1, 4, tzinfo=timezone.utc))
    return sorted(pruned.removed), sorted(pruned.left_alone)


def left(dumps: Path) -> list[str]:
    return sorted(path.name for path in dumps.iterdir())


def test_the_oldest_go_first(dumps: Path) -> None:
    assert prune(dumps, 2) == (["a"], [])
    assert left(dumps) == ["b", "c"]
    assert prune(dumps, 2) == ([], [])


def test_young_dumps_stay_whatever_their_number(dumps: Path) -> None:
    assert prune(dumps, 1, days=3) == (["a"], [])
    assert prune(dumps, 1, days=0) == (["b"], [])
    assert left(dumps) == ["c"]


def test_the_newest_complete_dump_stays_even_if_a_newer_one_is_damaged(dumps: Path) -> None:
    next(dumps.joinpath("c").glob("*.dat.zst")).unlink()
    removed, alone = prune(dumps, 1)
    assert removed == ["a"]
    assert alone[0].startswith("c: ")
    assert left(dumps) == ["b", "c"]


def test_nothing_is_removed_that_is_not_a_whole_dump(dumps: Path) -> None:
    (dumps / "a" / "notes.txt").write_text("of the user")
    (dumps / "b" / METADATA).unlink()
    (dumps / "photos").mkdir()
    (dumps / "photos" / "1.jpg").write_text("x")
    (dumps / "letter.txt").write_text("x")
    removed, alone = prune(dumps, 1)
    assert removed == []
    assert [reason.partition(":")[0] for reason in alone] == ["a", "b", "photos"]
    assert left(dumps) == ["a", "b", "c", "letter.txt", "photos"]


def test_one_dump_must_stay(dumps: Path) -> None:
    with pytest.raises(ConfigurationError, match="at least 1"):
        prune(dumps, 0)


def test_where_there_is_no_dump_there_is_nothing_to_do(tmp_path: Path) -> None:
    assert prune(tmp_path / "nowhere", 1) == ([], [])


def test_the_time_is_the_present_unless_it_is_said(dumps: Path) -> None:
    days = (datetime.now(timezone.utc) - datetime(2026, 1, 2, tzinfo=timezone.utc) + timedelta(hours=1)).days
    assert prune_dumps(WorkDirectory.at(str(dumps)), 1, days + 1).removed == ("a",)


def test_a_dump_of_less_takes_no_place_of_one_of_more(dumps: Path) -> None:
    private = Storage.at(str(dumps / "c")).private
    plan = private.read(PLAN, DumpPlan)
    private.write(PLAN, replace(plan, selection=replace(plan.selection, include=("t",))))
    assert prune(dumps, 1) == (["a"], [])
    assert left(dumps) == ["b", "c"]
