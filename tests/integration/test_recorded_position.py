"""The position that a run notes is that of its rows: who replays the source's binary log up to it has the same.

For a paused replica, and its primary's log, `tests/integration/test_replica.py` has that.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from sandbox.server import Server

from airflow_mydump.engine import ledger
from airflow_mydump.engine.plan.settings import PlanSettings
from airflow_mydump.engine.server.session import Session
from airflow_mydump.engine.server.session_state import metadata
from tests.integration.contents import assert_same_contents
from tests.integration.crew import QUICK, Crew
from tests.integration.replay import position_of, recorded, replay
from tests.integration.writers import Writers, make_bank

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airflow_mydump.engine.consistency.moment import Moment
    from airflow_mydump.engine.consistency.settings import Mode
    from tests.integration.pair import Pair
    from tests.integration.run import Run


@pytest.fixture(scope="module")
def witness(pair: Pair) -> Iterator[Server]:
    """A server that has seen nothing but the source's binary log."""
    with Server(pair.flavor) as witness:
        yield witness


def moment_of(run: Run) -> Moment:
    assert run.planned
    with Session(run.target, metadata) as session:
        moment = ledger.current_moment(session, run.planned.identity)
    assert moment
    return moment


@pytest.mark.parametrize("mode", ["snapshot", "locked"])
def test_a_copy_beside_writers_is_what_the_log_comes_to(run: Run, witness: Server, mode: Mode) -> None:
    begin = position_of(run.pair.source)
    make_bank(run.pair.source, run.database)
    run.settings = PlanSettings(chunk_bytes=16 << 10, concurrency=2)
    run.plan()
    run.schema()
    with Writers(run.pair.source, run.database):
        with Crew(run, 2, replace(QUICK, mode=mode)) as crew:
            crew.all()
        run.finish()
    replay(witness, run.pair.source, run.database, begin, recorded(moment_of(run).position))
    assert_same_contents(witness, run.pair.target, run.database)
