"""Whatever is wrong with a dump's files is found before the commit, and named; the target does not change."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from airflow_mydump.engine.errors import MydumpError
from tests.integration.pair import Pair, rows_of
from tests.integration.staged_run import StagedRun

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from airflow_mydump.engine.plan.plan import Plan

ROWS = 5000


@pytest.fixture
def dumped(pair: Pair, database: str, tmp_path: Path) -> StagedRun:
    run = StagedRun.of(pair, database, tmp_path)
    numbers = ", ".join(f"({number}, 'text {number * 7919}')" for number in range(ROWS))
    run.on_source(
        "CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(40))",
        f"INSERT INTO t VALUES {numbers}",
        "CREATE VIEW w AS SELECT id FROM t",
        "CREATE TRIGGER r BEFORE INSERT ON t FOR EACH ROW SET NEW.v = 'x'",
        "CREATE PROCEDURE p() SELECT 1",
    )
    run.dump()
    return run


KINDS = (
    "metadata", "*-schema-create.sql.zst", "*.t-schema.sql.zst", "*.w-schema.sql.zst", "*-schema-view.sql.zst",
    "*-schema-triggers.sql.zst", "*-schema-post.sql.zst", "*.t.00000.*.sql", "*.t.00000.*.dat.zst",
    "airflow_mydump/index.json.zst", "airflow_mydump/catalog.json.zst", "airflow_mydump/chunks.json.zst",
)  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_a_truncated_file_is_found(dumped: StagedRun, kind: str) -> None:
    path = dumped.file(kind)
    whole = path.read_bytes()
    for length in sorted({0, 1, 4, 17, len(whole) // 3, len(whole) // 2, len(whole) - 5, len(whole) - 1}):
        path.write_bytes(whole[:length])
        assert_refused(dumped, path.name)


@pytest.mark.parametrize("kind", KINDS)
def test_a_changed_byte_is_found(dumped: StagedRun, kind: str) -> None:
    path = dumped.file(kind)
    whole = path.read_bytes()
    for position in sorted({0, 4, 5, len(whole) // 3, len(whole) // 2, len(whole) - 2, len(whole) - 1}):
        path.write_bytes(whole[:position] + bytes([whole[position] ^ 0x10]) + whole[position + 1 :])
        assert_refused(dumped, path.name)


@pytest.mark.parametrize("kind", KINDS)
def test_a_missing_file_is_found(dumped: StagedRun, kind: str) -> None:
    path = dumped.file(kind)
    path.unlink()
    assert_refused(dumped, path.name)


@pytest.mark.parametrize("name", ["{}.t.00000.00007.dat.zst", "{}.u-schema.sql.zst", "notes.txt", "{}.t.00000.dat"])
def test_a_file_too_many_is_found(dumped: StagedRun, name: str) -> None:
    path = dumped.path / name.format(dumped.database)
    shutil.copy(dumped.file("*.t.00000.*.dat.zst"), path)
    assert_refused(dumped, path.name)


@pytest.mark.parametrize("kind", ["*.t.00000.*.dat.zst", "*.t.00000.*.sql"])
@pytest.mark.parametrize(
    "damage",
    [
        lambda content: content[:-1],
        lambda content: content[: len(content) // 2],
        lambda content: b"",
        lambda content: content + b"\0",
        lambda content: content + content,
        lambda content: content[:-3] + bytes([content[-3] ^ 1]) + content[-2:],
    ],
)
def test_damage_after_the_plan_is_found_before_the_commit(
    dumped: StagedRun, pair: Pair, kind: str, damage: Callable[[bytes], bytes]
) -> None:
    plan = dumped.plan()
    path = dumped.file(kind)
    path.write_bytes(damage(path.read_bytes()))

    with pytest.raises(MydumpError, match=path.name.replace(".", r"\.")):
        dumped.load(plan)

    assert rows_of(pair.target, "SELECT COUNT(*) FROM t", dumped.database) == [(0,)]
    assert loaded_chunks(pair, plan) == 0


def test_a_file_of_other_rows_is_found(dumped: StagedRun, pair: Pair, tmp_path: Path) -> None:
    other = StagedRun.of(pair, dumped.database, tmp_path / "other")
    dumped.on_source("DELETE FROM t WHERE id > 4000")
    other.dump()
    plan = dumped.plan()
    shutil.copy(other.file("*.dat.zst"), dumped.file("*.dat.zst"))

    with pytest.raises(MydumpError, match=r"t\.00000\.[0-9]+\.dat\.zst"):
        dumped.load(plan)

    assert loaded_chunks(pair, plan) == 0


def test_a_dump_that_was_not_finished_is_refused(dumped: StagedRun) -> None:
    (dumped.path / "metadata").unlink()
    assert_refused(dumped, "not complete")


def test_no_dump_is_refused(pair: Pair, database: str, tmp_path: Path) -> None:
    run = StagedRun.of(pair, database, tmp_path)
    with pytest.raises(MydumpError, match="no dump directory"):
        run.plan()


def assert_refused(run: StagedRun, name: str) -> None:
    with pytest.raises(MydumpError) as error:
        run.load(run.plan())
    assert name in str(error.value)
    # Data files of the right size are read when they are loaded, all others before anything is created.
    if (run.database,) in rows_of(run.pair.target, "SELECT schema_name FROM information_schema.schemata"):
        assert rows_of(run.pair.target, "SELECT COUNT(*) FROM t", run.database) == [(0,)]


def loaded_chunks(pair: Pair, plan: Plan) -> int:
    ((count,),) = rows_of(
        pair.target,
        f"SELECT COUNT(*) FROM airflow_mydump.ledger WHERE plan = '{plan.identity.plan}' AND step = 'load'",
    )
    return int(count)
