"""Beside definitions that never stop changing, a run ends complete and right, or fails and says why."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from airflow_mydump.engine.errors import LoadMismatchError, MydumpError, VerificationError
from airflow_mydump.engine.plan.settings import PlanSettings
from tests.integration.crew import QUICK, Crew
from tests.integration.definition_loop import DefinitionLoop, make_tables, require_right
from tests.integration.writers import Writers, make_bank, require_one_moment

if TYPE_CHECKING:
    from airflow_mydump.engine.consistency.settings import Mode
    from tests.integration.run import Run

RUNS = 8


@pytest.mark.endurance
@pytest.mark.parametrize("mode", ["snapshot", "locked", "none"])
def test_a_run_beside_a_loop_of_changes_is_right_or_fails_by_name(run: Run, mode: Mode) -> None:
    source, database = run.pair.source, run.database
    make_bank(source, database)
    make_tables(source, database)
    with Writers(source, database, tireless=True), DefinitionLoop(source, database) as loop:
        ended = [attempt(run.again("drop"), mode) for _ in range(RUNS)]
    assert loop.changes
    assert attempt(run.again("drop"), mode) == "right", ended


def attempt(run: Run, mode: Mode) -> str:
    """Make a copy; what became of it."""
    run.settings = PlanSettings(chunk_bytes=4 << 10, concurrency=2)
    try:
        run.plan()
        run.schema()
        if mode == "none":
            run.data()
        else:
            with Crew(run, 2, replace(QUICK, mode=mode)) as crew:
                crew.all()
        run.finish()
    except (VerificationError, LoadMismatchError):
        raise
    except MydumpError as error:
        return str(error)
    require_right(run.pair.target, run.database, one_moment=mode != "none")
    if mode != "none":
        require_one_moment(run.pair.target, run.database)
    return "right"
