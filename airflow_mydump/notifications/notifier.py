"""The notifier: a run's message, handed to whatever sends messages."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any

from airflow.providers.common.compat.sdk import conf
from airflow.sdk import BaseNotifier

from airflow_mydump.notifications.message import RunMessage
from airflow_mydump.operators.failure import RECORD, Failure

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
    """What is known of the run that a callback's context is of."""
    left = _Left(context)
    report = left.read("report") or {}
    reason = str(context.get("reason") or ("its deadline has passed" if "deadline" in context else ""))
    return RunMessage(
        dag_id=left.dag_id,
        run_id=left.run_id,
        succeeded=_succeeded(context, reason),
        reason=reason,
        tenants=report.get("tenants") or (),
        failures=[Failure.read(record) for record in left.read("failures") or ()] or left.own_failures(),
        differences=report.get("differences") or (),
        fleet=left.read("fleet") or (),
        dump=report if "directory" in report else None,
        base_url=conf.get("api", "base_url", fallback="").rstrip("/"),
    )


def _succeeded(context: Mapping[str, Any], reason: str) -> bool:
    state = _of(context.get("dag_run"), "state")
    return str(getattr(state, "value", state)) == "success" or reason == "success"


class _Left:
    """The XComs of the run that a context is of, whichever task left them; nothing where none can be read."""

    def __init__(self, context: Mapping[str, Any]) -> None:
        self._instance = context.get("ti")
        dag, run = context.get("dag"), context.get("dag_run")
        self.dag_id = str(getattr(dag, "dag_id", None) or _of(run, "dag_id") or "unknown")
        self.run_id = str(context.get("run_id") or _of(run, "run_id") or "unknown")
        self._tasks = sorted(getattr(dag, "task_ids", ()))

    def read(self, key: str) -> Any:
        """The first value of this key."""
        return next((value for value in self._all(key) if value), None)

    def own_failures(self) -> list[Failure]:
        """The failures themselves, of runs that have no report: dumps, and runs whose report failed."""
        return [Failure.read(record) for record in self._all(RECORD) if record]

    def _all(self, key: str) -> list[Any]:
        if self._instance is None or not self._tasks:
            return []
        found = self._instance.xcom_pull(task_ids=self._tasks, key=key, dag_id=self.dag_id, run_id=self.run_id)
        return list(found or [])


def _function(send: Send | str) -> Send:
    if not isinstance(send, str):
        return send
    module, _, name = send.rpartition(".")
    function: Send = getattr(import_module(module), name)
    return function


def _of(record: Any, name: str) -> Any:
    """A field of a DAG run: a record of Airflow's in callbacks, a dict in deadlines. None if it is not there."""
    return record.get(name) if isinstance(record, Mapping) else getattr(record, name, None)
