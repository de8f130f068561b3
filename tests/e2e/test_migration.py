"""The real scheduler runs a migration to its end; afterwards any part of it may be cleared and run again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sandbox.tenants import fill

from tests.e2e.dag_run import DagRun
from tests.e2e.ordered_rows import ordered_rows
from tests.integration.contents import assert_same_definitions

if TYPE_CHECKING:
    from sandbox.airflow import Airflow

    from tests.integration.pair import Pair

SHOPS = ("shop_one", "shop_two")
TABLES = 70
ROWS = 12_000


@pytest.fixture(scope="module")
def run(airflow: Airflow, pair: Pair) -> DagRun:
    fill(pair.source, SHOPS, TABLES, ROWS)
    run = DagRun.triggered(airflow, f"shops_{pair.flavor}")
    run.end()
    return run


def assert_all_arrived(pair: Pair, run: DagRun) -> None:
    report = run.report()
    assert report["differences"] == []
    assert [(tenant["schema"], tenant["verified"]) for tenant in report["tenants"]] == [(name, True) for name in SHOPS]
    assert sum(tenant["rows"] for tenant in report["tenants"]) == ROWS
    for shop in SHOPS:
        assert ordered_rows(pair.target, shop) == ordered_rows(pair.source, shop)
        assert_same_definitions(pair.source, pair.target, shop)


def test_every_row_and_object_arrives(run: DagRun, pair: Pair) -> None:
    assert run.states() == {task: {"success"} for task in run.states()}
    assert_all_arrived(pair, run)


def test_mapped_tasks_are_named_by_what_they_move(run: DagRun) -> None:
    names = [each["rendered_map_index"] for each in run.instances("verify")]
    assert len(names) == 3
    for number, name in enumerate(names):
        assert name.startswith(f"{number}: shop_")
    assert [each["rendered_map_index"] for each in run.instances("data_phase")] == ["worker 1", "worker 2"]
    assert [each["rendered_map_index"] for each in run.instances("schema_phase")] == ["part 1", "part 2"]


def test_a_cleared_data_task_loads_nothing_twice(run: DagRun, pair: Pair) -> None:
    run.clear("data_phase", 1)
    assert run.end() == "success"
    assert run.instances("data_phase")[1]["try_number"] == 2
    again = run.xcom("data_phase", map_index=1)
    assert again == {"chunks": 0, "skipped": 0, "rows": 0, "bytes": 0}
    assert_all_arrived(pair, run)


def test_a_cleared_run_starts_anew(run: DagRun, pair: Pair) -> None:
    plan = run.report()["plan"]
    run.clear_all()
    assert run.end() == "success"
    assert run.report()["plan"] != plan
    assert sum(run.xcom("data_phase", map_index=number)["rows"] for number in range(2)) == ROWS
    assert_all_arrived(pair, run)


def test_the_plan_task_links_to_the_plan_in_words(run: DagRun, pair: Pair) -> None:
    links = run.airflow.api.request("GET", f"/dags/{run.dag_id}/dagRuns/{run.run_id}/taskInstances/chunk_plan/links")
    assert links["extra_links"]["Plan"].endswith("/tasks/chunk_plan/xcom")
    summary = run.xcom("chunk_plan", "plan summary")
    assert "bundles" in summary
    assert "shop_one: " in summary
