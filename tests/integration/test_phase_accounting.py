"""No phase ends well unless the ledger has all that was planned for its part."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from airflow_mydump.engine.errors import IncompleteRunError
from airflow_mydump.engine.event import EventKind, ignore
from airflow_mydump.engine.phases.data import data_phase
from airflow_mydump.engine.phases.index import index_phase
from airflow_mydump.engine.phases.plan import schema_file
from airflow_mydump.engine.phases.post import post_phase
from airflow_mydump.engine.phases.schema import schema_phase
from airflow_mydump.engine.phases.verify import verify_phase
from airflow_mydump.engine.plan.settings import PlanSettings
from airflow_mydump.engine.workdir import PARTIAL
from tests.integration.pair import run_sql

if TYPE_CHECKING:
    from collections.abc import Callable

    from airflow_mydump.engine.event import Event, Listener
    from tests.integration.pair import Pair
    from tests.integration.run import Run

SETTLED = {
    "create": EventKind.KEYS_ADDED,  # of a small table at the end of the phase, when all tables are made
    "load": EventKind.CHUNK_COMMITTED,
    "keys": EventKind.KEYS_ADDED,
    "verify": EventKind.CHUNK_VERIFIED,
    "object": EventKind.OBJECT_CREATED,
}
"""When, in its phase, a step's row is in the ledger to stay; of the verification, before it is marked."""


@pytest.mark.parametrize("step", SETTLED)
def test_a_phase_whose_rows_vanish_from_the_ledger_fails_and_names_them(run: Run, pair: Pair, step: str) -> None:
    """As when another run takes the tables over in the middle."""
    run.on_source(
        "CREATE TABLE one (v INT PRIMARY KEY)", "INSERT INTO one VALUES (1)",
        "CREATE TABLE two (v INT PRIMARY KEY)", "INSERT INTO two VALUES (1), (2)",
        "CREATE VIEW v AS SELECT 1 AS a", "CREATE VIEW w AS SELECT 2 AS a",
    )  # fmt: skip
    run.settings = PlanSettings(concurrency=1, max_bundles=1)
    plan = run.plan()
    (bundle,) = run.plan_files()
    file = schema_file(plan.identity, 0)
    phases: dict[str, Callable[[Listener], object]] = {
        "create": lambda announce: schema_phase(run.target, run.work, file, announce),
        "load": lambda announce: data_phase(run.source, run.target, run.work, bundle, announce),
        "keys": lambda announce: index_phase(run.target, run.work, file, announce),
        "verify": lambda announce: verify_phase(run.target, run.work, bundle, announce),
        "object": lambda announce: post_phase(run.target, run.work, plan.identity, announce, run.source),
    }
    struck: list[str] = []

    def take(event: Event) -> None:
        if event.kind is SETTLED[step] and not struck:
            struck.append(event.name.name if step == "object" else "one")
            forget("load" if step == "verify" else step, struck[0])

    def forget(what: str, name: str) -> None:
        run_sql(
            pair.target,
            f"DELETE FROM airflow_mydump.ledger WHERE plan = '{plan.identity.plan}' AND step = '{what}' "
            f"AND target_name = '{name}'",
        )

    for name, phase in phases.items():
        if name != step:
            phase(ignore)
            continue
        if step == "keys":
            forget(step, "two")  # small tables have them since they were made: one of them is done again
        with pytest.raises(IncompleteRunError, match="1 of 2 planned are not in the ledger") as failed:
            phase(take)
        assert f"{run.database}.{struck[0]}" in str(failed.value).replace("`", "")
        return


def test_a_complete_run_leaves_nothing_of_plans_that_were_never_finished(run: Run) -> None:
    run.on_source("CREATE TABLE t (v INT)", "INSERT INTO t VALUES (1)")
    interrupted = Path(run.work.path) / "plans" / "never-finished" / f"{PARTIAL}x"
    interrupted.parent.mkdir(parents=True)
    interrupted.write_text("[")
    run.copy()
    assert not interrupted.exists()
