"""What the operators share that look at what is to be moved."""

from __future__ import annotations

from typing import Any

from airflow_mydump.engine.selection.open_selection import OpenSelection
from airflow_mydump.engine.selection.selection import Selection
from airflow_mydump.operators.phase import PhaseOperator
from airflow_mydump.operators.run_request import RunRequest


class SelectingOperator(PhaseOperator):
    """A phase over a selection.

    :param selection: what is to be moved; of an open one, the run's param ``tenant`` names the database
    :param run_params: whether the run's params choose among what is to be moved, see `RunRequest`
    """

    def __init__(self, *, selection: Selection | OpenSelection, run_params: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.selection = selection
        self.run_params = run_params

    def request(self, context: Any) -> RunRequest:
        """What was asked of this run. Raises ConfigurationError."""
        return RunRequest.of_run(context, self, self.run_params)

    def chosen(self, context: Any) -> Selection:
        """What is to be moved in this run. Raises ConfigurationError, SelectionError."""
        return self.request(context).narrowed(self.selection)
