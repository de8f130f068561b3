"""JSON that MySQL prints, reads and prints again; chunks with it are heard as they pass where that changes nothing."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest

from airflow_mydump.engine.dump_directory import METADATA
from airflow_mydump.engine.dump_directory.dump_record import read_chunks, read_index
from airflow_mydump.engine.dump_directory.metadata_file import LARGEST_METADATA, read_metadata
from airflow_mydump.engine.framing.frame_digest import is_frame_digest
from airflow_mydump.engine.framing.printed_json import comes_back
from tests.integration.pair import rows_of
from tests.integration.staged_run import StagedRun

if TYPE_CHECKING:
    from pathlib import Path

    from tests.integration.pair import Pair

MADE = (
    "JSON_OBJECT('n', {n}, 'd', {n} / 7e0)",
    "JSON_ARRAY({n} / 8, CAST({n} / 3 AS DECIMAL(20, 10)))",
    "JSON_OBJECT('t', CAST('2024-02-29 01:02:03.040506' AS DATETIME(6)), 'u', {n})",
    "JSON_ARRAY(CAST({n} AS DECIMAL(40, 0)) * 12345678901234567)",
    "JSON_ARRAY({n} * 1e10, {n} * 1e-10, -{n} / 1e3)",
    "JSON_ARRAY(CAST({n} AS DOUBLE), CAST({n} AS FLOAT) / 3, CAST(-{n} AS SIGNED))",
    "JSON_OBJECT('hex', SHA2({n}, 256), 'escaped', CONCAT('\"', {n}, '.50', CHAR(92)))",
    "JSON_ARRAY(TRUE, NULL, CAST({n} AS DECIMAL(10, 2)))",
    "CAST(UNHEX('00ff') AS JSON)",
)


def test_what_is_trusted_comes_back(pair: Pair, database: str) -> None:
    if pair.flavor != "mysql":
        pytest.skip("only MySQL has a form of its own for JSON")
    dice = random.Random(1)
    made = [
        shape.format(n=number)
        for shape in MADE
        for number in (0, 1, 5, 7, 1000, *(dice.choice([1, 0.1, 1e-3]) * dice.randrange(10**9) for _ in range(60)))
    ]
    values = " AS j UNION ALL SELECT ".join(made)
    again = "CAST(CONVERT(j USING utf8mb4) AS JSON)"
    printed = rows_of(
        pair.source,
        f"SELECT CONVERT(j USING utf8mb4), CONVERT({again} USING utf8mb4) FROM (SELECT {values} AS j) made",
        database,
    )
    assert len(printed) == len(made)
    trusted = [(first, second) for first, second in printed if comes_back(str(first).encode())]
    assert all(first == second for first, second in trusted)
    assert len(trusted) > len(printed) / 3
    assert any("." in str(first) for first, _ in trusted)
    assert any(first != second for first, second in printed), "or the test shows nothing"


@pytest.mark.parametrize("value, heard", [("JSON_ARRAY(id, id / 8e0, 'a.10')", True), ("JSON_ARRAY(id / 8)", False)])
def test_a_chunk_is_heard_if_its_json_comes_back(
    pair: Pair, database: str, tmp_path: Path, value: str, heard: bool
) -> None:
    run = StagedRun.of(pair, database, tmp_path)
    run.on_source(
        "CREATE TABLE t (id INT PRIMARY KEY, j JSON)",
        f"INSERT INTO t SELECT id, {value} FROM (SELECT 1 AS id UNION SELECT 2 UNION SELECT 3 UNION SELECT 5) ids",
        "INSERT INTO t VALUES (6, NULL)",
    )
    run.dump()
    index = read_index(run.storage, read_metadata(run.storage.read(METADATA, LARGEST_METADATA)).index_sha256)
    (chunk,) = read_chunks(run.storage, index.chunks)
    assert is_frame_digest(chunk.checksum.digest) is (heard or pair.flavor == "mariadb")  # where JSON is a text
    run.restore()
    assert len(rows_of(pair.target, "SELECT * FROM t", database=database)) == 5
