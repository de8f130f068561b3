"""A lock on a dump directory, for those who plan or finish a dump there: two at once would mix their files."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from airflow_mydump.engine.consistency.named_lock import NamedLocks
from airflow_mydump.engine.dump_directory.storage import Storage
from airflow_mydump.engine.errors import ConfigurationError
from airflow_mydump.engine.server.endpoint import Endpoint

_LOCK = "directory"
_POLL_SECONDS = 0.2
_LONGEST_SECONDS = 3600
"""Planning a quarter of a million tables takes minutes; the lock of who died is free after 45 s."""


@contextmanager
def alone_in(source: Endpoint, storage: Storage) -> Iterator[NamedLocks]:
    """Nobody else who dumps from this server into this directory is inside; `require_alive` proves it.

    It is a named lock in the source, as no file system has a lock that all others have and that dies with its owner.
    Raises ConfigurationError if another one stays for an hour, SnapshotError if the source is lost, ConnectError.
    """
    with NamedLocks(source, f"dump into {storage}") as locks:
        until = time.monotonic() + _LONGEST_SECONDS
        while not locks.take(_LOCK):
            if time.monotonic() > until:
                raise ConfigurationError(f"another task plans or finishes a dump in {storage}, and does not end")
            time.sleep(_POLL_SECONDS)
        yield locks
