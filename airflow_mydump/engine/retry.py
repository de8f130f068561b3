"""Which errors pass by themselves, and how often and after what pause a step is tried again."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import ParamSpec, TypeVar

from tenacity import Retrying, retry_if_exception, stop_after_attempt, wait_random_exponential

from airflow_mydump.engine.error_number import TRANSIENT
from airflow_mydump.engine.errors import ConnectError, FramingCollision, ServerError

Given = ParamSpec("Given")
Result = TypeVar("Result")

_ATTEMPTS = 5
_FIRST_PAUSE, _LONGEST_PAUSE = 0.2, 30.0


def is_transient(error: BaseException) -> bool:
    """Whether the whole step, tried again after a pause and on new connections, may well succeed."""
    if isinstance(error, ServerError):
        return error.number in TRANSIENT
    return isinstance(error, FramingCollision | ConnectError) and error.retryable


def retrying() -> Retrying:
    """An iterator of tries, each a context manager; also a function that calls another. The last error is raised."""
    return Retrying(
        retry=retry_if_exception(is_transient),
        stop=stop_after_attempt(_ATTEMPTS),
        wait=wait_random_exponential(multiplier=_FIRST_PAUSE, max=_LONGEST_PAUSE),
        reraise=True,
    )


def again(phase: Callable[Given, Result]) -> Callable[Given, Result]:
    """The phase, called until it ends or fails with what does not pass by itself; it makes new connections each time.

    For commands: of a task, Airflow makes the tries. Survives pickling if the phase does; raises what the last try
    raised.
    """
    return partial(_call, phase)


def _call(phase: Callable[..., Result], *arguments: object, **named: object) -> Result:
    return retrying()(phase, *arguments, **named)
