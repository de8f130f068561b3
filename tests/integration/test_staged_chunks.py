"""Tables that are cut into many files come back whole, whatever their keys, and are verified."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from airflow_mydump.engine.dump_directory.dump_plan import DumpSettings
from airflow_mydump.engine.dump_directory.dump_record import read_chunks, read_index
from airflow_mydump.engine.dump_directory.metadata_file import read_metadata
from airflow_mydump.engine.errors import MydumpError
from airflow_mydump.engine.framing.frame_digest import is_frame_digest
from airflow_mydump.engine.plan.settings import PlanSettings
from tests.integration.contents import assert_same_contents
from tests.integration.myloader import MYLOADER, load_with_myloader
from tests.integration.pair import Pair, run_sql
from tests.integration.staged_run import StagedRun

if TYPE_CHECKING:
    from pathlib import Path

    from airflow_mydump.engine.dump_directory.manifest import ChunkManifest

KEYS = {
    "an integer": "id INT PRIMARY KEY, v VARCHAR(200)",
    "a text": "id VARCHAR(40) COLLATE utf8mb4_unicode_ci PRIMARY KEY, v VARCHAR(200)",
    "a long text": "id VARCHAR(300) PRIMARY KEY, v VARCHAR(200)",
    "a moment and a number": "id INT, d DATETIME(3) DEFAULT '2024-01-02 03:04:05', v VARCHAR(200), PRIMARY KEY (d, id)",
    "a prefix": "id VARCHAR(40), v VARCHAR(200), PRIMARY KEY (id(20))",
    "unique only": "id INT NOT NULL UNIQUE, v VARCHAR(200)",
    "none": "id INT, v VARCHAR(200)",
    "json beside": "id INT PRIMARY KEY, v JSON",
    "a float beside": "id INT PRIMARY KEY, v VARCHAR(200), f FLOAT DEFAULT 0.1234567",
}
FRAMED = {"an integer", "a text", "a moment and a number", "json beside", "a float beside"}


@pytest.fixture
def run(pair: Pair, database: str, tmp_path: Path) -> StagedRun:
    run = StagedRun.of(pair, database, tmp_path)
    run.settings = DumpSettings(PlanSettings(chunk_bytes=64 << 10, concurrency=2), mode="none")
    return run


def manifests(run: StagedRun) -> tuple[ChunkManifest, ...]:
    metadata = read_metadata((run.path / "metadata").read_bytes())
    return read_chunks(run.storage, read_index(run.storage, metadata.index_sha256).chunks)


def fill(run: StagedRun, columns: str, rows: int = 4000) -> None:
    json = "JSON" in columns
    values = ", ".join(f"({row}, '{'[1.50]' if json else 'x' * (row % 150)}')" for row in range(rows))
    run.on_source(f"CREATE TABLE t ({columns})", f"INSERT INTO t (id, v) VALUES {values}", "ANALYZE TABLE t")


@pytest.mark.parametrize("key", KEYS)
def test_a_table_in_many_files_comes_back(run: StagedRun, pair: Pair, key: str) -> None:
    fill(run, KEYS[key])
    run.dump()
    chunks = manifests(run)
    assert sum(manifest.rows for manifest in chunks) == 4000
    assert all(is_frame_digest(manifest.checksum.digest) == (key in FRAMED) for manifest in chunks)
    if key in ("an integer", "a text"):
        assert len(chunks) > 3
    run.restore()
    assert_same_contents(pair.source, pair.target, run.database)


@pytest.mark.parametrize("key", ["an integer", "none"])
@pytest.mark.parametrize(
    "change",
    [
        "UPDATE t SET v = CONCAT(v, ' ') WHERE id = 777",
        "UPDATE t SET v = NULL WHERE v = ''",
        "DELETE FROM t WHERE id = 3999",
        "INSERT INTO t (id, v) VALUES (99999, 'x')",
        "UPDATE t SET v = CASE id WHEN 10 THEN 'swapped' ELSE REPEAT('x', 10) END WHERE id IN (10, 20)",
    ],
)
def test_a_changed_row_is_found(run: StagedRun, pair: Pair, key: str, change: str) -> None:
    fill(run, KEYS[key])
    run.dump()
    plan = run.plan()
    run.load(plan)
    run_sql(pair.target, change, database=run.database)
    with pytest.raises(MydumpError, match=r"\.t, |\.t: "):
        run.finish(plan)


@pytest.mark.skipif(not MYLOADER, reason="myloader is not on PATH")
def test_myloader_restores_many_files(run: StagedRun, pair: Pair) -> None:
    fill(run, KEYS["an integer"])
    run.dump()
    assert len(list(run.path.glob("*.dat.zst"))) > 3
    load_with_myloader(pair, run.path)
    assert_same_contents(pair.source, pair.target, run.database)


@pytest.mark.parametrize("own", [True, False])
def test_no_rows_need_no_file(run: StagedRun, pair: Pair, own: bool) -> None:
    if not (own or MYLOADER):
        pytest.skip("no myloader on PATH")
    run.on_source("CREATE TABLE nothing (id INT PRIMARY KEY)", "CREATE TABLE t (id INT PRIMARY KEY)")
    run.on_source("INSERT INTO t VALUES (1)")
    run.dump()
    assert [manifest.table.name for manifest in manifests(run) if manifest.records] == ["t"]
    assert len(list(run.path.glob("*.dat.zst"))) == 1
    if own:
        assert sum(tenant.rows for tenant in run.restore().tenants) == 1
    else:
        load_with_myloader(pair, run.path)
    assert_same_contents(pair.source, pair.target, run.database)
