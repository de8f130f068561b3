"""A dump directory between two servers: written and restored by the real scheduler, and every task may be killed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.tenants import fill

from tests.e2e.dag_run import DagRun
from tests.e2e.ordered_rows import ordered_rows
from tests.integration.contents import assert_same_definitions

if TYPE_CHECKING:
    from sandbox.airflow import Airflow

    from tests.integration.pair import Pair

SHOP = "staged_shop"


def test_what_was_dumped_is_restored_whole(airflow: Airflow, pair: Pair) -> None:
    fill(pair.source, (SHOP,), 30, 8_000)
    run = DagRun.triggered(airflow, f"staged_{pair.flavor}")
    assert run.end() == "success"
    assert run.states() == {task: {"success"} for task in run.states()}
    # in one of the DAGs every task is killed once when its work is done, and nobody has heard of it
    assert set(run.tries().values()) == {2 if pair.is_mysql else 1}
    assert ordered_rows(pair.target, SHOP) == ordered_rows(pair.source, SHOP)
    assert_same_definitions(pair.source, pair.target, SHOP)
