"""What the operators of all phases share: both servers, the run's name and its work directory."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, replace
from typing import Any
from urllib.parse import quote

from airflow.providers.common.compat.sdk import (
    AirflowFailException,
    AirflowNotFoundException,
    BaseOperator,
    get_current_context,
)

from airflow_mydump.engine.chunking.chunk import without_bounds
from airflow_mydump.engine.errors import ConfigurationError, MydumpError
from airflow_mydump.engine.garbage_collection import collect_rarely
from airflow_mydump.engine.retry import Patience
from airflow_mydump.engine.server.endpoint import Endpoint
from airflow_mydump.engine.workdir import WorkDirectory, default_work_directory
from airflow_mydump.operators.failure import RECORD, Failure
from airflow_mydump.operators.object_store import directory_at

_log = logging.getLogger(__name__)

FAILURE = "mydump failure"
"""Key of the XCom with the text of the error that ended a try, without values of keys."""

_LONGEST_FAILURE = 2_000

RUN_KEY = "{{ dag.dag_id }}/{{ run_id }}"


class PhaseOperator(BaseOperator):
    """A phase of a run.

    :param source_conn_id: connection of type ``mysql`` to read from; None for a phase that reads from no server
    :param target_conn_id: connection of type ``mysql`` to write to; None for a phase that writes to no server
    :param work_directory: path or URL that every worker sees, as `object_store.directory_at` takes it; None is a
        directory below the system's temporary one, right where all tasks run on one machine
    :param run_key: the run's name in the ledger and below the work directory; the same for all its tasks
    :param target_binlog: whether the target writes what the run does to its binary log, and so to its replicas
    :param patience: how long servers are waited for within a task; None is `Patience` as it is by default
    """

    template_fields: Sequence[str] = ("source_conn_id", "target_conn_id", "work_directory", "run_key")

    def __init__(
        self,
        *,
        source_conn_id: str | None = None,
        target_conn_id: str | None = None,
        work_directory: str | None = None,
        run_key: str = RUN_KEY,
        target_binlog: bool = True,
        patience: Patience | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.source_conn_id = source_conn_id
        self.target_conn_id = target_conn_id
        self.work_directory = work_directory
        self.run_key = run_key
        self.target_binlog = target_binlog
        self.patience = patience or Patience()

    def pre_execute(self, context: Any) -> None:
        """Prepare the task's process, which is its own, for plans of many objects."""
        collect_rarely()
        super().pre_execute(context)

    @property
    def source(self) -> Endpoint:
        """The server to read from. Raises ConfigurationError, AirflowNotFoundException."""
        return replace(_endpoint(self.source_conn_id, "source_conn_id"), patience=self.patience)

    @property
    def target(self) -> Endpoint:
        """The server to write to. Raises ConfigurationError, AirflowNotFoundException."""
        endpoint = _endpoint(self.target_conn_id, "target_conn_id")
        return replace(endpoint, binlog=self.target_binlog, patience=self.patience)

    @property
    def directory(self) -> WorkDirectory:
        """The run's own directory below the work directory. Raises ConfigurationError."""
        return directory_at(self.work_directory or default_work_directory()).child(quote(self.run_key, safe=""))


@contextmanager
def engine_errors() -> Iterator[None]:
    """Turn an error that no retry can cure into one that Airflow does not retry, and leave its text for the page in
    Airflow's UI under the key `FAILURE`, and for reports and notifications under `failure.RECORD`."""
    try:
        yield
    except AirflowNotFoundException as error:
        advice = f"{error}: make the connection, or correct its name"
        _leave(advice, retryable=False)
        raise AirflowFailException(advice) from error
    except MydumpError as error:
        _leave(str(error), error.retryable)
        if error.retryable:
            raise
        raise AirflowFailException(str(error)) from error
    except Exception as error:
        # Its text may hold anything; the log has it.
        _leave(f"an unexpected {type(error).__name__}; the task's log says more", retryable=False)
        raise


def _leave(error: str, retryable: bool) -> None:
    try:
        context = get_current_context()
        context["ti"].xcom_push(key=FAILURE, value=without_bounds(error)[:_LONGEST_FAILURE])
        context["ti"].xcom_push(key=RECORD, value=asdict(Failure.of(context, error[:_LONGEST_FAILURE], retryable)))
    except Exception:  # whatever it is: the error itself must come through
        _log.warning("The error's text could not be pushed", exc_info=True)


def _endpoint(connection_id: str | None, parameter: str) -> Endpoint:
    if not connection_id:
        raise ConfigurationError(f"the task needs {parameter}, and has none")
    # Imported when a task runs: the MySQL provider is no part of parsing a DAG.
    from airflow_mydump.hooks.mydump import MydumpHook

    return MydumpHook(mysql_conn_id=connection_id).get_endpoint()
