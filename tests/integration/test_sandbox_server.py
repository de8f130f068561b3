"""The private servers start, answer, and leave nothing behind, whatever ends their starter."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from sandbox.server import Flavor, Server, ServerStartError, available_flavors

if TYPE_CHECKING:
    from collections.abc import Callable

FLAVORS = available_flavors()
STARTER = """
import sys, time
from sandbox.server import Server
server = Server(sys.argv[1])
server.start()
print(server.pid, server.directory, flush=True)
time.sleep(60)
"""


@pytest.mark.parametrize("flavor", FLAVORS)
def test_a_server_answers_and_leaves_no_process_and_no_directory(flavor: Flavor) -> None:
    with Server(flavor) as server:
        assert ("MariaDB" in str(scalar(server, "SELECT VERSION()"))) == (flavor == "mariadb")
        pid, directory = server.pid, server.directory
        assert alive(pid)
    assert not alive(pid)
    assert not directory.exists()


@pytest.mark.parametrize("flavor", FLAVORS)
@pytest.mark.parametrize("end", [Server.stop, Server.kill])
def test_a_server_that_ended_starts_again_with_its_data(flavor: Flavor, end: Callable[[Server], None]) -> None:
    with Server(flavor) as server:
        with server.connect() as connection, connection.cursor() as cursor:
            cursor.execute("CREATE DATABASE kept")
        port, pid = server.port, server.pid
        end(server)
        assert not alive(pid)
        server.start()
        assert server.port == port
        assert scalar(server, "SELECT COUNT(*) FROM information_schema.schemata WHERE schema_name = 'kept'") == 1


@pytest.mark.parametrize("flavor", FLAVORS)
def test_options_override_the_defaults(flavor: Flavor) -> None:
    options = {"lower_case_table_names": "1", "skip-log-bin": None, "sql-mode": "ANSI_QUOTES"}
    with Server(flavor, options) as server:
        assert scalar(server, "SELECT @@lower_case_table_names") == 1
        assert scalar(server, "SELECT @@log_bin") == 0
        assert scalar(server, "SELECT @@sql_mode") == "ANSI_QUOTES"
        assert scalar(server, "SELECT @@local_infile") == 1


def test_two_servers_share_nothing() -> None:
    with Server(FLAVORS[0]) as one, Server(FLAVORS[0]) as other:
        assert one.port != other.port
        assert one.password != other.password
        assert scalar(one, "SELECT @@server_id") != scalar(other, "SELECT @@server_id")


def test_a_server_that_cannot_start_shows_its_log_and_leaves_nothing() -> None:
    server = Server(FLAVORS[0], {"no-such-option": "1"})
    with pytest.raises(ServerStartError, match="no-such-option"):
        server.__enter__()
    assert not server.running
    with pytest.raises(RuntimeError, match="start it first"):
        _ = server.directory


def test_the_password_is_not_in_the_representation_or_the_command_line() -> None:
    with Server(FLAVORS[0]) as server:
        command = Path(f"/proc/{server.pid}/cmdline").read_text()
        for text in (repr(server), repr(server.account), command):
            assert server.password not in text


@pytest.mark.parametrize("flavor", FLAVORS)
def test_a_killed_starter_takes_its_server_and_directory_with_it(flavor: Flavor) -> None:
    path = os.pathsep.join(sys.path)
    with subprocess.Popen(
        [sys.executable, "-c", STARTER, flavor],
        env={**os.environ, "PYTHONPATH": path},
        stdout=subprocess.PIPE,
        text=True,
    ) as starter:
        assert starter.stdout is not None
        pid, directory = starter.stdout.readline().split()
        assert alive(int(pid))
        starter.send_signal(signal.SIGKILL)
    within_seconds(10, lambda: not alive(int(pid)) and not Path(directory).exists())


def scalar(server: Server, query: str) -> object:
    with server.connect() as connection, connection.cursor() as cursor:
        cursor.execute(query)
        row = cursor.fetchone()
        assert row is not None
        return row[0]


def alive(pid: int) -> bool:
    """Say whether the process runs; one that has ended and waits for its parent to notice does not."""
    try:
        status = Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return False
    return status.rpartition(")")[2].split()[0] != "Z"


def within_seconds(seconds: float, condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "not in time"
        time.sleep(0.02)
