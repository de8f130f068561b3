"""Keys that are built after the data are the keys of the source, all of them, and nothing needs them before."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from airflow_mydump.engine import batch
from airflow_mydump.engine.ddl import deferral
from airflow_mydump.engine.phases import index
from tests.integration.contents import assert_same_contents, assert_same_definitions
from tests.integration.pair import rows_of

if TYPE_CHECKING:
    from airflow_mydump.engine.plan.plan import IfExists
    from airflow_mydump.engine.server.session import Session
    from tests.integration.pair import Pair
    from tests.integration.run import Run


@pytest.fixture(autouse=True)
def every_size(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small tables stand for large ones."""
    monkeypatch.setattr(deferral, "DEFER_FROM_BYTES", 0)


@pytest.fixture
def keyed(run: Run, pair: Pair) -> Run:
    """Tables with keys of every kind, and with keys that others lean on."""
    run.on_source(
        "CREATE TABLE plain (id INT PRIMARY KEY, a INT, b VARCHAR(50), c TEXT, KEY (a), "
        "KEY `b, (desc)` (b(10), a DESC), "
        "UNIQUE KEY (b, a), "
        "KEY (c(7)) COMMENT 'x, (y'' KEY `z` (a)')",
        "CREATE TABLE words (id INT PRIMARY KEY, a TEXT, b TEXT, "
        "FULLTEXT KEY one (a), FULLTEXT KEY two (a, b), KEY (id))",
        "CREATE TABLE places (id INT PRIMARY KEY, g POINT NOT NULL, SPATIAL KEY (g))",
        "CREATE TABLE made (id INT PRIMARY KEY, a INT, v INT AS (a * 2) VIRTUAL, s INT AS (a + 1) STORED, "
        "KEY (v), UNIQUE KEY (s))",
        "CREATE TABLE counter (a INT, n INT AUTO_INCREMENT, KEY (n, a), KEY (a)) AUTO_INCREMENT = 50",
        "CREATE TABLE counter_and_key (a INT PRIMARY KEY, n BIGINT AUTO_INCREMENT, UNIQUE KEY (n), KEY (a, n))",
        "CREATE TABLE no_primary (a INT NOT NULL, b INT, UNIQUE KEY (a), UNIQUE KEY (b), KEY (a, b))",
        "CREATE TABLE parent (id INT PRIMARY KEY, u INT, w INT, x INT, UNIQUE KEY (u), UNIQUE KEY (w, x), KEY (x))",
        "CREATE TABLE child (id INT PRIMARY KEY, u INT, w INT, x INT, FOREIGN KEY (u) REFERENCES parent (U), "
        "CONSTRAINT two FOREIGN KEY (w, x) REFERENCES parent (w, X))",
        "CREATE TABLE tree (id INT PRIMARY KEY, code INT NOT NULL, up INT, UNIQUE KEY (code), "
        "FOREIGN KEY (up) REFERENCES tree (code))",
        "CREATE TABLE parts (id INT, d INT, v INT, PRIMARY KEY (id, d), KEY (v), UNIQUE KEY (d, v)) "
        "PARTITION BY HASH (d) PARTITIONS 2",
        "CREATE TABLE isam (id INT PRIMARY KEY, a INT, KEY (a)) ENGINE=MyISAM",
        "INSERT INTO plain VALUES (1, 1, 'x', 'y'), (2, 1, 'y', NULL), (3, NULL, NULL, '')",
        "INSERT INTO words VALUES (1, 'some words', 'others')",
        "INSERT INTO places VALUES (1, POINT(1, 2))",
        "INSERT INTO made (id, a) VALUES (1, 1), (2, NULL)",
        "INSERT INTO counter VALUES (1, 0), (1, 7)",
        "INSERT INTO counter_and_key VALUES (1, 0), (2, 9)",
        "INSERT INTO no_primary VALUES (1, NULL), (2, NULL)",
        "INSERT INTO parent VALUES (1, 1, 1, 1), (2, NULL, 2, 2)",
        "INSERT INTO child VALUES (1, 1, 2, 2), (2, NULL, NULL, 5)",
        "INSERT INTO tree VALUES (1, 10, NULL), (2, 20, 10)",
        "INSERT INTO parts VALUES (1, 1, 1), (1, 2, 1)",
        "INSERT INTO isam VALUES (1, 1)",
    )
    if pair.is_mysql:
        run.on_source(
            "CREATE TABLE computed (id INT PRIMARY KEY, a VARCHAR(9), j JSON, KEY low ((LOWER(a))), "
            "KEY hidden (a) INVISIBLE, "
            "UNIQUE KEY ((ABS(id)), a), KEY many ((CAST(j->'$.n' AS UNSIGNED ARRAY))))",
            """INSERT INTO computed VALUES (1, 'A', '{"n": [1, 2]}'), (2, NULL, NULL)""",
        )
    else:
        run.on_source(
            "CREATE TABLE ignored (id INT PRIMARY KEY, a INT, KEY (a) IGNORED)", "INSERT INTO ignored VALUES (1, 1)"
        )
    return run


