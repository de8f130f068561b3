"""The form that Airflow shows when a run is triggered by hand; `operators.run_request` reads it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import get_args

from airflow.sdk import Param

from airflow_mydump.engine.plan.plan import IfExists
from airflow_mydump.engine.selection.selection import Content


def tenants_param(tenants: Sequence[str]) -> Param:
    """Which of the DAG's databases to move; none chosen is all of them."""
    return Param(
        [],
        type="array",
        items={"type": "string", "enum": list(tenants)},
        examples=list(tenants),
        uniqueItems=True,
        title="Tenants",
        description="The databases to move in this run. None chosen: all of them.",
    )


def dry_run_param() -> Param:
    """Whether to stop before anything changes."""
    return Param(
        False,
        type="boolean",
        title="Dry run",
        description="Check and plan, change nothing. What would be done is in the log of chunk_plan.",
    )


def if_exists_param(default: IfExists) -> Param:
    """What to do with tables that the target has."""
    return Param(
        default,
        type="string",
        enum=list(get_args(IfExists)),
        title="Tables that exist",
        description="truncate empties equal tables, drop replaces them, skip leaves them alone, fail refuses the run.",
    )


def content_param(default: Content) -> Param:
    """All, structure alone, or rows alone."""
    return Param(
        default,
        type="string",
        enum=list(get_args(Content)),
        title="Content",
        description="schema is structure without rows, data is rows into tables that exist.",
    )
