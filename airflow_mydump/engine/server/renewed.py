"""A connection that is replaced when it may be broken."""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType
from typing import Concatenate, Generic, ParamSpec, Protocol, TypeVar

from airflow_mydump.engine.retry import Patience, retrying
from airflow_mydump.engine.server.endpoint import Endpoint
from airflow_mydump.engine.server.session import Session
from airflow_mydump.engine.server.session_state import SessionState


class Closable(Protocol):
    """A connection: a `Session`, or a `Loader`."""

    def close(self) -> None:
        """Close it; harmless when it is closed or lost."""


Connection = TypeVar("Connection", bound=Closable)
Given = ParamSpec("Given")
Result = TypeVar("Result")


class Renewed(Generic[Connection]):
    """A connection that is opened when it is first needed, closed after any error, and opened anew when next needed.

    ``connect`` opens one, and does what is to be done on each before it is used. Use as a context manager.
    """

    def __init__(self, connect: Callable[[], Connection], patience: Patience) -> None:
        self._connect = connect
        self._patience = patience
        self._connection: Connection | None = None

    def once(
        self, work: Callable[Concatenate[Connection, Given], Result], *given: Given.args, **named: Given.kwargs
    ) -> Result:
        """Do some work on the connection; raises what that raises, and what connecting does."""
        try:
            if self._connection is None:
                self._connection = self._connect()
            return work(self._connection, *given, **named)
        except BaseException:
            self.close()
            raise

    def tried(
        self, work: Callable[Concatenate[Connection, Given], Result], *given: Given.args, **named: Given.kwargs
    ) -> Result:
        """As `once`, again on a new connection after errors that pass by themselves; the last one is raised."""
        result: Result = retrying(self._patience)(self.once, work, *given, **named)
        return result

    def close(self) -> None:
        """Close the connection, if there is one."""
        if self._connection is not None:
            self._connection.close()
        self._connection = None

    def __enter__(self) -> Renewed[Connection]:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()


def asked(
    endpoint: Endpoint,
    state: SessionState,
    work: Callable[Concatenate[Session, Given], Result],
    *given: Given.args,
    **named: Given.kwargs,
) -> Result:
    """Do some work in a session of its own, again in a new one after errors that pass by themselves.

    It must be harmless to do it twice. Raises what the last try raised.
    """
    with Renewed(lambda: Session(endpoint, state), endpoint.patience) as connection:
        return connection.tried(work, *given, **named)