def keys(pair: Pair, database: str) -> set[tuple[str, str]]:
    query = f"SELECT table_name, index_name FROM information_schema.statistics WHERE table_schema = '{database}'"
    return {(table, name) for table, name in rows_of(pair.target, query)}


def test_every_key_is_there_in_the_end(pair: Pair, keyed: Run) -> None:
    keyed.plan()
    keyed.schema()
    assert ("plain", "a") not in keys(pair, keyed.database), "nothing was deferred: this proves nothing"
    assert ("plain", "PRIMARY") in keys(pair, keyed.database)
    keyed.data()
    keyed.finish()
    assert_same_contents(pair.source, pair.target, keyed.database)
    assert_same_definitions(pair.source, pair.target, keyed.database)


@pytest.mark.parametrize("mode", ["truncate", "drop"])
def test_a_second_run_leaves_the_keys_as_they_are(pair: Pair, keyed: Run, mode: IfExists) -> None:
    keyed.copy()
    keyed.again(mode).copy()
    assert_same_contents(pair.source, pair.target, keyed.database)
    assert_same_definitions(pair.source, pair.target, keyed.database)


def test_keys_that_are_partly_there_are_completed(pair: Pair, keyed: Run) -> None:
    """As a worker leaves them that died in the index phase."""
    keyed.plan()
    keyed.schema()
    keyed.data()
    keyed.on_target("ALTER TABLE plain ADD KEY (a)")
    keyed.finish()
    keyed.index()
    assert_same_definitions(pair.source, pair.target, keyed.database)


@pytest.mark.parametrize("mode", ["truncate", "drop"])
def test_a_run_that_stopped_before_its_keys_is_taken_over_by_another(pair: Pair, keyed: Run, mode: IfExists) -> None:
    keyed.plan()
    keyed.schema()
    keyed.data()
    keyed.on_target("ALTER TABLE plain ADD KEY (a)")  # the index phase had begun
    keyed.again(mode).copy()
    assert_same_contents(pair.source, pair.target, keyed.database)
    assert_same_definitions(pair.source, pair.target, keyed.database)


@pytest.fixture
def family(run: Run, monkeypatch: pytest.MonkeyPatch) -> Run:
    """A run about to look at the keys of tables that it has emptied, two in a turn."""
    monkeypatch.setattr(batch, "MOST_PIECES", 2)
    run.on_source(
        "CREATE TABLE parent (id INT PRIMARY KEY)",
        *(
            f"CREATE TABLE child{number} (p INT, CONSTRAINT to_parent{number} FOREIGN KEY (p) REFERENCES parent (id))"
            for number in range(6)
        ),
    )
    run.copy()
    run = run.again()
    run.settings = replace(run.settings, concurrency=1)
    run.plan()
    run.schema()
    run.data()
    return run


def test_keys_that_are_there_are_read_once_for_all_turns(family: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    read, asked = index._PresentKeys._read, []

    def count(session: Session, schema: str) -> dict[str, set[str]]:
        asked.append(schema)
        return read(session, schema)

    monkeypatch.setattr(index._PresentKeys, "_read", staticmethod(count))
    family.finish()
    assert len(asked) == 1


def test_a_key_that_another_try_adds_after_they_were_read_is_there(
    family: Run, pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    family.on_target("ALTER TABLE child5 DROP FOREIGN KEY to_parent5")
    read = index._PresentKeys._read
    added: list[str] = []

    def read_and_add(session: Session, schema: str) -> dict[str, set[str]]:
        found = read(session, schema)
        if not added:
            added.append("ALTER TABLE child5 ADD CONSTRAINT to_parent5 FOREIGN KEY (p) REFERENCES parent (id)")
            family.on_target(*added)
        return found

    monkeypatch.setattr(index._PresentKeys, "_read", staticmethod(read_and_add))
    family.finish()
    assert added
    assert_same_definitions(pair.source, pair.target, family.database)
