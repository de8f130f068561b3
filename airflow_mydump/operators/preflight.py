"""Preflight: checks both servers before anything changes."""

from __future__ import annotations

from typing import Any

from airflow_mydump.engine import preflight
from airflow_mydump.engine.consistency.settings import Consistency
from airflow_mydump.engine.preflight.finding import warnings_of
from airflow_mydump.engine.selection.selection import LEDGER_SCHEMA
from airflow_mydump.operators.outline import BEGUN
from airflow_mydump.operators.phase import engine_errors
from airflow_mydump.operators.selecting import SelectingOperator


class PreflightOperator(SelectingOperator):
    """Fails, without a retry and with all its reasons, if servers, accounts or settings would make the run fail later.

    What needs the catalog (names, types, references) is checked by the two tasks that follow, also before anything
    is changed.

    :param ledger: the target's database in which the run is to be recorded
    :param consistency: how the rows of different chunks will belong together, and at what cost; each mode needs
        privileges of its own
    """

    def __init__(
        self, *, consistency: Consistency = preflight.ONE_BY_ONE, ledger: str = LEDGER_SCHEMA, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.consistency = consistency
        self.ledger = ledger

    def execute(self, context: Any) -> dict[str, str]:
        """Check both servers; returns what they are."""
        context["ti"].xcom_push(key=BEGUN, value="migration")
        with engine_errors():
            servers = preflight.check(self.source, self.target, self.chosen(context), self.consistency, self.ledger)
        for warning in warnings_of(servers.findings):
            self.log.warning("%s", warning)
        self.log.info("From %s to %s: nothing stands in the way", servers.source, servers.target)
        return {"source": servers.source, "target": servers.target}
