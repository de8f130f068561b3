"""Tasks are killed and runs are cleared while data moves, and every row is there once. `recovery` has many more."""

from __future__ import annotations

from contextlib import ExitStack
from functools import partial
from typing import TYPE_CHECKING

import pytest
from sandbox.server import Server

from tests.e2e.recovery import orders, strikes
from tests.e2e.recovery.trial import Trial, Trio
from tests.faults.replication import OPTIONS, READ_ONLY, follow
from tests.integration.pair import rows_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from sandbox.airflow import Airflow
    from sandbox.server import Flavor

    from tests.e2e.recovery.trial import Mode, Moments
    from tests.integration.pair import Pair


@pytest.fixture
def trio(request: pytest.FixtureRequest, pairs: Mapping[Flavor, Pair], airflow: Airflow) -> Iterator[Trio]:
    """The servers that all tests have, and for a replica a primary and a replica of their own."""
    flavor, mode = request.param
    if flavor not in pairs:
        pytest.skip(f"{flavor} is not installed, or not in MYDUMP_TEST_FLAVORS")
    source, target = pairs[flavor].source, pairs[flavor].target
    if mode != "replica":
        if not rows_of(source, f"SHOW DATABASES LIKE '{orders.DATABASE}'"):
            orders.fill(source)
        yield Trio(source, None, target)
        return
    with ExitStack() as stack:
        options = OPTIONS[flavor], {**OPTIONS[flavor], **READ_ONLY}
        primary, replica = (stack.enter_context(Server(flavor, each)) for each in options)
        follow(primary, replica)
        orders.fill(primary)
        airflow.api.add_connection(f"replica_{flavor}", replica.uri)
        yield Trio(primary, replica, target)


@pytest.mark.parametrize(
    ("trio", "mode", "event", "moments"),
    [
        (("mariadb", "none"), "none", strikes.kill, "either"),
        (("mysql", "snapshot"), "snapshot", strikes.kill, "first"),
        (("mariadb", "locked"), "locked", strikes.kill, "either"),
        (("mysql", "replica"), "replica", strikes.kill, "first"),
        (("mariadb", "snapshot"), "snapshot", strikes.clear_run, "later"),
    ],
    indirect=["trio"],
)
def test_every_row_is_there_once(
    airflow: Airflow, trio: Trio, mode: Mode, event: Callable[..., None], moments: Moments
) -> None:
    trial = Trial(airflow, trio, "copy", mode)
    with trial.struck(partial(event, trial)) as run:
        run.end()
    trial.assert_moved(run, moments)
    if event is strikes.kill and mode == "none":
        again = [run.xcom(trial.phase, map_index=each["map_index"]) for each in run.instances(trial.phase)
                 if each["try_number"] == 2]  # fmt: skip
        assert again[0]["skipped"] > 0, "what was committed is not loaded again"
