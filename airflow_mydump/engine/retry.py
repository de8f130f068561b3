"""Which errors pass by themselves, and how often and after what pause a step is tried again."""

from __future__ import annotations

from tenacity import Retrying, retry_if_exception, stop_after_attempt, wait_random_exponential

from airflow_mydump.engine.errors import ConnectError, FramingCollision, ServerError

_TRANSIENT = frozenset(
    {
        1040,  # too many connections
        1053,  # the server is shutting down
        1158, 1159, 1160, 1161,  # the network, as the server sees it
        1205,  # a lock was not granted in time
        1213,  # a deadlock; on MySQL also between statements that create or drop tables with foreign keys
        2003, 2006, 2013, 2055,  # the connection cannot be made, is gone, or was lost on the way
        4031,  # closed for inactivity (MySQL 8.0.24 and later)
    }
)  # fmt: skip

_ATTEMPTS = 5
_FIRST_PAUSE, _LONGEST_PAUSE = 0.2, 30.0


def is_transient(error: BaseException) -> bool:
    """Whether the whole step, tried again after a pause and on new connections, may well succeed."""
    if isinstance(error, ServerError):
        return error.number in _TRANSIENT
    return isinstance(error, FramingCollision | ConnectError)


def retrying() -> Retrying:
    """An iterator of tries, each a context manager; also a function that calls another. The last error is raised."""
    return Retrying(
        retry=retry_if_exception(is_transient),
        stop=stop_after_attempt(_ATTEMPTS),
        wait=wait_random_exponential(multiplier=_FIRST_PAUSE, max=_LONGEST_PAUSE),
        reraise=True,
    )
