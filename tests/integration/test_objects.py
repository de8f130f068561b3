"""Views, routines, triggers and events arrive as they were written, with the session state they were written in."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from airflow_mydump.engine.errors import MydumpError
from airflow_mydump.engine.event import Event, EventKind
from airflow_mydump.engine.selection.selection import Selection
from tests.integration.contents import assert_same_contents, assert_same_definitions, definitions
from tests.integration.pair import rows_of, run_sql

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.integration.pair import Pair
    from tests.integration.run import Run


def assert_copied(run: Run) -> None:
    run.copy()
    assert_same_contents(run.pair.source, run.pair.target, run.database)
    assert_same_definitions(run.pair.source, run.pair.target, run.database)


def written_in(run: Run, state: str, *statements: str, charset: str = "utf8mb4") -> None:
    """Run statements on the source in a session of a certain state."""
    with run.pair.source.connect(database=run.database, charset=charset) as connection, connection.cursor() as cursor:
        cursor.execute(f"SET {state}")
        for statement in statements:
            cursor.execute(statement)


def test_views_on_views_in_any_order(run: Run) -> None:
    run.on_source(
        "CREATE TABLE t (id INT, `naïve col` VARCHAR(9))",
        "CREATE VIEW z AS SELECT id, `naïve col` AS `a``b` FROM t",
        "CREATE VIEW y AS SELECT `a``b` FROM z WHERE id > 1 WITH CASCADED CHECK OPTION",
        "CREATE ALGORITHM=TEMPTABLE SQL SECURITY INVOKER VIEW a AS SELECT COUNT(*) AS n FROM y",
        "CREATE FUNCTION twice(n INT) RETURNS INT DETERMINISTIC RETURN n * 2",
        "CREATE VIEW b AS SELECT twice(n) AS doubled, 'é' AS e, 'a\\\\b''c' AS q FROM a",
    )
    assert_copied(run)


def test_every_object_keeps_its_sql_mode(run: Run) -> None:
    run.on_source("CREATE TABLE t (v VARCHAR(20))")
    for number, mode in enumerate(
        ("", "ANSI_QUOTES", "PIPES_AS_CONCAT", "STRICT_ALL_TABLES,NO_ZERO_DATE", "NO_BACKSLASH_ESCAPES")
    ):
        text = '"v"' if "ANSI" in mode else "'v'"
        written_in(
            run,
            f"sql_mode = '{mode}'",
            f"CREATE FUNCTION f{number}() RETURNS VARCHAR(20) DETERMINISTIC RETURN 'a\\' || 'b'"
            if "BACKSLASH" in mode
            else f"CREATE FUNCTION f{number}() RETURNS VARCHAR(20) DETERMINISTIC RETURN 'a\\\\' || 'b'",
            f"CREATE PROCEDURE p{number}() BEGIN DECLARE x INT; SELECT {text} FROM t; END",
            f"CREATE TRIGGER t{number} BEFORE INSERT ON t FOR EACH ROW SET NEW.v = 'x;y'",
            f"CREATE EVENT e{number} ON SCHEDULE EVERY 1 YEAR DO DELETE FROM t WHERE v = 'x'",
        )
    assert_copied(run)
    call = "SELECT f0(), f2(), f4()"
    assert rows_of(run.pair.source, call, run.database) == rows_of(run.pair.target, call, run.database)


def test_texts_in_latin1_keep_their_characters(run: Run) -> None:
    run.on_source("CREATE TABLE t (v VARCHAR(20))")
    written_in(
        run,
        "@nothing = 0",
        "CREATE PROCEDURE p() SELECT 'é'",
        "CREATE VIEW v AS SELECT 'é' AS e",
        "CREATE TRIGGER tr BEFORE INSERT ON t FOR EACH ROW SET NEW.v = 'ü'",
        charset="latin1",
    )
    assert_copied(run)
    assert rows_of(run.pair.target, "SELECT HEX(CONVERT(e USING utf8mb4)) FROM v", run.database) == [("C3A9",)]


def test_several_triggers_of_one_moment_keep_their_order(run: Run) -> None:
    run.on_source(
        "CREATE TABLE t (v VARCHAR(20))",
        "CREATE TRIGGER m BEFORE INSERT ON t FOR EACH ROW SET NEW.v = CONCAT(NEW.v, 'm')",
        "CREATE TRIGGER z BEFORE INSERT ON t FOR EACH ROW PRECEDES m SET NEW.v = CONCAT(NEW.v, 'z')",
        "CREATE TRIGGER a BEFORE INSERT ON t FOR EACH ROW FOLLOWS m SET NEW.v = CONCAT(NEW.v, 'a')",
        "CREATE TRIGGER k AFTER DELETE ON t FOR EACH ROW SET @k = 1",
    )
    run.copy()
    order = (
        "SELECT trigger_name, action_order FROM information_schema.triggers "
        f"WHERE trigger_schema = '{run.database}' ORDER BY trigger_name"
    )
    assert rows_of(run.pair.source, order) == rows_of(run.pair.target, order)
    run.on_target("INSERT INTO t VALUES ('')")
    assert rows_of(run.pair.target, "SELECT * FROM t", run.database) == [("zma",)]


def test_events_keep_schedule_zone_and_state(run: Run) -> None:
    run.on_source("CREATE TABLE t (v INT)")
    written_in(
        run,
        "time_zone = '+05:30'",
        "CREATE EVENT on_ ON SCHEDULE EVERY 2 DAY STARTS '2035-01-01 00:00:00' COMMENT 'it''s' DO DELETE FROM t",
        "CREATE EVENT off_ ON SCHEDULE AT '2036-01-01 00:00:00' ON COMPLETION PRESERVE DISABLE "
        "DO BEGIN DELETE FROM t; END",
    )
    assert_copied(run)


def test_no_event_runs_before_all_are_there_and_their_definers_stay(run: Run) -> None:
    run.on_source(
        "CREATE TABLE t (v INT)",
        *(
            f"CREATE DEFINER = 'nobody'@'localhost' EVENT e{n} ON SCHEDULE EVERY 1 YEAR DO DELETE FROM t"
            for n in (1, 2)
        ),
        "CREATE EVENT off_ ON SCHEDULE EVERY 1 YEAR DISABLE DO DELETE FROM t",
    )
    states = f"SELECT status FROM information_schema.events WHERE event_schema = '{run.database}' ORDER BY event_name"
    seen: list[tuple[str, ...]] = []

    def listen(event: Event) -> None:
        if event.kind is EventKind.OBJECT_CREATED:
            seen.append(tuple(state for (state,) in rows_of(run.pair.target, states)))

    with account_of_nobody(run.pair):
        run.plan()
        run.schema()
        run.data()
        run.index()
        run.verify()
        run.post(listen)
        run.report()
    assert seen == [("DISABLED",) * count for count in (1, 2, 3)]
    assert rows_of(run.pair.target, states) == [("ENABLED",), ("ENABLED",), ("DISABLED",)]
    assert_same_definitions(run.pair.source, run.pair.target, run.database)


@contextmanager
def account_of_nobody(pair: Pair) -> Iterator[None]:
    for server in (pair.source, pair.target):
        run_sql(server, "CREATE USER IF NOT EXISTS 'nobody'@'localhost'")
    yield
    for server in (pair.source, pair.target):
        run_sql(server, "DROP USER 'nobody'@'localhost'")


def test_a_database_keeps_its_defaults_and_its_routines_theirs(run: Run) -> None:
    """A routine's parameters have the database's collation of the time when it was made."""
    run.on_source(
        f"ALTER DATABASE `{run.database}` CHARACTER SET latin1 COLLATE latin1_german1_ci",
        "CREATE PROCEDURE before_(p VARCHAR(9)) SELECT COLLATION(p) AS c",
        f"ALTER DATABASE `{run.database}` CHARACTER SET utf8mb4 COLLATE utf8mb4_bin",
        "CREATE TABLE t (v INT)",
        "CREATE PROCEDURE after_(p VARCHAR(9)) SELECT COLLATION(p) AS c",
    )
    assert_copied(run)


def test_foreign_keys_in_circles_and_onto_themselves(run: Run) -> None:
    run.on_source(
        "CREATE TABLE a (id INT PRIMARY KEY, b INT, up INT, KEY (b))",
        "CREATE TABLE b (id INT PRIMARY KEY, a INT, u INT, UNIQUE KEY (u), "
        "CONSTRAINT `to a` FOREIGN KEY (a) REFERENCES a (id))",
        "ALTER TABLE a ADD CONSTRAINT `to (b), x` FOREIGN KEY (b) REFERENCES b (id), "
        "ADD FOREIGN KEY (up) REFERENCES a (id) ON DELETE SET NULL ON UPDATE CASCADE",
        "CREATE TABLE c (u INT, FOREIGN KEY (u) REFERENCES b (u))",
        "INSERT INTO a VALUES (1, 1, 1), (2, 99, 3)",  # rows without a parent, as foreign_key_checks=0 leaves them
        "INSERT INTO b VALUES (1, 1, 7)",
        "INSERT INTO c VALUES (7)",
    )
    assert_copied(run)


def test_foreign_keys_across_databases(run: Run, pair: Pair) -> None:
    other = f"{run.database}_b"
    run_sql(
        pair.source,
        f"CREATE DATABASE {other}",
        f"CREATE TABLE {other}.child (id INT PRIMARY KEY)",
        f"CREATE TABLE {run.database}.t (id INT, FOREIGN KEY (id) REFERENCES {other}.child (id))",
        f"INSERT INTO {other}.child VALUES (1)",
        f"INSERT INTO {run.database}.t VALUES (1)",
    )
    run.selection = Selection((run.database, other))
    run.copy()
    for name in (run.database, other):
        assert_same_contents(pair.source, pair.target, name)
        assert_same_definitions(pair.source, pair.target, name)


@pytest.mark.parametrize(
    "name",
    [
        "a`b",
        "a'b",
        "a b",
        "a.b",
        "ü€",
        "../../x",
        "%s",
        "select",
        "a\\\\b",
        "a\nb",
        "x" * 64,
        "12",
        "checksum1",
        "#sql",
    ],
)
def test_a_table_of_any_name(run: Run, name: str) -> None:
    quoted = name.replace("`", "``")
    run.on_source(f"CREATE TABLE `{quoted}` (`{quoted}` INT PRIMARY KEY)", f"INSERT INTO `{quoted}` VALUES (1), (2)")
    assert_copied(run)


def test_tables_whose_names_differ_in_case_only(run: Run) -> None:
    run.on_source(
        "CREATE TABLE t (v INT)",
        "CREATE TABLE T (v INT, w INT)",
        "INSERT INTO t VALUES (1)",
        "INSERT INTO T VALUES (2, 3)",
    )
    assert_copied(run)


def test_partitions_and_options_are_kept(run: Run) -> None:
    run.on_source(
        "CREATE TABLE r (id INT, d DATE NOT NULL) COMMENT='PARTITION BY (x), AUTO_INCREMENT=9' "
        "PARTITION BY RANGE (YEAR(d)) (PARTITION p0 VALUES LESS THAN (2020) COMMENT = 'a)b', "
        "PARTITION p1 VALUES LESS THAN MAXVALUE)",
        "CREATE TABLE l (id INT) PARTITION BY LIST (id) (PARTITION a VALUES IN (1, 2), PARTITION b VALUES IN (NULL))",
        "INSERT INTO r VALUES (1, '2019-01-01'), (2, '2024-01-01')",
        "INSERT INTO l VALUES (1), (NULL)",
        "CREATE TABLE c (a INT COMMENT 'x, (y', b CHAR(1) DEFAULT ')', FULLTEXT KEY (b), "
        "KEY k (a) COMMENT ',') ROW_FORMAT=COMPRESSED",
    )
    assert_copied(run)


def test_a_database_without_tables_but_with_views(run: Run) -> None:
    run.on_source("CREATE VIEW v AS SELECT 1 AS one", "CREATE FUNCTION f() RETURNS INT DETERMINISTIC RETURN 1")
    assert_copied(run)


def test_include_takes_tables_with_their_triggers_and_no_routines(run: Run, pair: Pair) -> None:
    run.on_source(
        "CREATE TABLE keep (v INT)",
        "CREATE TABLE leave_ (v INT)",
        "CREATE VIEW keep_view AS SELECT v FROM keep",
        "CREATE TRIGGER one BEFORE INSERT ON keep FOR EACH ROW SET NEW.v = 1",
        "CREATE TRIGGER two BEFORE INSERT ON leave_ FOR EACH ROW SET NEW.v = 1",
        "CREATE PROCEDURE p() SELECT 1",
    )
    run.selection = Selection((run.database,), include=("keep*",))
    run.copy()
    assert sorted(definitions(pair.target, run.database)) == [
        ("database", run.database),
        ("table", "keep"),
        ("trigger", "one"),
        ("view", "keep_view"),
    ]


def test_a_view_of_a_table_that_is_left_out_is_refused_before_anything_moves(run: Run, pair: Pair) -> None:
    run.on_source("CREATE TABLE t (v INT)", "CREATE TABLE u (v INT)", "CREATE VIEW v AS SELECT t.v FROM t JOIN u")
    run.selection = Selection((run.database,), exclude=("u",))
    with pytest.raises(MydumpError, match=r"\bv\b"):
        run.copy()
    found = rows_of(
        pair.target, f"SELECT table_name FROM information_schema.tables WHERE table_schema = '{run.database}'"
    )
    assert found == []
