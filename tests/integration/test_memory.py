"""What a worker needs of memory does not grow with its tables."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.integration.command_line import environment
from tests.integration.staged_run import StagedRun

if TYPE_CHECKING:
    from pathlib import Path

    from tests.integration.pair import Pair

_WORKER = """
import resource
import sys
from airflow_mydump.cli import main
from airflow_mydump.engine.phases import data, dump, load
idle = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
status = main(sys.argv[1:])
print("children", resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss - idle)
sys.exit(status)
"""


@pytest.mark.parametrize(
    ("megabytes", "rows", "limit"),
    [
        pytest.param(8, 20, 100, id="rows of 8 MB"),
        # The client library has the row, and Python the value.
        pytest.param(60, 3, 150, id="rows of 60 MB"),
    ],
)
def test_a_workers_memory_is_bounded(
    pair: Pair, database: str, tmp_path: Path, megabytes: int, rows: int, limit: int
) -> None:
    run = StagedRun.of(pair, database, tmp_path)
    run.on_source(
        "CREATE TABLE long_rows (id INT PRIMARY KEY, v LONGBLOB)",
        *(f"INSERT INTO long_rows VALUES ({row}, REPEAT(CHAR({row}), {megabytes}000000))" for row in range(rows)),
        "CREATE TABLE many_rows (id INT PRIMARY KEY AUTO_INCREMENT, v VARCHAR(80))",
        "INSERT INTO many_rows (v) VALUES (REPEAT('x', 60))",
        *["INSERT INTO many_rows (v) SELECT CONCAT(LEFT(v, 60), id) FROM many_rows"] * 20,
    )
    work = ("--threads", "1", "--work-directory", str(tmp_path / "work"))
    for arguments in (
        ("copy", "--schemas", database, *work),
        ("dump", "--schemas", database, "--output", str(run.path), "--threads", "1"),
        ("load", "--input", str(run.path), *work),
    ):
        done = subprocess.run(
            [sys.executable, "-c", _WORKER, *arguments], env=environment(pair), capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
        over_idle = int(done.stdout.rpartition("children ")[2]) << 10
        assert over_idle < limit << 20, arguments[0]
