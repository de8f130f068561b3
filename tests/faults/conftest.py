"""Servers behind proxies that the tests share, and a small database for each test."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import pytest
from sandbox.server import ServerNotInstalledError

from tests.faults.ordeal import Operations
from tests.faults.scene import SIDES, Scene, flavors
from tests.integration.pair import run_sql

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_numbers = itertools.count(1)

_THREADS = ("--threads", 2)
_CUT = (*_THREADS, "--chunk-bytes", "16K")


@pytest.fixture(scope="session", params=flavors())
def scene(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    try:
        scene = Scene(request.param, tmp_path_factory.mktemp("scene"))
    except ServerNotInstalledError as error:
        pytest.skip(str(error))
    with scene:
        yield scene


@pytest.fixture
def database(scene: Scene) -> Iterator[str]:
    """A database with tables of several chunks, tables that share a transaction, one without a key, and objects."""
    name = f"faults_{next(_numbers)}"
    numbers = ", ".join(f"({number}, 'text {number * 7919}')" for number in range(700))
    run_sql(
        scene.server("source"),
        f"CREATE DATABASE {name} DEFAULT CHARACTER SET utf8mb4",
        f"USE {name}",
        "CREATE TABLE t0 (id INT PRIMARY KEY, c0 VARCHAR(40), KEY (c0))",
        f"INSERT INTO t0 VALUES {numbers}",
        "CREATE TABLE t1 (id INT, c0 VARCHAR(40))",
        *["INSERT INTO t1 SELECT 1, c0 FROM t0"] * 2,
        "CREATE TABLE t2 (id INT PRIMARY KEY, c0 INT, FOREIGN KEY (c0) REFERENCES t0 (id))",
        "INSERT INTO t2 VALUES (1, 5), (2, NULL), (3, 5)",
        "CREATE TABLE t3 (c0 INT)",
        "INSERT INTO t3 VALUES (1), (1), (NULL)",
        "CREATE VIEW v AS SELECT id FROM t1",
        "CREATE TRIGGER r BEFORE UPDATE ON t1 FOR EACH ROW SET @seen = 1",
        "CREATE PROCEDURE p() SELECT 1",
        "ANALYZE TABLE t0, t1, t2, t3",
    )
    yield name
    for side in SIDES:
        run_sql(scene.server(side), f"DROP DATABASE IF EXISTS {name}")


@pytest.fixture
def copy(database: str, tmp_path: Path) -> Operations:
    """A copy of the test's database."""
    return Operations(database, tmp_path, {"copy": _CUT})


@pytest.fixture
def staged(database: str, tmp_path: Path) -> Operations:
    """A dump of the test's database, and its load."""
    return Operations(database, tmp_path, {"dump": _CUT, "load": _THREADS})
