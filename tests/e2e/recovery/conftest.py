"""An Airflow that soon takes a task or a scheduler for dead; and a primary, its replica and a target of each vendor."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest
from sandbox.airflow import Airflow
from sandbox.server import Server, available_flavors

from tests.e2e.conftest import DAGS, FLAVORS, environment_of
from tests.e2e.recovery.orders import fill
from tests.e2e.recovery.trial import Trio
from tests.faults.replication import OPTIONS, READ_ONLY, follow

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sandbox.server import Flavor

HEARTBEAT_SECONDS = 15
"""How long a task may be silent, and a scheduler; Airflow's own are 300 and 30."""


@pytest.fixture(scope="session")
def trios() -> Iterator[Mapping[Flavor, Trio]]:
    """The servers by vendor; without those that are not installed or not wanted."""
    with ExitStack() as stack:
        started: dict[Flavor, Trio] = {}
        for flavor in available_flavors():
            if flavor in FLAVORS:
                primary = stack.enter_context(Server(flavor, OPTIONS[flavor]))
                replica = stack.enter_context(Server(flavor, {**OPTIONS[flavor], **READ_ONLY}))
                follow(primary, replica)
                fill(primary)
                started[flavor] = Trio(primary, replica, stack.enter_context(Server(flavor)))
        yield started


@pytest.fixture(params=("mariadb", "mysql"))
def trio(request: pytest.FixtureRequest, trios: Mapping[Flavor, Trio]) -> Trio:
    if request.param not in trios:
        pytest.skip(f"{request.param} is not installed, or not in MYDUMP_TEST_FLAVORS")
    return trios[request.param]


@pytest.fixture(scope="session")
def airflow(trios: Mapping[Flavor, Trio], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Airflow]:
    directory = tmp_path_factory.mktemp("airflow")
    connections = {}
    for flavor, trio in trios.items():
        connections[f"source_{flavor}"] = trio.primary.uri
        if trio.replica:
            connections[f"replica_{flavor}"] = trio.replica.uri
        connections[f"target_{flavor}"] = trio.target.uri
    settings = {
        "core.parallelism": "8",
        "scheduler.task_instance_heartbeat_timeout": str(HEARTBEAT_SECONDS),
        "scheduler.task_instance_heartbeat_timeout_detection_interval": "2",
        "scheduler.scheduler_health_check_threshold": str(HEARTBEAT_SECONDS),
        "scheduler.orphaned_tasks_check_interval": "3",
    }
    with Airflow(directory / "home", DAGS, environment_of(directory, connections), settings) as airflow:
        yield airflow
