"""A server that dies under a run and comes back costs time, not rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sandbox.server import Server, ServerNotInstalledError

from airflow_mydump.engine.event import Event, EventKind
from tests.integration.conftest import FLAVORS
from tests.integration.contents import assert_same_contents
from tests.integration.pair import Pair, run_sql
from tests.integration.run import Run

if TYPE_CHECKING:
    from pathlib import Path

DURABLE = {"innodb-flush-log-at-trx-commit": "1", "innodb-buffer-pool-size": "64M"}


@pytest.mark.parametrize("flavor", FLAVORS)
def test_a_crashed_server_that_is_started_again_is_waited_for(flavor: str, tmp_path: Path) -> None:
    try:
        source, target = Server(flavor, DURABLE), Server(flavor, DURABLE)  # type: ignore[arg-type]
    except ServerNotInstalledError as error:
        pytest.skip(str(error))
    with source, target:
        run_sql(source, "CREATE DATABASE d DEFAULT CHARACTER SET utf8mb4")
        run = Run.of(Pair(source, target), "d", tmp_path)
        for number in range(6):
            run.on_source(f"CREATE TABLE t{number} (v INT)", f"INSERT INTO t{number} VALUES (1), (1), (2), (NULL)")
        run.plan()
        run.schema()
        crashes = [
            (EventKind.CHUNK_COMMITTED, target),
            (EventKind.CHUNK_COMMITTING, target),
            (EventKind.CHUNK_LOADED, source),
            (EventKind.CHUNK_STARTED, source),
        ]

        def crash(event: Event) -> None:
            if crashes and event.kind is crashes[-1][0]:
                _, server = crashes.pop()
                server.kill()
                server.start()

        run.data(crash)
        assert crashes == []
        assert run.finish().rows == 24
        assert_same_contents(source, target, "d")
