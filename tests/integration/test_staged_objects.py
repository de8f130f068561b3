"""Names of every kind, and views, routines, triggers and events come back out of a dump as they were written."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.integration.contents import assert_same_contents, assert_same_definitions, definitions, tables_of
from tests.integration.myloader import MYLOADER, load_with_myloader
from tests.integration.pair import rows_of, run_sql
from tests.integration.staged_run import StagedRun

if TYPE_CHECKING:
    from pathlib import Path

    from tests.integration.pair import Pair

NAMES = (
    "../../x", "new\nline", "a/b", "a.b", "a\\b", "..", "Twin", "twin", "TWIN", "x" * 64, "ü" * 64, "per%cent%s",
    "back`tick", "quote'\"", "mydumper_0", "metadata", "checksum234", "x-schema", "t-schema-view", "with blank",
    "$", "schema", "select", "[x]", "#hash", "=", ";", "ta\tb", "😺".encode("utf-16", "surrogatepass").decode("utf-16"),
)  # fmt: skip


@pytest.fixture
def run(pair: Pair, database: str, tmp_path: Path) -> StagedRun:
    return StagedRun.of(pair, database, tmp_path)


def test_tables_with_names_of_every_kind(run: StagedRun, pair: Pair, tmp_path: Path) -> None:
    names = [name for name in NAMES if name.isascii() or max(name) < "\uffff"]
    for number, name in enumerate(names):
        table = f"`{name.replace('`', '``')}`"
        run.on_source(f"CREATE TABLE {table} (id INT)", f"INSERT INTO {table} VALUES ({number})")
    before = {path.name for path in tmp_path.iterdir()}

    run.dump()
    run.restore()

    assert sorted(tables_of(pair.target, run.database)) == sorted(names)
    assert_same_contents(pair.source, pair.target, run.database)
    files = [path.name for path in run.files]
    assert all(name.isascii() and name.isprintable() for name in files)
    assert len({name.lower() for name in files}) == len(files)
    assert {path.name for path in tmp_path.iterdir()} - before == {"dump", "work"}


@pytest.mark.skipif(not MYLOADER, reason="myloader is not on PATH")
def test_myloader_finds_the_real_names(run: StagedRun, pair: Pair) -> None:
    names = ["../x", "a.b", "a/b", "Twin", "twin", "back`tick", "ü", "checksum234", "x-schema", "with blank"]
    for number, name in enumerate(names):
        table = f"`{name.replace('`', '``')}`"
        run.on_source(f"CREATE TABLE {table} (id INT)", f"INSERT INTO {table} VALUES ({number})")
    run.dump()
    load_with_myloader(pair, run.path)
    assert_same_contents(pair.source, pair.target, run.database)


def test_a_database_with_an_odd_name(pair: Pair, database: str, tmp_path: Path) -> None:
    odd = f"{database}_../ü.x"
    run_sql(pair.source, f"CREATE DATABASE `{odd}`", f"CREATE TABLE `{odd}`.t AS SELECT 1 AS v")
    run = StagedRun.of(pair, odd, tmp_path)
    run.dump()
    run.restore()
    assert_same_contents(pair.source, pair.target, odd)


OBJECTS = (
    "CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(20), up INT, KEY (up), FOREIGN KEY (up) REFERENCES t (id))",
    "INSERT INTO t VALUES (1, 'a', NULL), (2, 'b', 1)",
    "CREATE FUNCTION f(n INT) RETURNS VARCHAR(20) DETERMINISTIC COMMENT 'it''s; a\nfunction'\nBEGIN\n  -- GRANT\n"
    "  DECLARE x VARCHAR(20) DEFAULT 'SET GLOBAL;\\n';\n  IF n > 1 THEN\n    RETURN x;\n  END IF;\n  RETURN '';\nEND",
    "CREATE PROCEDURE p(IN a INT, OUT b INT) SQL SECURITY INVOKER SELECT a INTO b",
    "CREATE VIEW b AS SELECT id, f(id) AS `f ü` FROM t",
    "CREATE ALGORITHM=MERGE VIEW a AS SELECT `f ü` FROM b WITH LOCAL CHECK OPTION",
    "CREATE TRIGGER r BEFORE INSERT ON t FOR EACH ROW BEGIN\n  SET NEW.v = CONCAT(NEW.v, ';\n');\n  SET @x = 1;\nEND",
    "CREATE EVENT e ON SCHEDULE EVERY 1 YEAR STARTS '2037-01-01 00:00:00' COMMENT 'x;' DO BEGIN DELETE FROM t; END",
)


def test_objects_come_back_as_they_were_written(run: StagedRun, pair: Pair) -> None:
    run.on_source(*OBJECTS)
    with pair.source.connect(database=run.database) as connection, connection.cursor() as cursor:
        cursor.execute("SET sql_mode = 'ANSI_QUOTES,NO_BACKSLASH_ESCAPES', time_zone = '+03:00'")
        cursor.execute("CREATE PROCEDURE q() SELECT 'a\\' AS \"c;\"")
        cursor.execute("CREATE EVENT z ON SCHEDULE EVERY 1 YEAR STARTS '2037-01-01 00:00:00' DO SELECT '\\'")
    run.dump()
    run.restore()
    assert_same_contents(pair.source, pair.target, run.database)
    assert_same_definitions(pair.source, pair.target, run.database)


@pytest.mark.skipif(not MYLOADER, reason="myloader is not on PATH")
def test_myloader_restores_the_objects(run: StagedRun, pair: Pair) -> None:
    run.on_source(*OBJECTS)
    run.dump()
    load_with_myloader(pair, run.path)
    assert_same_contents(pair.source, pair.target, run.database)
    assert definitions(pair.target, run.database).keys() == definitions(pair.source, run.database).keys()
    assert rows_of(pair.target, "SELECT `f ü` FROM a ORDER BY 1", run.database) == [("",), ("SET GLOBAL;\n",)]


def test_the_position_in_the_binary_log_is_noted(run: StagedRun) -> None:
    run.on_source("CREATE TABLE t (id INT)")
    run.dump()
    text = (run.path / "metadata").read_text()
    assert "# SOURCE_LOG_FILE = " in text
    assert "# SOURCE_LOG_POS = " in text
