"""One Airflow, and a source and a target of each vendor, for all tests."""

from __future__ import annotations

import os
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from sandbox.airflow import Airflow, connection_variables
from sandbox.server import Server, available_flavors

from tests.e2e.gated import ADDRESS_FILE
from tests.integration.pair import Pair

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sandbox.server import Flavor

FLAVORS = os.environ.get("MYDUMP_TEST_FLAVORS", "mariadb,mysql").split(",")
ROOT = Path(__file__).resolve().parents[2]
DAGS = Path(__file__).parent / "dags"


@pytest.fixture(scope="session")
def pairs() -> Iterator[Mapping[Flavor, Pair]]:
    """The servers by vendor; without those that are not installed or not wanted."""
    with ExitStack() as stack:
        yield {
            flavor: Pair(stack.enter_context(Server(flavor)), stack.enter_context(Server(flavor)))
            for flavor in available_flavors()
            if flavor in FLAVORS
        }


@pytest.fixture(scope="session")
def mariadb(pairs: Mapping[Flavor, Pair]) -> Pair:
    return pair_of(pairs, "mariadb")


@pytest.fixture(scope="session", params=["mariadb", "mysql"])
def pair(request: pytest.FixtureRequest, pairs: Mapping[Flavor, Pair]) -> Pair:
    return pair_of(pairs, request.param)


@pytest.fixture(scope="session")
def airflow(pairs: Mapping[Flavor, Pair], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Airflow]:
    directory = tmp_path_factory.mktemp("airflow")
    connections = {}
    for flavor, pair in pairs.items():
        connections[f"source_{flavor}"] = pair.source.uri
        connections[f"target_{flavor}"] = pair.target.uri
    with Airflow(directory / "home", DAGS, environment_of(directory, connections)) as airflow:
        yield airflow


def environment_of(directory: Path, connections: Mapping[str, str]) -> dict[str, str]:
    """What the tests' DAGs need to know."""
    return {
        "MYDUMP_WORK_DIRECTORY": str(directory / "work"),
        ADDRESS_FILE: str(directory / "gate"),
        "PYTHONPATH": str(ROOT),
        **dict(connection_variables(connections)),
    }


def pair_of(pairs: Mapping[Flavor, Pair], flavor: Flavor) -> Pair:
    if flavor not in pairs:
        pytest.skip(f"{flavor} is not installed, or not in MYDUMP_TEST_FLAVORS")
    return pairs[flavor]
