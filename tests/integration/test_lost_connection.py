"""Whoever loses a connection is told to which server."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from airflow_mydump.engine.errors import ServerError
from airflow_mydump.engine.loading.loader import Loader
from airflow_mydump.engine.retry import is_transient
from airflow_mydump.engine.server.session import Session
from airflow_mydump.engine.server.session_state import metadata
from tests.integration.pair import endpoint, run_sql

if TYPE_CHECKING:
    from tests.integration.pair import Pair


@pytest.mark.parametrize("kind", ["session", "loader"])
def test_a_lost_connection_names_its_server(pair: Pair, kind: str) -> None:
    server = endpoint(pair.target)
    with Session(server, metadata) if kind == "session" else Loader(server) as connection:
        run_sql(pair.target, f"KILL CONNECTION {connection._connection.thread_id()}")
        with pytest.raises(ServerError) as lost:
            for _ in range(2):
                connection.execute("DO 1")
    assert str(lost.value).startswith(f"{server}: ")
    assert is_transient(lost.value)


@pytest.mark.parametrize("kind", ["session", "loader"])
def test_a_connection_that_was_lost_before_is_lost(pair: Pair, kind: str) -> None:
    server = endpoint(pair.target)
    with Session(server, metadata) if kind == "session" else Loader(server) as connection:
        run_sql(pair.target, f"KILL CONNECTION {connection._connection.thread_id()}")
        for _ in range(3):  # PyMySQL closes it at the first of them
            with pytest.raises(ServerError) as lost:
                for _ in range(2):
                    connection.execute("DO 1")
            assert is_transient(lost.value)
            assert str(lost.value).startswith(f"{server}: ")


def test_a_refused_statement_names_no_server(pair: Pair) -> None:
    with Session(endpoint(pair.target), metadata) as session, pytest.raises(ServerError) as refused:
        session.execute("SELEC 1")
    assert "@" not in str(refused.value)
