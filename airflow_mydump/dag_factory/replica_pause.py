"""How the pause of a replica is wired around the tasks that read it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import BaseOperator, TriggerRule, chain
from airflow.sdk.definitions.mappedoperator import MappedOperator


def pause_around(
    before: Any, pause: BaseOperator, reading: MappedOperator, resume: BaseOperator, arguments: Mapping[str, Any]
) -> None:
    """Let ``pause`` run behind ``before``, and ``resume`` when all is over, whatever became of the others, also of
    ``pause``. Clearing ``reading`` clears both.

    Airflow runs a teardown only if one of its setups has succeeded, and a pause that was killed has not, whatever it
    did before. So there is one more, which waits for nothing and which no worker runs. ``arguments`` are those for
    every operator of the user's.
    """
    begun = EmptyOperator(task_id="guard_applier", **(dict(arguments) | {"trigger_rule": TriggerRule.ALL_DONE}))
    resume.as_teardown(setups=[begun, pause], on_failure_fail_dagrun=True)
    chain(before, pause, reading, resume)
