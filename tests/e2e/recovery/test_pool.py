"""A snapshot whose workers cannot all run at once waits for so long and no longer, and says what is too small."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.e2e.dag_run import DagRun
from tests.e2e.recovery.trial import Trial, Trio

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sandbox.airflow import Airflow
    from sandbox.server import Flavor

pytestmark = pytest.mark.endurance


def test_a_pool_with_a_slot_too_few(airflow: Airflow, trios: Mapping[Flavor, Trio]) -> None:
    if "mariadb" not in trios:
        pytest.skip("mariadb is not installed, or not in MYDUMP_TEST_FLAVORS")
    trial = Trial(airflow, trios["mariadb"], "copy", "snapshot")
    trial.prepare()
    airflow.api.add_pool("narrow", 1)
    run = DagRun.triggered(airflow, "narrow")
    assert run.end() == "failed"
    for each in run.instances("data_phase"):
        assert each["try_number"] == 2
        log = run.log("data_phase", 2, each["map_index"])
        assert "only 1 of 2 workers were there after 4 s" in log
        assert "pool narrow" in log
    assert "pool narrow" in run.log("report")
    trial.assert_nothing_left()

    airflow.api.request("PATCH", "/pools/narrow", {"pool": "narrow", "slots": 2, "include_deferred": False})
    run.clear_from("data_phase")
    trial.assert_moved(run, "first")
