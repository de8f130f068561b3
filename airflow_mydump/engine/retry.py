"""Which errors pass by themselves, and how often and after what pause a step is tried again."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import ParamSpec, TypeVar

from tenacity import RetryCallState, Retrying, retry_if_exception, stop_after_attempt

from airflow_mydump.engine.errors import ConfigurationError, ConnectError, FramingCollision, ServerError

Given = ParamSpec("Given")
Result = TypeVar("Result")


@dataclass(frozen=True)
class Patience:
    """How often a step is tried, and how long it rests in between: each pause is twice the one before, up to the
    longest, and shortened by up to a quarter at random, so that workers do not come back all at once.

    As it is by default, the pauses are 68 s together at the least: a server that restarts is waited for.

    :param attempts: tries in all
    :param first_pause_seconds: pause after the first of them
    :param longest_pause_seconds: what pauses grow to
    """

    attempts: int = 9
    first_pause_seconds: float = 0.5
    longest_pause_seconds: float = 30.0

    def __post_init__(self) -> None:
        if self.attempts < 1:
            raise ConfigurationError(f"attempts must be at least 1, not {self.attempts}")
        for name in ("first_pause_seconds", "longest_pause_seconds"):
            if getattr(self, name) < 0:
                raise ConfigurationError(f"{name} must not be negative, and is {getattr(self, name)}")

    def pause(self, attempt: int) -> float:
        """Seconds to rest after a try; tries count from 1."""
        # Capped before it is raised: a float has no 2 ** 1024.
        longest = min(self.longest_pause_seconds, self.first_pause_seconds * 2.0 ** min(attempt - 1, 64))
        return longest * random.uniform(0.75, 1)  # noqa: S311  # spreads workers, guards nothing


def is_transient(error: BaseException) -> bool:
    """Whether the whole step, tried again after a pause and on new connections, may well succeed."""
    if isinstance(error, ServerError):
        return error.passes
    return isinstance(error, FramingCollision | ConnectError) and error.retryable


def retrying(patience: Patience) -> Retrying:
    """An iterator of tries, each a context manager; also a function that calls another. The last error is raised."""

    def pause(state: RetryCallState) -> float:
        return patience.pause(state.attempt_number)

    return Retrying(
        retry=retry_if_exception(is_transient),
        stop=stop_after_attempt(patience.attempts),
        wait=pause,
        reraise=True,
    )


def again(phase: Callable[Given, Result], patience: Patience) -> Callable[Given, Result]:
    """The phase, called until it ends or fails with what does not pass by itself; it makes new connections each time.

    For commands: of a task, Airflow makes the tries. Survives pickling if the phase does; raises what the last try
    raised.
    """
    return partial(_call, phase, patience)


def _call(phase: Callable[..., Result], patience: Patience, *arguments: object, **named: object) -> Result:
    return retrying(patience)(phase, *arguments, **named)
