"""Await-tenants: waits for the tenants' runs without keeping a worker busy."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from airflow.providers.common.compat.sdk import BaseSensorOperator

TRIGGERED = "trigger_run_id"
"""Key of the XCom that a triggering task leaves when the run exists."""

_SLICE = 50
"""Runs that are asked about at once. Their names are in a URL, and servers refuse one above some 64 KB."""


class AwaitTenantsSensor(BaseSensorOperator):
    """Done when every run that was triggered has ended, well or not.

    It gives its slot back between two looks: tasks that wait for other tasks must not take their places.

    :param start_task_id: the mapped task that triggers
    :param tenant_dag_id: the DAG whose runs they are
    """

    def __init__(self, *, start_task_id: str, tenant_dag_id: str, **kwargs: Any) -> None:
        super().__init__(mode="reschedule", **kwargs)
        self.start_task_id = start_task_id
        self.tenant_dag_id = tenant_dag_id

    def poke(self, context: Any) -> bool:
        """Look at all the runs."""
        instance = context["ti"]
        started = [run_id for run_id in instance.xcom_pull(task_ids=[self.start_task_id], key=TRIGGERED) if run_id]
        if not started:
            return True
        ended = sum(
            instance.get_dr_count(dag_id=self.tenant_dag_id, run_ids=some, states=["success", "failed"])
            for some in _slices(started)
        )
        self.log.info("%s of %s tenants' runs have ended", ended, len(started))
        return bool(ended == len(started))


def _slices(run_ids: list[str]) -> Iterator[list[str]]:
    for begin in range(0, len(run_ids), _SLICE):
        yield run_ids[begin : begin + _SLICE]
