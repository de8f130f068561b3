"""Servers that the tests share, and a database name of its own for each test."""

from __future__ import annotations

import itertools
import os
from typing import TYPE_CHECKING

import pytest
from sandbox.server import Flavor, Server, ServerNotInstalledError

from airflow_mydump.engine.plan.settings import PlanSettings
from airflow_mydump.engine.selection.selection import LEDGER_SCHEMA
from tests.integration.pair import Pair, rows_of, run_sql
from tests.integration.run import Run
from tests.integration.writers import Writers, make_bank

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FLAVORS = os.environ.get("MYDUMP_TEST_FLAVORS", "mariadb,mysql").split(",")
DIRECTIONS: tuple[tuple[Flavor, Flavor], ...] = (("mariadb", "mysql"), ("mysql", "mariadb"))
_numbers = itertools.count(1)


@pytest.fixture(scope="session", params=FLAVORS)
def pair(request: pytest.FixtureRequest) -> Iterator[Pair]:
    """A source and a target; MYDUMP_TEST_FLAVORS=mysql narrows the choice."""
    try:
        source, target = Server(request.param), Server(request.param)
    except ServerNotInstalledError as error:
        pytest.skip(str(error))
    with source, target:
        yield Pair(source, target)


@pytest.fixture
def database(pair: Pair) -> Iterator[str]:
    """The name of an empty database on the source; it and all that begin with it are removed afterwards."""
    name = f"tenant_{next(_numbers)}"
    run_sql(pair.source, f"CREATE DATABASE `{name}` DEFAULT CHARACTER SET utf8mb4")
    yield name
    for server in (pair.source, pair.target):
        for (found,) in rows_of(server, "SELECT schema_name FROM information_schema.schemata"):
            if found == name or found.startswith(f"{name}_"):
                run_sql(server, f"DROP DATABASE `{found}`")


@pytest.fixture
def run(pair: Pair, database: str, tmp_path: Path) -> Run:
    """A copy of the test's database, phase by phase."""
    return Run.of(pair, database, tmp_path)


@pytest.fixture
def bank(run: Run) -> Iterator[Run]:
    """A run over tables that writers change until its end, about to copy them."""
    make_bank(run.pair.source, run.database)
    run.on_source("CREATE TABLE other (v INT)")
    run.settings = PlanSettings(chunk_bytes=16 << 10, concurrency=3)
    run.plan()
    run.schema()
    with Writers(run.pair.source, run.database):
        yield run


@pytest.fixture
def without_ledger(pair: Pair) -> None:
    """A target that no run has touched yet."""
    run_sql(pair.target, f"DROP DATABASE IF EXISTS {LEDGER_SCHEMA}")


@pytest.fixture(scope="module", params=DIRECTIONS, ids=lambda direction: "-to-".join(direction))
def across(request: pytest.FixtureRequest) -> Iterator[Pair]:
    """A source of one vendor and a target of the other."""
    if set(FLAVORS) != {"mariadb", "mysql"}:
        pytest.skip("takes servers of both vendors")
    try:
        source, target = (Server(flavor) for flavor in request.param)
    except ServerNotInstalledError as error:
        pytest.skip(str(error))
    with source, target:
        yield Pair(source, target)


@pytest.fixture
def translated(across: Pair, tmp_path: Path) -> Run:
    """A copy of the test's database to a server of the other vendor, phase by phase."""
    name = f"tenant_{next(_numbers)}"
    run_sql(across.source, f"CREATE DATABASE `{name}` DEFAULT CHARACTER SET utf8mb4")
    return Run.of(across, name, tmp_path)
