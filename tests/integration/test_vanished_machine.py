"""A machine that vanishes without a farewell leaves a snapshot and locks on the source for a bounded time, and is not
waited for longer."""

from __future__ import annotations

import os
import socket
import time
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from airflow_mydump.engine.consistency import kept_session, named_lock, sign_of_life
from airflow_mydump.engine.consistency.kept_session import KeptSession
from airflow_mydump.engine.consistency.named_lock import NamedLocks
from airflow_mydump.engine.errors import MydumpError
from airflow_mydump.engine.loading.loader import Loader
from airflow_mydump.engine.server.session import Session
from airflow_mydump.engine.server.session_state import metadata
from tests.faults.proxy import Proxy
from tests.integration.pair import endpoint, rows_of, run_sql

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.integration.pair import Pair

LOST_AFTER_SECONDS = 2


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """What takes 45 s takes two."""
    for module in (kept_session, named_lock):
        monkeypatch.setattr(module, "BOUNDED", f"SET SESSION wait_timeout = {LOST_AFTER_SECONDS}")
    monkeypatch.setattr(sign_of_life, "_SIGN_OF_LIFE_SECONDS", 0.4)


@pytest.fixture
def table(pair: Pair, database: str) -> str:
    run_sql(pair.source, "CREATE TABLE t (v INT)", "INSERT INTO t VALUES (1), (2), (3)", database=database)
    return f"{database}.t"


def is_there(pair: Pair, connection: int) -> bool:
    return bool(rows_of(pair.source, f"SELECT 1 FROM information_schema.processlist WHERE id = {connection}"))


def connection_of(session: Session) -> int:
    return int(session.value("SELECT CONNECTION_ID()") or 0)


def await_end(pair: Pair, connection: int) -> float:
    began = time.monotonic()
    while is_there(pair, connection):
        assert time.monotonic() - began < 4 * LOST_AFTER_SECONDS, "what a vanished machine had outlives it"
        time.sleep(0.1)
    return time.monotonic() - began


@pytest.fixture
def distant(pair: Pair) -> Iterator[Proxy]:
    with Proxy(pair.source.port) as proxy:
        yield proxy
        proxy.heal()


@pytest.mark.usefixtures("hasty")
def test_its_snapshot_and_its_named_locks_go_soon(pair: Pair, table: str, distant: Proxy) -> None:
    source = replace(endpoint(pair.source), port=distant.port)
    with suppress(MydumpError), NamedLocks(source, "run") as locks, KeptSession(source) as session:
        session.begin()
        with session.consistent_snapshot():
            session.rows(f"SELECT * FROM {table}")
        locks.take("some")
        with locks.connection() as other:
            connections = connection_of(session), connection_of(other)
        time.sleep(1.5 * LOST_AFTER_SECONDS)
        assert all(is_there(pair, connection) for connection in connections), "they live"
        distant.stall()
        for connection in connections:
            await_end(pair, connection)
        distant.reset()
        # MariaDB keeps the tables that a snapshot has read from being altered.
        run_sql(pair.source, "SET lock_wait_timeout = 1", f"ALTER TABLE {table} ADD COLUMN w INT")


@pytest.mark.usefixtures("hasty")
def test_a_reader_may_wait_for_a_slow_target_though_all_rows_have_left_the_server(pair: Pair, table: str) -> None:
    with KeptSession(endpoint(pair.source)) as session:
        session.begin()
        run_sql(pair.source, f"INSERT INTO {table} VALUES (4)")
        with session.consistent_snapshot():
            rows = session.stream(f"SELECT v FROM {table}", 1)
            next(rows)
            time.sleep(1.5 * LOST_AFTER_SECONDS)
            assert len(list(rows)) == 2
        time.sleep(1.5 * LOST_AFTER_SECONDS)
        with session.consistent_snapshot():
            assert len(session.rows(f"SELECT v FROM {table}")) == 3


def test_who_waits_for_an_answer_asks_the_servers_system_whether_it_is_there(pair: Pair) -> None:
    with Session(endpoint(pair.source), metadata) as session, Loader(endpoint(pair.source)) as loader:
        for descriptor in (session._connection.fileno(), loader._connection.descriptor):
            with socket.socket(fileno=os.dup(descriptor)) as connection:
                assert connection.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
                first, after, tries = (
                    connection.getsockopt(socket.IPPROTO_TCP, option)
                    for option in (socket.TCP_KEEPIDLE, socket.TCP_KEEPINTVL, socket.TCP_KEEPCNT)
                )
                assert first + after * tries <= 60
