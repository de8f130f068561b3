"""Whether a run is written to the target's binary log is the user's choice."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests.integration.contents import assert_same_contents, assert_same_definitions
from tests.integration.pair import rows_of

if TYPE_CHECKING:
    from tests.integration.pair import Pair
    from tests.integration.run import Run


def written(pair: Pair) -> tuple[object, ...]:
    """Where the target's binary log ends."""
    status = "SHOW BINARY LOG STATUS" if pair.is_mysql else "SHOW MASTER STATUS"
    return rows_of(pair.target, status)[0]


@pytest.mark.parametrize("binlog", [True, False], ids=["logged", "unlogged"])
def test_a_run_is_in_the_binary_log_exactly_if_it_should_be(run: Run, pair: Pair, binlog: bool) -> None:
    run.on_source(
        "CREATE TABLE parent (id INT PRIMARY KEY, v VARCHAR(9))",
        "CREATE TABLE child (id INT PRIMARY KEY, p INT, FOREIGN KEY (p) REFERENCES parent (id))",
        "CREATE TABLE other (v INT) ENGINE=MyISAM",
        "INSERT INTO parent VALUES (1, 'x'), (2, NULL)",
        "INSERT INTO child VALUES (1, 1)",
        "INSERT INTO other VALUES (1)",
        "CREATE VIEW w AS SELECT v FROM parent",
        "CREATE TRIGGER tr BEFORE INSERT ON child FOR EACH ROW SET NEW.p = 1",
    )
    run.target = replace(run.target, binlog=binlog)
    before = written(pair)
    run.copy()
    assert (written(pair) == before) is not binlog
    assert_same_contents(pair.source, pair.target, run.database)
    assert_same_definitions(pair.source, pair.target, run.database)
