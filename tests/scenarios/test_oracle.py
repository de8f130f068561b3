"""The independent eye sees each way in which a target can differ; else scenarios would prove nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sandbox.server import Server, ServerNotInstalledError

from tests.scenarios.oracle import View, differences, read_facts
from tests.scenarios.servers import clear, run_statements
from tests.scenarios.test_scenarios import FLAVORS

if TYPE_CHECKING:
    from collections.abc import Iterator

SETUP = (
    b"CREATE TABLE t (id INT AUTO_INCREMENT PRIMARY KEY, f FLOAT, v VARCHAR(9) COLLATE utf8mb4_general_ci, b BIT(3))",
    b"INSERT INTO t VALUES (1, 0.123456789, 'a', 1), (2, NULL, NULL, NULL)",
    b"CREATE TABLE u (v INT)",
    b"INSERT INTO u VALUES (1), (1), (2), (2)",
    b"CREATE VIEW w AS SELECT v FROM u",
    b"CREATE PROCEDURE p() SELECT 1",
    b"CREATE EVENT e ON SCHEDULE EVERY 1 YEAR STARTS '2037-01-01 00:00:00' DO DELETE FROM u",
    b"CREATE TRIGGER a BEFORE INSERT ON u FOR EACH ROW SET NEW.v = 1",
    b"CREATE TRIGGER b BEFORE INSERT ON u FOR EACH ROW SET NEW.v = 2",
)
ALTERATIONS = {
    "a float's last digit": (b"UPDATE t SET f = 0.123457 WHERE id = 1",),
    "the case of a letter": (b"UPDATE t SET v = 'A' WHERE id = 1",),
    "NULL for an empty text": (b"UPDATE t SET v = '' WHERE id = 2",),
    "rows {1, 1, 2, 2} as {1, 2, 2, 2}": (b"UPDATE u SET v = 2 LIMIT 1",),
    "a counter": (b"ALTER TABLE t AUTO_INCREMENT = 99",),
    "a table more": (b"CREATE TABLE x (v INT)",),
    "a view's text": (b"CREATE OR REPLACE VIEW w AS SELECT v + 0 AS v FROM u",),
    "a procedure's text": (b"DROP PROCEDURE p", b"CREATE PROCEDURE p() SELECT 2"),
    "a procedure's sql_mode": (b"DROP PROCEDURE p", b"SET sql_mode = 'ANSI'", b"CREATE PROCEDURE p() SELECT 1"),
    "an event's state": (b"ALTER EVENT e DISABLE",),
    "triggers in another order": (
        b"DROP TRIGGER a",
        b"CREATE TRIGGER a BEFORE INSERT ON u FOR EACH ROW SET NEW.v = 1",
    ),
    "the database's collation": (b"ALTER DATABASE scenario COLLATE utf8mb4_bin",),
}


@pytest.fixture(scope="module", params=FLAVORS)
def server(request: pytest.FixtureRequest) -> Iterator[Server]:
    try:
        started = Server(request.param)
    except ServerNotInstalledError as error:
        pytest.skip(str(error))
    with started:
        yield started


@pytest.mark.parametrize("alteration", ALTERATIONS.values(), ids=ALTERATIONS)
def test_an_alteration_is_seen(server: Server, alteration: tuple[bytes, ...]) -> None:
    clear(server)
    run_statements(server, "scenario", SETUP)
    before = read_facts(server, View())
    assert differences(before, read_facts(server, View())) == []
    run_statements(server, "scenario", alteration)
    assert differences(before, read_facts(server, View()))
