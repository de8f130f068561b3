"""What tells one execution of the planner from all others, on the target and in every file of a run."""

from __future__ import annotations

from dataclasses import dataclass

from airflow_mydump.engine.selection.selection import LEDGER_SCHEMA


@dataclass(frozen=True)
class PlanIdentity:
    """Under which names a run's progress is recorded on the target.

    ``plan`` differs for every execution of the planner, even over an unchanged catalog: a run that starts anew must
    not take over what an earlier one committed. ``epoch`` names the moment of the source that rows must belong to to be
    committed (`consistency.moment`), empty where chunks are read one by one. ``ledger`` is the database that has the
    ledger.
    """

    run_key: str
    plan: str
    epoch: str = ""
    ledger: str = LEDGER_SCHEMA
