"""The notifier: a run's message, handed to whatever sends messages."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from importlib import import_module
from typing import Any

from airflow.providers.common.compat.sdk import conf
from airflow.sdk import BaseNotifier

from airflow_mydump.notifications.message import RunMessage
from airflow_mydump.operators.failure import RECORD, Failure
from airflow_mydump.operators.own_task import is_own

Send = Callable[[RunMessage], Any]
"""Sends a message: a function of one, or one that makes a notifier of another provider for it."""


class MigrationNotifier(BaseNotifier):
    """One message for a run of a migration, restore, dump or fleet, however many of its tasks failed.

    Give it to a DAG, not to tasks: ``MigrationDag(…, on_failure_callback=MigrationNotifier(send),
    on_success_callback=MigrationNotifier(send))``. It says which databases, in which phase, which table and key range,
    the error, what is safe to do, and where to look.

    It is for ``DeadlineAlert(callback=AsyncCallback(MigrationNotifier, kwargs={"send": …}))`` too, which tells it
    nothing but that the deadline has passed.

    :param send: gets a `RunMessage` with ``subject`` and ``text`` and sends it. What it returns may be another
        provider's notifier, made for this message, which then sends it: ``lambda message: SmtpNotifier(to="…",
        subject=message.subject, html_content=message.html)``. As a text, the import path of such a function
    """

    def __init__(self, send: Send | str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.send = send

    def notify(self, context: Any) -> None:
        """Send the message of the run that a context is of; as a DAG's callback. Raises what the sender raises."""
        sent = _function(self.send)(message_of(context))
        if isinstance(sent, BaseNotifier):
            # Not called, which would take the message for a template: names of tables are not ours to execute.
            sent.notify(context)

    async def async_notify(self, context: Any) -> None:
        """Send the message from the triggerer; the sender may be a coroutine function. Raises what it raises."""
        sent = _function(self.send)(message_of(context))
        if isinstance(sent, BaseNotifier):
            await sent.async_notify(context)
        elif inspect.isawaitable(sent):
            await sent


def message_of(context: Mapping[str, Any]) -> RunMessage:
    """What is known of the run that a callback's context is of, of all task groups of this package in it."""
    left = _Left(context)
    groups = [_Group.of(left, task_ids) for task_ids in left.groups]
    reason = str(context.get("reason") or ("its deadline has passed" if "deadline" in context else ""))
    succeeded = _succeeded(context, reason)
    # What another group has moved is no part of a failure, where it is known whose it is.
    broken = [] if succeeded else [group for group in groups if group.failures or group.differences]
    return RunMessage(
        dag_id=left.dag_id,
        run_id=left.run_id,
        succeeded=succeeded,
        reason=reason,
        tenants=[tenant for group in broken or groups for tenant in group.tenants],
        failures=[failure for group in groups for failure in group.failures],
        differences=[difference for group in groups for difference in group.differences],
        fleet=[outcome for group in groups for outcome in group.fleet],
        dumps=[dump for group in groups for dump in group.dumps],
        base_url=conf.get("api", "base_url", fallback="").rstrip("/"),
    )


def _succeeded(context: Mapping[str, Any], reason: str) -> bool:
    state = _of(context.get("dag_run"), "state")
    return str(getattr(state, "value", state)) == "success" or reason == "success"


class _Left:
    """The XComs of the run that a context is of; nothing where none can be read. ``groups`` are the names of this
    package's tasks, by the task group that they are in; of all tasks, where the DAG does not tell whose they are."""

    def __init__(self, context: Mapping[str, Any]) -> None:
        self._instance = context.get("ti")
        dag, run = context.get("dag"), context.get("dag_run")
        self.dag_id = str(getattr(dag, "dag_id", None) or _of(run, "dag_id") or "unknown")
        self.run_id = str(context.get("run_id") or _of(run, "run_id") or "unknown")
        tasks = sorted(getattr(dag, "tasks", ()), key=lambda task: str(task.task_id))
        by_group: dict[str, list[str]] = {}
        for task in [task for task in tasks if is_own(task)] or tasks:
            by_group.setdefault(task.task_id.rpartition(".")[0], []).append(task.task_id)
        self.groups = list(by_group.values())

    def read(self, task_ids: Sequence[str], key: str) -> list[Any]:
        """All values that these tasks left under a key."""
        if self._instance is None:
            return []
        found = self._instance.xcom_pull(task_ids=list(task_ids), key=key, dag_id=self.dag_id, run_id=self.run_id)
        return [value for value in found or () if value]


@dataclass(frozen=True)
class _Group:
    """What the tasks of one migration, dump, restore or fleet left, without what is none of theirs: a user's task may
    leave anything under the same keys."""

    tenants: Sequence[Mapping[str, Any]]
    dumps: Sequence[Mapping[str, Any]]
    differences: Sequence[str]
    failures: Sequence[Failure]
    fleet: Sequence[Mapping[str, Any]]

    @classmethod
    def of(cls, left: _Left, task_ids: Sequence[str]) -> _Group:
        """The group of these tasks."""
        reports = _records(left.read(task_ids, "report"))
        failures = _failures(_listed(left.read(task_ids, "failures")))
        return cls(
            tenants=_records(_listed(report.get("tenants") for report in reports), "schema", "rows"),
            dumps=_records(reports, "directory", "tables", "rows"),
            differences=[str(each) for each in _listed(report.get("differences") for report in reports)],
            # Dumps have no report of their failures, and a report that failed itself has not told of that.
            failures=failures or _failures(left.read(task_ids, RECORD)),
            fleet=_records(_listed(left.read(task_ids, "fleet")), "tenant", "state", "rows", "error"),
        )


def _records(values: Iterable[Any], *names: str) -> list[Mapping[str, Any]]:
    """Those of the values that are records with these fields."""
    return [value for value in values if isinstance(value, Mapping) and all(name in value for name in names)]


def _listed(values: Iterable[Any]) -> list[Any]:
    """What is in those of the values that are lists."""
    return [each for value in values if isinstance(value, list | tuple) for each in value]


def _failures(values: Iterable[Any]) -> list[Failure]:
    return [Failure.read(dict(record)) for record in _records(values, *(field.name for field in fields(Failure)))]


def _function(send: Send | str) -> Send:
    if not isinstance(send, str):
        return send
    module, _, name = send.rpartition(".")
    function: Send = getattr(import_module(module), name)
    return function


def _of(record: Any, name: str) -> Any:
    """A field of a DAG run: a record of Airflow's in callbacks, a dict in deadlines. None if it is not there."""
    return record.get(name) if isinstance(record, Mapping) else getattr(record, name, None)
