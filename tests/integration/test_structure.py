"""The report sees whatever is altered on the target after the data, and names it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from airflow_mydump.engine.errors import IncompleteRunError
from airflow_mydump.engine.phases.report import report_phase
from airflow_mydump.engine.selection.selection import Selection
from tests.integration.command_line import run_command
from tests.integration.pair import run_sql
from tests.integration.run import Run

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.integration.pair import Pair

DATABASE = "altered"
KEYS = (
    "a INT, b VARCHAR(20), c POINT NOT NULL, d TEXT, UNIQUE KEY u (a), KEY p (b(5)), KEY o (a DESC), KEY v (a, b), "
    "KEY w (b) COMMENT 'x', FULLTEXT KEY f (d), SPATIAL KEY s (c)"
)
FOREIGN = "a INT, b INT, KEY (a), KEY (b), CONSTRAINT {t}_fk FOREIGN KEY (a) REFERENCES parent (id) ON DELETE CASCADE"
PARTS = "id INT) PARTITION BY RANGE (id) (PARTITION p0 VALUES LESS THAN (5), PARTITION p1 VALUES LESS THAN MAXVALUE"


@dataclass(frozen=True)
class Alteration:
    """A table `{t}`, statements that alter its copy, and what the report is to say of it."""

    name: str
    columns: str
    statements: tuple[str, ...]
    said: str
    only: str = ""

    def __str__(self) -> str:
        return self.name


def alter(name: str, columns: str, statement: str, said: str, only: str = "") -> Alteration:
    return Alteration(name, columns, tuple(statement.split(";;")), said, only)


TABLES = (
    alter("a type", "c INT", "MODIFY c BIGINT", "column c: type int on the source, bigint on the target"),
    alter("a length", "c VARCHAR(9)", "MODIFY c VARCHAR(10)", "column c: type varchar(9)"),
    alter("a sign", "c INT", "MODIFY c INT UNSIGNED", "column c: type int on the source, int unsigned"),
    alter("a member", "c ENUM('a','b')", "MODIFY c ENUM('a','b','c')", "column c: type enum('a','b')"),
    alter("null", "c INT NOT NULL", "MODIFY c INT NULL", "column c: nullable no on the source, yes on the target"),
    alter(
        "a default", "c CHAR DEFAULT 'x'", "ALTER c SET DEFAULT NULL", "column c: default 'x' on the source, NULL on"
    ),
    alter(
        "no default", "c CHAR NOT NULL DEFAULT 'x'", "ALTER c DROP DEFAULT", "default 'x' on the source, none on the"
    ),
    alter(
        "a default's expression",
        "a INT, c INT DEFAULT (1 + 2 * 3)",
        "MODIFY c INT DEFAULT ((1 + 2) * 3)",
        "column c: default",
    ),
    alter("an empty default", "c VARCHAR(9) DEFAULT ''", "ALTER c SET DEFAULT ' '", "column c: default '' on"),
    alter(
        "an update", "c TIMESTAMP NULL ON UPDATE CURRENT_TIMESTAMP", "MODIFY c TIMESTAMP NULL", "column c: on update"
    ),
    alter("a collation", "c VARCHAR(9)", "MODIFY c VARCHAR(9) COLLATE utf8mb4_bin", "column c: collation utf8mb4_"),
    alter("a character set", "c VARCHAR(9)", "MODIFY c VARCHAR(9) CHARACTER SET latin1", "column c: charset utf8mb4"),
    alter(
        "a generated expression",
        "a INT, c INT AS (a * 2) STORED",
        "DROP COLUMN c, ADD COLUMN c INT AS (a * 3) STORED",
        "column c: generated",
    ),
    alter(
        "a virtual column",
        "a INT, c INT AS (a * 2) STORED",
        "DROP COLUMN c, ADD COLUMN c INT AS (a * 2) VIRTUAL",
        "column c: stored yes on the source, no on the target",
    ),
    alter("visibility", "a INT, c INT INVISIBLE", "MODIFY c INT", "column c: invisible yes on the source, no on"),
    alter("a comment", "c INT COMMENT 'x'", "MODIFY c INT COMMENT 'y'", "column c: comment x on the source, y on"),
    alter("a position", "a INT, c INT", "MODIFY c INT FIRST", "column c: position 2 on the source, 1 on the target"),
    alter("a missing column", "a INT, c INT", "DROP COLUMN c", "column c is missing on the target"),
    alter("a new column", "a INT", "ADD COLUMN c INT", "column c is on the target only"),
    alter("a reference system", "c POINT SRID 4326", "MODIFY c POINT SRID 0", "column c: srid 4326", only="mysql"),
    alter("uniqueness", KEYS, "DROP KEY u, ADD KEY u (a)", "key u: kind unique on the source, plain on the target"),
    alter("a prefix", KEYS, "DROP KEY p, ADD KEY p (b(6))", "key p: parts (b(5)) on the source, (b(6)) on the target"),
    alter("an order", KEYS, "DROP KEY o, ADD KEY o (a)", "key o: parts (a DESC) on the source, (a) on the target"),
    alter("a key's columns", KEYS, "DROP KEY v, ADD KEY v (b, a)", "key v: parts (a, b) on the source, (b, a) on"),
    alter("a key's comment", KEYS, "DROP KEY w, ADD KEY w (b)", "key w: comment x on the source, none on the target"),
    alter("a fulltext key", KEYS, "DROP KEY f, ADD KEY f (d(9))", "key f: kind fulltext on the source, plain on the"),
    alter("a spatial key", KEYS, "DROP KEY s, ADD KEY s (a)", "key s: kind spatial on the source, plain on the target"),
    alter("a hidden key", KEYS, "ALTER INDEX v INVISIBLE", "key v: visible yes on the source, no on", only="mysql"),
    alter("an ignored key", KEYS, "ALTER INDEX v IGNORED", "key v: visible yes on the source, no on", only="mariadb"),
    alter("a missing key", KEYS, "DROP KEY p", "key p is missing on the target"),
    alter("a new key", KEYS, "ADD KEY z (a)", "key z is on the target only"),
    alter(
        "a key's algorithm",
        "a INT, KEY k (a) USING HASH) ENGINE=MEMORY (",
        "DROP KEY k, ADD KEY k (a) USING BTREE",
        "key k: algorithm",
    ),
    alter(
        "a primary key",
        "a INT, b INT, PRIMARY KEY (a, b)",
        "DROP PRIMARY KEY, ADD PRIMARY KEY (b, a)",
        "key PRIMARY: parts (a, b) on the source, (b, a) on the target",
    ),
    alter(
        "an expression in a key",
        "a INT, KEY e ((a + 1))",
        "DROP KEY e, ADD KEY e ((a + 2))",
        "key e: parts",
        only="mysql",
    ),
    alter("a missing foreign key", FOREIGN, "DROP FOREIGN KEY {t}_fk", "foreign key {t}_fk is missing on the target"),
    alter(
        "a foreign key's rule",
        FOREIGN,
        "DROP FOREIGN KEY {t}_fk;;ADD CONSTRAINT {t}_fk FOREIGN KEY (a) REFERENCES parent (id) ON DELETE SET NULL",
        "foreign key {t}_fk: on delete CASCADE on the source, SET NULL on the target",
    ),
    alter(
        "a foreign key's column",
        FOREIGN,
        "DROP FOREIGN KEY {t}_fk;;ADD CONSTRAINT {t}_fk FOREIGN KEY (b) REFERENCES parent (id) ON DELETE CASCADE",
        "foreign key {t}_fk: columns (a) on the source, (b) on the target",
    ),
    alter(
        "a foreign key's table",
        FOREIGN,
        "DROP FOREIGN KEY {t}_fk;;ADD CONSTRAINT {t}_fk FOREIGN KEY (a) REFERENCES other (id) ON DELETE CASCADE",
        "foreign key {t}_fk: references",
    ),
    alter(
        "a check",
        "a INT, CONSTRAINT {t}_c CHECK (a > 0)",
        "DROP CONSTRAINT {t}_c, ADD CONSTRAINT {t}_c CHECK (a >= 0)",
        "CHECK constraint {t}_c: expression",
    ),
    alter(
        "a missing check",
        "a INT, CONSTRAINT {t}_c CHECK (a > 0)",
        "DROP CONSTRAINT {t}_c",
        "CHECK constraint {t}_c is missing on the target",
    ),
    alter(
        "a check not enforced",
        "a INT, CONSTRAINT {t}_c CHECK (a > 0)",
        "ALTER CHECK {t}_c NOT ENFORCED",
        "CHECK constraint {t}_c: enforced yes on the source, no on the target",
        only="mysql",
    ),
    alter(
        "partitions",
        PARTS,
        "REORGANIZE PARTITION p0, p1 INTO (PARTITION p0 VALUES LESS THAN (4), PARTITION p1 VALUES LESS THAN MAXVALUE)",
        "partitioning",
    ),
    alter("no partitions", PARTS, "REMOVE PARTITIONING", "partitioning"),
    alter("an engine", "a INT", "ENGINE=MyISAM", "option ENGINE InnoDB on the source, MyISAM on the target"),
    alter("a row format", "a INT) ROW_FORMAT=DYNAMIC (", "ROW_FORMAT=COMPACT", "option ROW_FORMAT DYNAMIC on the"),
    alter("a table's comment", "a INT) COMMENT='x' (", "COMMENT='y'", "option COMMENT x on the source, y on the"),
    alter("a table's collation", "a INT", "DEFAULT COLLATE utf8mb4_bin", "option COLLATE"),
    alter("statistics", "a INT) STATS_PERSISTENT=1 (", "STATS_PERSISTENT=0", "option STATS_PERSISTENT 1 on"),
    alter(
        "a higher counter",
        "a INT AUTO_INCREMENT PRIMARY KEY) AUTO_INCREMENT=50 (",
        "AUTO_INCREMENT=60",
        "AUTO_INCREMENT counter 50 on the source, 60 on the target",
    ),
    alter(
        "a lower counter",
        "a INT AUTO_INCREMENT PRIMARY KEY) AUTO_INCREMENT=50 (",
        "AUTO_INCREMENT=40",
        "AUTO_INCREMENT counter 50 on the source, 40 on the target",
    ),
)

OBJECTS = (
    (
        "CREATE VIEW v1 AS SELECT id FROM parent",
        "ALTER VIEW v1 AS SELECT id + 1 AS id FROM parent",
        "view {d}.v1: another query",
    ),
    (
        "CREATE ALGORITHM=MERGE VIEW v2 AS SELECT id FROM parent",
        "ALTER ALGORITHM=TEMPTABLE VIEW v2 AS SELECT id FROM parent",
        "view {d}.v2: algorithm MERGE on the source, TEMPTABLE on the target",
    ),
    (
        "CREATE VIEW v3 AS SELECT id FROM parent WHERE id > 1 WITH LOCAL CHECK OPTION",
        "ALTER VIEW v3 AS SELECT id FROM parent WHERE id > 1",
        "view {d}.v3: check option WITH LOCAL CHECK OPTION on the source, none",
    ),
    (
        "CREATE VIEW v4 AS SELECT id FROM parent",
        "ALTER SQL SECURITY INVOKER VIEW v4 AS SELECT id FROM parent",
        "view {d}.v4: security DEFINER on the source, INVOKER on the target",
    ),
    (
        "CREATE VIEW v5 AS SELECT id FROM parent",
        "ALTER DEFINER='somebody'@'%' VIEW v5 AS SELECT id FROM parent",
        "view {d}.v5: definer",
    ),
    ("CREATE VIEW v6 AS SELECT id FROM parent", "DROP VIEW v6", "view {d}.v6 is missing on the target"),
    (
        "CREATE PROCEDURE p1(a INT) SELECT 1",
        "DROP PROCEDURE p1;;CREATE PROCEDURE p1(a INT) SELECT 2",
        "procedure {d}.p1: another body",
    ),
    (
        "CREATE PROCEDURE p2(a INT) SELECT 1",
        "DROP PROCEDURE p2;;CREATE PROCEDURE p2(b INT) SELECT 1",
        "procedure {d}.p2: parameters a INT on the source, b INT on the target",
    ),
    (
        "CREATE PROCEDURE p3() SELECT 1",
        "ALTER PROCEDURE p3 READS SQL DATA SQL SECURITY INVOKER COMMENT 'x'",
        "procedure {d}.p3: characteristics none on the source, READS SQL DATA, SQL SECURITY INVOKER on the target",
    ),
    (
        "CREATE PROCEDURE p4() SELECT 1",
        "SET sql_mode = 'ANSI_QUOTES';;DROP PROCEDURE p4;;CREATE PROCEDURE p4() SELECT 1",
        "procedure {d}.p4: sql_mode",
    ),
    (
        "CREATE FUNCTION f1() RETURNS INT DETERMINISTIC RETURN 1",
        "DROP FUNCTION f1;;CREATE FUNCTION f1() RETURNS BIGINT DETERMINISTIC RETURN 1",
        "function {d}.f1: return type int",
    ),
    (
        "CREATE TRIGGER t1 BEFORE INSERT ON parent FOR EACH ROW SET @a = 1",
        "DROP TRIGGER t1;;CREATE TRIGGER t1 BEFORE INSERT ON parent FOR EACH ROW SET @a = 2",
        "trigger {d}.t1: another body",
    ),
    (
        "CREATE TRIGGER t2 BEFORE INSERT ON parent FOR EACH ROW SET @b = 1",
        "DROP TRIGGER t2;;CREATE TRIGGER t2 AFTER INSERT ON parent FOR EACH ROW SET @b = 1",
        "trigger {d}.t2: timing BEFORE INSERT on the source, AFTER INSERT on the target",
    ),
    (
        "CREATE TRIGGER o1 BEFORE UPDATE ON other FOR EACH ROW SET @c = 1;;"
        "CREATE TRIGGER o2 BEFORE UPDATE ON other FOR EACH ROW SET @d = 1",
        "DROP TRIGGER o1;;CREATE TRIGGER o1 BEFORE UPDATE ON other FOR EACH ROW SET @c = 1",
        "{d}.other: triggers BEFORE UPDATE in the order o1, o2 on the source, o2, o1 on the target",
    ),
    (
        "CREATE TABLE third (id INT)",
        "CREATE TRIGGER fourth BEFORE INSERT ON third FOR EACH ROW SET @e = 1",
        "{d}.third: trigger fourth is on the target only",
    ),
    (
        "CREATE EVENT e1 ON SCHEDULE EVERY 1 YEAR DO DO 1",
        "ALTER EVENT e1 ON SCHEDULE EVERY 2 YEAR",
        "event {d}.e1: schedule EVERY 1 YEAR",
    ),
    (
        "CREATE EVENT e2 ON SCHEDULE EVERY 1 YEAR DO DO 1",
        "ALTER EVENT e2 DISABLE",
        "event {d}.e2: status ENABLE on the source, DISABLE on",
    ),
    (
        "CREATE EVENT e3 ON SCHEDULE EVERY 1 YEAR ON COMPLETION PRESERVE DO DO 1",
        "ALTER EVENT e3 ON COMPLETION NOT PRESERVE",
        "event {d}.e3: preservation ON COMPLETION PRESERVE on the source",
    ),
    ("CREATE EVENT e4 ON SCHEDULE EVERY 1 YEAR DO DO 1", "ALTER EVENT e4 DO DO 2", "event {d}.e4: another body"),
)


@pytest.fixture(scope="module")
def altered(pair: Pair, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    """A finished run whose target was altered before the report in every way."""
    for server in (pair.source, pair.target):
        run_sql(server, f"DROP DATABASE IF EXISTS {DATABASE}")
    run_sql(pair.source, f"CREATE DATABASE {DATABASE} DEFAULT CHARACTER SET utf8mb4")
    run = Run.of(pair, DATABASE, tmp_path_factory.mktemp("work"))
    run.on_source("CREATE TABLE parent (id INT PRIMARY KEY)", "CREATE TABLE other (id INT PRIMARY KEY)")
    tables = [(f"t{number:03}", found) for number, found in enumerate(TABLES) if found.only in ("", pair.flavor)]
    for table, found in tables:
        run.on_source(_create(table, found.columns))
    run.on_source(
        "CREATE TABLE untouched (id INT PRIMARY KEY AUTO_INCREMENT, v TEXT)", "INSERT INTO untouched VALUES (7, '')"
    )
    for create, _, _ in OBJECTS:
        run.on_source(*create.split(";;"))
    run.plan()
    run.schema()
    run.data()
    run.index()
    run.verify()
    run.post()
    assert run.planned
    assert report_phase(run.target, run.work, run.planned.identity, keep_ledger=True).complete  # nothing is altered yet
    for table, found in tables:
        for statement in found.statements:
            run.on_target(f"ALTER TABLE {table} {statement.replace('{t}', table)}")
    for _, statement, _ in OBJECTS:
        run.on_target(*statement.split(";;"))
    run.on_target(f"ALTER DATABASE {DATABASE} COLLATE utf8mb4_bin")
    yield run
    for server in (pair.source, pair.target):
        run_sql(server, f"DROP DATABASE IF EXISTS {DATABASE}")


@pytest.fixture(scope="module")
def said(altered: Run) -> str:
    assert altered.planned
    return "\n".join(report_phase(altered.target, altered.work, altered.planned.identity, True).differences)


def _create(table: str, columns: str) -> str:
    """Table options stand behind the columns, with a parenthesis open at their end where they close it themselves."""
    if columns.endswith(" ("):
        return f"CREATE TABLE {table} ({columns.removesuffix(' (')}"
    return f"CREATE TABLE {table} ({columns.replace('{t}', table)})"


@pytest.mark.parametrize("number", range(len(TABLES)), ids=lambda number: str(TABLES[number]))
def test_an_altered_table_is_named(pair: Pair, said: str, number: int) -> None:
    found = TABLES[number]
    if found.only not in ("", pair.flavor):
        pytest.skip(f"only on {found.only}")
    table = f"t{number:03}"
    lines = [line for line in said.splitlines() if line.startswith(f"{DATABASE}.{table}: ")]
    assert any(found.said.replace("{t}", table) in line for line in lines), lines


@pytest.mark.parametrize("number", range(len(OBJECTS)), ids=lambda number: OBJECTS[number][2].split(":")[0])
def test_an_altered_object_is_named(said: str, number: int) -> None:
    wanted = OBJECTS[number][2].replace("{d}", DATABASE)
    assert any(line.startswith(wanted) for line in said.splitlines()), said


def test_an_altered_database_is_named(said: str) -> None:
    assert f"database {DATABASE}: default utf8mb4 " in said


def test_what_was_not_altered_is_not_accused(said: str) -> None:
    assert "untouched" not in said


def test_the_run_fails(altered: Run) -> None:
    with pytest.raises(IncompleteRunError, match=r"altered\..*on the source"):
        altered.report()


def test_the_command_line_compares_structure_too(altered: Run, said: str, tmp_path: Path) -> None:
    compared = run_command(altered.pair, "verify", "--schemas", DATABASE, "--work-directory", tmp_path)
    assert compared.returncode == 1
    for line in said.splitlines():
        assert f"- {line}\n" in compared.stdout


def test_a_renamed_database_compares_equal(run: Run) -> None:
    run.on_source(
        "CREATE TABLE a (id INT PRIMARY KEY)",
        "CREATE TABLE b (id INT, FOREIGN KEY (id) REFERENCES a (id))",
        "CREATE VIEW v AS SELECT b.id FROM a JOIN b ON a.id = b.id",
        "CREATE TRIGGER t BEFORE INSERT ON b FOR EACH ROW SET @a = 1",
    )
    run.selection = Selection((run.database,), rename={run.database: f"{run.database}_x"})
    assert run.copy().complete


def test_rows_that_came_after_the_plan_may_raise_a_counter(run: Run) -> None:
    run.on_source("CREATE TABLE t (id INT AUTO_INCREMENT PRIMARY KEY)", "INSERT INTO t VALUES (1), (2)")
    run.plan()
    run.schema()
    run.on_source("INSERT INTO t VALUES (50)")
    run.data()
    assert run.finish().complete


def test_a_table_that_the_target_has_not_is_a_difference_of_data_alone_too(run: Run, tmp_path: Path) -> None:
    run.on_source("CREATE TABLE kept (v INT)", "CREATE TABLE lost (v INT)", "INSERT INTO lost VALUES (1)")
    run.copy()
    run.on_target("DROP TABLE lost")
    arguments = ("--schemas", run.database, "--content", "data", "--work-directory", tmp_path)
    done = run_command(run.pair, "verify", *arguments)
    assert done.returncode == 1
    assert f"{run.database}.lost is missing on the target" in done.stdout
