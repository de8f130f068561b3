"""Foreign keys on the target are the source's, by name, and the server enforces them after the run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pymysql
import pytest

from tests.integration.contents import assert_same_contents, assert_same_definitions
from tests.integration.pair import rows_of

if TYPE_CHECKING:
    from tests.integration.pair import Pair
    from tests.integration.run import Run

_NO_SUCH_PARENT = 1452


def constraints(pair: Pair, database: str) -> set[tuple[str, str, str]]:
    """The foreign keys that the target's server knows, and the key of the parent that each leans on."""
    return set(
        rows_of(
            pair.target,
            "SELECT TABLE_NAME, CONSTRAINT_NAME, UNIQUE_CONSTRAINT_NAME "
            f"FROM information_schema.REFERENTIAL_CONSTRAINTS WHERE CONSTRAINT_SCHEMA = '{database}'",
        )
    )


def assert_enforced(pair: Pair, database: str, insert: str) -> None:
    with (
        pair.target.connect(database=database) as connection,
        connection.cursor() as cursor,
        pytest.raises(pymysql.err.IntegrityError) as refused,
    ):
        cursor.execute(insert)
    assert refused.value.args[0] == _NO_SUCH_PARENT


def test_a_child_that_is_made_before_its_parent_is_bound_to_it(run: Run, pair: Pair) -> None:
    run.on_source(
        "CREATE TABLE z_parent (id INT PRIMARY KEY, code VARCHAR(9), UNIQUE KEY by_code (code))",
        "CREATE TABLE a_child (id INT PRIMARY KEY, p INT, code VARCHAR(9), KEY (p), KEY (code), "
        "CONSTRAINT first FOREIGN KEY (p) REFERENCES z_parent (id) ON DELETE CASCADE, "
        "CONSTRAINT second FOREIGN KEY (code) REFERENCES z_parent (code) ON UPDATE CASCADE)",
        "INSERT INTO z_parent VALUES (1, 'x'), (2, 'y')",
        "INSERT INTO a_child VALUES (1, 1, 'y'), (2, 2, NULL)",
    )
    run.plan()
    run.schema()
    # Both are there before the data, and nothing is left for the index phase.
    expected = {("a_child", "first", "PRIMARY"), ("a_child", "second", "by_code")}
    assert constraints(pair, run.database) == expected
    run.data()
    run.finish()
    assert constraints(pair, run.database) == expected
    assert_same_contents(pair.source, pair.target, run.database)
    assert_same_definitions(pair.source, pair.target, run.database)
    assert_enforced(pair, run.database, "INSERT INTO a_child VALUES (3, 9, NULL)")
    assert_enforced(pair, run.database, "INSERT INTO a_child VALUES (3, NULL, 'z')")


def test_a_constraints_name_may_move_to_another_table(run: Run, pair: Pair) -> None:
    run.on_source(
        "CREATE TABLE parent (id INT PRIMARY KEY)",
        "CREATE TABLE z_orders (id INT PRIMARY KEY, p INT, CONSTRAINT moving FOREIGN KEY (p) REFERENCES parent (id))",
        "INSERT INTO parent VALUES (1)",
        "INSERT INTO z_orders VALUES (1, 1)",
    )
    run.copy()
    run.on_source(
        "RENAME TABLE z_orders TO a_orders",
        "CREATE TABLE z_orders (id INT PRIMARY KEY, p INT, CONSTRAINT fresh FOREIGN KEY (p) REFERENCES parent (id))",
        "INSERT INTO z_orders VALUES (2, 1)",
    )
    # The new table is made while the old one, which the target still has, holds the constraint's name.
    run.again("drop").copy()
    assert constraints(pair, run.database) == {("a_orders", "moving", "PRIMARY"), ("z_orders", "fresh", "PRIMARY")}
    assert_same_definitions(pair.source, pair.target, run.database)
    assert_enforced(pair, run.database, "INSERT INTO a_orders VALUES (3, 9)")
