"""A disk that is full fails the run by name; when there is room, the same command goes on."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

import pytest
from sandbox.server import Server, ServerNotInstalledError

from tests.faults.ordeal import Operations, Ordeal
from tests.faults.scene import Scene, flavors
from tests.faults.small_disk import small_disk
from tests.integration.command_line import run_command
from tests.integration.contents import assert_same_contents
from tests.integration.pair import Pair, run_sql

if TYPE_CHECKING:
    from pathlib import Path

MEBI = 1 << 20


def fill(server: Server, database: str, mebibytes: int) -> None:
    """A table of rows that cannot be compressed."""
    with server.connect(database=database) as connection, connection.cursor() as cursor:
        cursor.execute("CREATE TABLE large (id INT AUTO_INCREMENT PRIMARY KEY, c0 BLOB)")
        for _ in range(mebibytes):
            cursor.executemany("INSERT INTO large (c0) VALUES (%s)", [(os.urandom(1 << 15),) for _ in range(32)])
        cursor.execute("ANALYZE TABLE large")


def test_staging_that_is_full(scene: Scene, staged: Operations) -> None:
    fill(scene.server("source"), staged.database, 3)
    with small_disk(staged.folder, 2 * MEBI) as disk:
        full = scene.start(*staged.arguments("dump", "one"))
        ended = full.wait(60)
        assert ended.status > 0, ended
        assert f"{staged.dump}/" in ended.err and "No space left on device" in ended.err, ended.err
        assert ended.err.count("\n") == 1
        disk.resize(64 * MEBI)
        Ordeal(scene, staged, []).run()


@pytest.mark.parametrize("flavor", flavors())
def test_a_target_that_is_full(flavor: str, tmp_path: Path) -> None:
    # A full binary log is another matter: MySQL ends then, and MariaDB waits for room.
    options = {"skip-log-bin": None}
    try:
        source, target = Server(flavor), Server(flavor, options)  # type: ignore[arg-type]
    except ServerNotInstalledError as error:
        pytest.skip(str(error))
    with source, target:
        run_sql(source, "CREATE DATABASE full")
        fill(source, "full", 12)
        target.stop()
        data, aside = target.directory / "data", target.directory / "aside"
        data.rename(aside)
        data.mkdir()
        with small_disk(data, 1 << 30) as disk:
            shutil.copytree(aside, data, dirs_exist_ok=True)
            target.start()
            disk.leave_free(6 * MEBI)
            pair = Pair(source, target)
            command = ("copy", "--schemas", "full", "--threads", 2, "--chunk-bytes", "1M",
                       "--work-directory", tmp_path, "--run-key", "one")  # fmt: skip
            ended = run_command(pair, *command)
            assert ended.returncode == 1
            assert ended.stderr.count("\n") == 1
            # MariaDB (10.11) needs room to roll back as well, and ends without (signal 6).
            assert "full.large, " in ended.stderr or not target.running, ended.stderr
            disk.resize(1 << 30)
            target.start()
            ended = run_command(pair, *command)
            assert ended.returncode == 0, ended.stderr
            assert_same_contents(source, target, "full")
            target.kill()
