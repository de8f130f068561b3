"""A fleet that is cleared while its tenants are moved moves each of them anew, in the same runs."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

import pytest

from airflow_mydump.engine.event import EventKind
from tests.e2e.dag_run import DagRun
from tests.e2e.gated import gate
from tests.e2e.leftovers import assert_nothing_left
from tests.e2e.ordered_rows import ordered_rows
from tests.e2e.recovery.trial import Trio, await_true, gone
from tests.integration.pair import run_sql

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sandbox.airflow import Airflow
    from sandbox.server import Flavor

    from tests.faults.step_gate import Step

pytestmark = pytest.mark.endurance

TENANTS = ("fleet_left", "fleet_middle", "fleet_right")


@pytest.fixture
def trio(trios: Mapping[Flavor, Trio]) -> Trio:
    if "mariadb" not in trios:
        pytest.skip("mariadb is not installed, or not in MYDUMP_TEST_FLAVORS")
    trio = trios["mariadb"]
    for tenant in TENANTS:
        run_sql(trio.target, f"DROP DATABASE IF EXISTS {tenant}")
        run_sql(
            trio.primary,
            f"DROP DATABASE IF EXISTS {tenant}",
            f"CREATE DATABASE {tenant}",
            f"CREATE TABLE {tenant}.t (id INT PRIMARY KEY)",
            f"INSERT INTO {tenant}.t SELECT seq FROM {tenant}.seq_1_to_1000",
        )
    return trio


@pytest.mark.parametrize("kill", [False, True], ids=["cleared", "killed"])
def test_every_tenant_is_moved(airflow: Airflow, trio: Trio, kill: bool) -> None:
    airflow.await_dag("fleet_tenant")
    airflow.api.unpause("fleet_tenant")
    struck: list[int] = []

    def arrived(step: Step) -> None:
        if step.kind == EventKind.CHUNK_COMMITTED.value and not struck:
            struck.append(step.process)
            if kill:
                os.kill(step.process, signal.SIGKILL)
            else:
                run.clear_all()
                await_true(lambda: gone(step.process), 60)

    with gate(airflow, arrived):
        run = DagRun.triggered(airflow, "fleet")
        state = run.end()
    assert struck
    if kill:  # the tenants of this fleet are not tried again
        assert state == "failed"
        outcomes = {each["tenant"]: each["state"] for each in run.xcom("fleet_report", "fleet")}
        assert sorted(outcomes.values()) == ["failed", "success", "success"]
        run.clear_all()
        state = run.end()
    assert state == "success"
    for tenant in TENANTS:
        assert ordered_rows(trio.target, tenant) == ordered_rows(trio.primary, tenant)
    assert_nothing_left(airflow, *trio.servers)
