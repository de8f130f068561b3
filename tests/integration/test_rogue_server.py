"""A server that asks for files of this machine gets not one byte of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import MySQLdb
import pytest

from airflow_mydump.engine.errors import MydumpError
from airflow_mydump.engine.framing.frame import Delimiters
from airflow_mydump.engine.identifier import TableName
from airflow_mydump.engine.loading.loader import Loader
from airflow_mydump.engine.metadata.catalog import Column, Table
from airflow_mydump.engine.server.endpoint import Endpoint
from airflow_mydump.engine.server.session import Session
from airflow_mydump.engine.server.session_state import metadata, reading
from tests.integration.rogue import RogueServer

if TYPE_CHECKING:
    from pathlib import Path

    from airflow_mydump.engine.server.session_state import SessionState

SECRET = b"nobody may have this"


@pytest.fixture
def secret(tmp_path: Path) -> str:
    file = tmp_path / "secret"
    file.write_bytes(SECRET)
    return str(file)


def endpoint(server: RogueServer) -> Endpoint:
    return Endpoint(server.host, server.port, "user", "password")


def test_the_rogue_server_gets_a_file_from_a_careless_client(secret: str) -> None:
    """Else the tests below would prove nothing."""
    with RogueServer(b"SELECT", secret) as server:
        connection = MySQLdb.connect(
            host=server.host, port=server.port, user="user", password="password", local_infile=1, ssl_mode="DISABLED"
        )
        connection.query("SELECT 1")
        connection.close()  # type: ignore[no-untyped-call]
    assert server.received == SECRET


@pytest.mark.parametrize("state", [metadata, reading])
@pytest.mark.parametrize("statement", [b"SET", b"TRANSACTION", b"SELECT", b"LOAD DATA"])
def test_a_session_sends_nothing(secret: str, state: SessionState, statement: bytes) -> None:
    with (
        RogueServer(statement, secret) as server,
        pytest.raises(MydumpError),
        Session(endpoint(server), state) as session,
    ):
        session.execute("SET TRANSACTION READ ONLY")
        session.execute(f"{statement.decode().lower()} local infile 'x' into table t")
    assert server.asked == 1
    assert server.received == b""


@pytest.mark.parametrize("statement", [b"SET", b"START", b"INSERT", b"COMMIT"])
def test_a_loader_sends_nothing_outside_a_load(secret: str, statement: bytes) -> None:
    with RogueServer(statement, secret) as server:
        with pytest.raises(MydumpError), Loader(endpoint(server)) as loader:
            loader.begin()
            loader.execute("INSERT INTO t VALUES (1)")
            loader.commit()
        assert server.asked >= 1
    assert server.received == b""


def test_a_loader_sends_its_rows_whatever_file_is_asked_for(secret: str) -> None:
    table = Table(TableName("d", "t"), "InnoDB", 1, 1, (column("v"),), (), "")
    frames = [b"row one", b"row two"]
    with RogueServer(b"LOAD DATA", secret) as server:
        with Loader(endpoint(server)) as loader, pytest.raises(MydumpError, match="did not say how many rows"):
            loader.load(TableName("d", "t"), table, Delimiters(b"\x01abc", b"\x02abc", b"\x03abc"), frames)
        assert server.asked == 1
    assert server.received == b"".join(frames)


def column(name: str) -> Column:
    return Column(
        name=name,
        data_type="int",
        column_type="int",
        nullable=False,
        generated=False,
        auto_increment=False,
        octet_length=0,
    )
