"""Which plan a run key stands for: a command that is repeated with the same key goes on with the plan made first."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from airflow_mydump.engine.errors import ConfigurationError
from airflow_mydump.engine.phases.plan import PLAN, plan_path
from airflow_mydump.engine.plan.plan import Plan
from airflow_mydump.engine.plan_identity import PlanIdentity
from airflow_mydump.engine.workdir import WorkDirectory

_CURRENT = "current.json"


@dataclass(frozen=True)
class RunRecord:
    """A run's plan, and what it was made for: servers, databases and options, by name."""

    identity: PlanIdentity
    purpose: Mapping[str, Any]


def plan_once(directory: WorkDirectory, run_key: str, purpose: Mapping[str, Any], make: Callable[[], Plan]) -> Plan:
    """The plan of the run with this directory, made now if there is none.

    Raises ConfigurationError if the key was used for another purpose, and what ``make`` raises.
    """
    purpose = msgspec.json.decode(msgspec.json.encode(purpose))  # as it is read back: lists, no tuples
    if found := _resume(directory, run_key, purpose):
        return found
    plan = make()
    # The same key may have been started twice: the plan that was written down first is the run's.
    if first := _resume(directory, run_key, purpose):
        return first
    directory.write(_CURRENT, RunRecord(plan.identity, purpose))
    return plan


def _resume(directory: WorkDirectory, run_key: str, purpose: Mapping[str, Any]) -> Plan | None:
    if not directory.exists(_CURRENT):
        return None
    record = directory.read(_CURRENT, RunRecord)
    if record.purpose != purpose:
        raise ConfigurationError(
            f"run key {run_key!r} belongs to a run with other servers, databases or options; "
            "repeat the command that it was used with, or choose another key"
        )
    return directory.read(f"{plan_path(record.identity)}/{PLAN}", Plan)
