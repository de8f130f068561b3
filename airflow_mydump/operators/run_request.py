"""What a user asked of one run, in the form that Airflow makes of a DAG's params."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, get_args

from airflow_mydump.engine.errors import ConfigurationError
from airflow_mydump.engine.plan.plan import IfExists
from airflow_mydump.engine.plan.settings import PlanSettings
from airflow_mydump.engine.selection.open_selection import OpenSelection
from airflow_mydump.engine.selection.selection import Content, Selection
from airflow_mydump.operators.run_conf import require_heard


@dataclass(frozen=True)
class RunRequest:
    """A narrower choice than the DAG's: some of its tenants, a dry run, another treatment of what exists, one half.

    The values are checked again where the work is done, for params can be changed by whoever may write a DAG file, and
    by a conf that was validated against an older version of them.
    """

    tenants: tuple[str, ...] = ()
    tenant: str = ""
    dry_run: bool = False
    if_exists: IfExists | None = None
    content: Content | None = None

    @classmethod
    def of_run(cls, context: Mapping[str, Any], task: Any, run_params: bool = True) -> RunRequest:
        """What a task hears of the request; nothing without ``run_params``. Raises ConfigurationError naming the param,
        also one that was asked for and would be ignored."""
        require_heard(context, task, run_params)
        return cls.of(context["params"] if run_params else {})

    @classmethod
    def of(cls, params: Mapping[str, Any]) -> RunRequest:
        """The request in a run's params. Raises ConfigurationError naming the param."""
        tenants = params.get("tenants") or ()
        if isinstance(tenants, str) or not all(isinstance(name, str) for name in tenants):
            raise ConfigurationError(f"param tenants is a list of names, not {tenants!r}")
        for name, choices in (("if_exists", IfExists), ("content", Content)):
            if params.get(name) not in (None, *get_args(choices)):
                raise ConfigurationError(
                    f"param {name} is one of {', '.join(get_args(choices))}, not {params.get(name)!r}"
                )
        return cls(
            tenants=tuple(tenants),
            tenant=str(params.get("tenant") or ""),
            dry_run=params.get("dry_run") is True,
            if_exists=params.get("if_exists"),
            content=params.get("content"),
        )

    def narrowed(self, selection: Selection | OpenSelection) -> Selection:
        """What of a selection is asked for. Raises SelectionError if that is more than the selection has."""
        if isinstance(selection, OpenSelection):
            selection = selection.of_tenant(self.tenant)
        elif self.tenants:
            selection = selection.only(self.tenants)
        return replace(selection, content=self.content) if self.content else selection

    def settled(self, settings: PlanSettings) -> PlanSettings:
        """A plan's settings as they are asked for."""
        return replace(settings, if_exists=self.if_exists) if self.if_exists else settings
