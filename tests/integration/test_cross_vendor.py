"""A copy from MariaDB to MySQL or back is exact, or refused by name."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from airflow_mydump.engine.errors import IncompleteRunError, MydumpError, PreflightError, VerificationError
from airflow_mydump.engine.plan.settings import PlanSettings
from airflow_mydump.engine.selection.selection import Selection
from airflow_mydump.engine.translation.choice import TranslationChoice
from tests.integration.command_line import run_command
from tests.integration.contents import contents, tables_of
from tests.integration.pair import rows_of, value_of
from tests.integration.test_sakila import FILES, statements

if TYPE_CHECKING:
    from pathlib import Path

    from tests.integration.pair import Pair
    from tests.integration.run import Run


def test_sakila_arrives_whole(across: Pair, tmp_path: Path) -> None:
    for file in FILES:
        if not file.exists():
            pytest.skip(f"{file} is not here: Sakila is not part of this repository")
    for file in FILES:
        with across.source.connect(charset="utf8mb4") as connection, connection.cursor() as cursor:
            for statement in statements(file):
                cursor.execute(statement)
    arguments = ("--schemas", "sakila", "--threads", 2, "--chunk-bytes", "256K", "--work-directory", tmp_path)
    copied = run_command(across, "copy", *arguments)
    assert copied.returncode == 0, copied.stdout + copied.stderr
    assert "complete and verified" in copied.stdout
    assert tables_of(across.target, "sakila") == tables_of(across.source, "sakila")
    for table in tables_of(across.source, "sakila"):
        assert contents(across.source, "sakila", table) == contents(across.target, "sakila", table), table
    for view in ("film_list", "customer_list", "sales_by_store", "actor_info"):
        count = f"SELECT COUNT(*) FROM sakila.{view}"
        assert value_of(across.source, count) == value_of(across.target, count)
    again = run_command(across, "copy", *arguments)
    assert again.returncode == 0, again.stdout + again.stderr
    compared = run_command(across, "verify", *arguments[:4], "--work-directory", tmp_path)
    assert compared.returncode == 0, compared.stdout + compared.stderr


SHARED = (
    "a INT NOT NULL, b TINYINT(1) DEFAULT 1, c BIGINT(20) ZEROFILL, d DECIMAL(65,30) DEFAULT 0.5, e FLOAT, f DOUBLE "
    "DEFAULT -1.5",
    "a VARCHAR(9) CHARACTER SET latin1 COLLATE latin1_bin NOT NULL DEFAULT 'x''y', b TEXT CHARACTER SET utf8mb3, "
    "c CHAR(3) COLLATE utf8mb4_bin DEFAULT 'é', d VARBINARY(9) DEFAULT 'ab', e ENUM('a','b,c','d''e') DEFAULT 'a', "
    "f SET('x','y'), g BINARY(4)",
    "a TIMESTAMP(3) NULL DEFAULT CURRENT_TIMESTAMP(3) ON UPDATE CURRENT_TIMESTAMP(3), b DATETIME DEFAULT NULL, c DATE "
    "DEFAULT '2020-01-01', d TIME(6), e YEAR DEFAULT 2020, f DATETIME(6) DEFAULT (NOW(6) + INTERVAL 1 DAY)",
    "a INT, b INT AS (a * 2 + 1) STORED COMMENT 'sum', c INT AS ((a + 1) * 2) VIRTUAL, d VARCHAR(40) DEFAULT (UUID()), "
    "e INT DEFAULT (1 + 2 * 3)",
    "a INT INVISIBLE DEFAULT 7, b INT COMMENT 'it''s', KEY k (a, b DESC) COMMENT 'k', UNIQUE KEY u (b)",
    "a INT AUTO_INCREMENT, b VARCHAR(20), c TEXT DEFAULT ('abc'), PRIMARY KEY (a), KEY p (b(5)), FULLTEXT KEY f (c)) "
    "AUTO_INCREMENT=77 ROW_FORMAT=COMPRESSED KEY_BLOCK_SIZE=8 COMMENT='t''s' (",
    "a POINT NOT NULL, b GEOMETRY, SPATIAL KEY s (a)",
    "a BIT(5) DEFAULT b'101', b BIT(64), c BOOL",
    "a INT, b VARCHAR(9), CONSTRAINT {t}_c CHECK (a > 0 AND (b LIKE 'x%' OR a BETWEEN 3 AND 5) OR b IS NULL), "
    "CHECK (a <> 3)",
    "a INT NOT NULL, b DATE NOT NULL, PRIMARY KEY (a, b)) PARTITION BY RANGE (YEAR(b)) (PARTITION p0 VALUES LESS THAN "
    "(2020) COMMENT = 'old', PARTITION p1 VALUES LESS THAN MAXVALUE",
    "a INT PRIMARY KEY) PARTITION BY HASH (a) PARTITIONS 3 (",
    "a VARCHAR(9) NOT NULL) PARTITION BY LIST COLUMNS (a) (PARTITION x VALUES IN ('a','b'), "
    "PARTITION y VALUES IN ('c')",
    "a INT, KEY (a) USING HASH) ENGINE=MEMORY (",
    "a INT, b BLOB) ENGINE=MyISAM CHECKSUM=1 (",
    "j JSON, k JSON NOT NULL, id INT PRIMARY KEY",
    "a VARCHAR(9), b VARCHAR(20) AS (CONCAT('<', a, '''>')) STORED, c VARCHAR(9) DEFAULT (CONCAT('''', 'x')), "
    "CHECK (a <> 'it''s')",
)


def test_every_definition_that_both_have(translated: Run, across: Pair) -> None:
    """The report compares what the target made of each with what the source has."""
    for number, columns in enumerate(SHARED):
        table = f"t{number:02}"
        text = columns.removesuffix(" (") if columns.endswith(" (") else f"{columns})"
        translated.on_source(f"CREATE TABLE {table} ({text.replace('{t}', table)}")
    translated.on_source(
        "CREATE TABLE parent (id INT PRIMARY KEY)",
        "CREATE TABLE child (a INT, b INT, "
        "FOREIGN KEY (a) REFERENCES parent (id) ON DELETE CASCADE ON UPDATE SET NULL, "
        "CONSTRAINT `b's` FOREIGN KEY (b) REFERENCES parent (id))",
    )
    assert translated.copy().complete
    data = Selection((translated.database,), content="data")
    assert translated.again(selection=data).copy().complete  # the tables that are there now are taken for able to
    translated = translated.again()
    assert translated.copy().complete  # and for equal
    translated.on_target("ALTER TABLE t03 ALTER e SET DEFAULT 8", "ALTER TABLE t08 ALTER b SET DEFAULT 'x'")
    with pytest.raises(IncompleteRunError, match=r"t08: column b: default .*t03: column e: default "):
        translated.report()


def test_views_routines_triggers_and_events(translated: Run, across: Pair) -> None:
    translated.on_source(
        "CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(20))",
        "INSERT INTO t VALUES (1, 'a'), (2, 'b')",
        "CREATE SQL SECURITY INVOKER VIEW v AS SELECT id + 1 AS n, UPPER(v) AS u FROM t WHERE id > 0 AND id < 9",
        "CREATE VIEW checked AS SELECT id, v FROM t WHERE id < 9 WITH LOCAL CHECK OPTION",
        "CREATE FUNCTION f(a VARCHAR(20), b INT) RETURNS VARCHAR(40) DETERMINISTIC NO SQL COMMENT 'it''s' "
        "RETURN CONCAT(a, b)",
        "CREATE PROCEDURE p(IN a INT UNSIGNED, OUT b DECIMAL(9,2)) READS SQL DATA BEGIN -- a remark\n"
        "SELECT COUNT(*) * a INTO b FROM t; END",
        "CREATE TRIGGER r BEFORE INSERT ON t FOR EACH ROW SET NEW.v = CONCAT(NEW.v, '!')",
        "CREATE TRIGGER s BEFORE INSERT ON t FOR EACH ROW FOLLOWS r SET NEW.v = CONCAT(NEW.v, '?')",
        "CREATE EVENT e ON SCHEDULE EVERY 2 DAY STARTS '2035-01-01 00:00:00' ON COMPLETION PRESERVE DISABLE ON SLAVE "
        "COMMENT 'c' DO DELETE FROM t WHERE id > 1000"
        if across.flavor == "mariadb"
        else "CREATE EVENT e ON SCHEDULE EVERY 2 DAY ON COMPLETION PRESERVE DISABLE ON REPLICA DO DELETE FROM t",
    )
    report = translated.copy()
    assert report.complete
    assert any("queries of 2 views" in note for note in report.notes)
    query = "SELECT n, u, f(u, n) FROM v ORDER BY n"
    assert rows_of(across.source, query, translated.database) == rows_of(across.target, query, translated.database)
    translated.on_target("INSERT INTO t VALUES (3, 'c')")
    assert value_of(across.target, "SELECT v FROM t WHERE id = 3", translated.database) == "c!?"
    translated.on_target("ALTER EVENT e ENABLE", "ALTER ALGORITHM=TEMPTABLE VIEW v AS SELECT 1 AS n")
    with pytest.raises(IncompleteRunError, match=r"view .*\.v: algorithm.*event .*\.e: status"):
        translated.report()


JSON_TEXTS = (
    '{"b": 1, "a": [1, 2.50, -0, 1e2, 1E-7], "": null}', '"\\u00e9\\ud83d\\ude00 \\/ \\" \\t"',
    "[]", "{}", "true", "null",
    "18446744073709551615", "-9223372036854775808", "0.1", "123456789.125", '{"a": {"b": {"c": [[[]]]}}}',
    " [ 1 , 2 ] ",
)  # fmt: skip
JSON_LOST = {
    "a member twice": '{"a": 1, "a": 2}',
    "more digits than a DOUBLE has": "0.12345678901234567890123",
    "an integer beyond 64 bits": "123456789012345678901234567890",
}


def test_json_arrives_with_its_meaning(translated: Run, across: Pair) -> None:
    translated.on_source(
        "CREATE TABLE t (id INT AUTO_INCREMENT PRIMARY KEY, j JSON, k JSON NOT NULL, v FLOAT)",
        "INSERT INTO t (j, k, v) VALUES "
        + ", ".join(f"({_sql(text)}, {_sql(text)}, 0.1234567)" for text in JSON_TEXTS)
        + ", (NULL, '1', NULL)",
    )
    assert translated.copy().complete
    read = "SELECT id, j, k FROM t ORDER BY id"
    found = [rows_of(server, read, translated.database) for server in (across.source, across.target)]
    ours, theirs = ([[id_, *(text and json.loads(text) for text in texts)] for id_, *texts in rows] for rows in found)
    assert ours == theirs
    kind = value_of(
        across.target, f"SELECT data_type FROM information_schema.columns WHERE table_schema = '{translated.database}' "
        "AND column_name = 'j'"
    )  # fmt: skip
    assert kind == ("json" if across.flavor == "mariadb" else "longtext")
    translated.on_target("""UPDATE t SET j = '{"b": 1, "a": [1, 2.51, 0, 100, 1e-7], "": null}' WHERE id = 1""")
    with pytest.raises(MydumpError, match="are not those of the source"):
        translated.verify()


@pytest.mark.parametrize("text", JSON_LOST.values(), ids=JSON_LOST.keys())
def test_json_that_the_target_would_change_fails_the_run(translated: Run, across: Pair, text: str) -> None:
    if across.flavor == "mysql":
        pytest.skip("MariaDB keeps the text of MySQL's JSON as it is")
    translated.on_source("CREATE TABLE t (id INT, j JSON)", f"INSERT INTO t VALUES (1, {_sql(text)})")
    translated.plan()
    translated.schema()
    translated.data()
    with pytest.raises(MydumpError, match=rf"{translated.database}\.t\b.*are not those of the source"):
        translated.verify()
    translated.settings = PlanSettings(translation=TranslationChoice(types={"json": "longtext"}), if_exists="drop")
    translated.run_key += "-as-text"
    assert translated.copy().complete
    assert value_of(across.target, "SELECT j FROM t", translated.database) == text


def _sql(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "''") + "'"


REFUSED = {
    "mariadb": (
        ("a UUID", "column a has type uuid"),
        ("a INET6", "column a has type inet6"),
        ("a INT) ENGINE=Aria (", "has the engine Aria"),
        ("a DOUBLE AUTO_INCREMENT PRIMARY KEY", "column a counts up in a DOUBLE"),
        ("a TEXT, UNIQUE KEY u (a)", "key u is over whole texts"),
        ("a INT, b VARCHAR(9) DEFAULT (JSON_COMPACT('[]'))", "column b calls json_compact()"),
        ("a VARCHAR(9) COLLATE utf8mb4_general_nopad_ci", "no collation utf8mb4_general_nopad_ci"),
    ),
    "mysql": (
        ("a INT, KEY k ((a + 1))", "key k is over an expression"),
        ("a POINT SRID 4326", "column a is bound to SRID 4326"),
        ("a INT, b INT AS (a) STORED NOT NULL", "column b is generated and NOT NULL"),
        ("a INT, CONSTRAINT c CHECK (a > 0) NOT ENFORCED", "CHECK constraint c is not enforced"),
        ("a VARCHAR(9), CHECK (a REGEXP 'x')", "calls regexp_like()"),
        ("a VECTOR(3)", "column a has type vector(3)"),
        ("a JSON, KEY k ((CAST(a AS UNSIGNED ARRAY)))", "key k is over an expression"),
        ("a VARBINARY(9) DEFAULT 0xFF00", "column a has a default that is no text"),
        ("a VARCHAR(9) COLLATE utf8mb4_ja_0900_as_cs", "no collation utf8mb4_ja_0900_as_cs"),
        ("a TEXT, FULLTEXT KEY f (a) WITH PARSER ngram", "key f has"),
    ),
}


def test_what_the_target_has_not_is_refused_by_name(translated: Run, across: Pair) -> None:
    refused = REFUSED[across.flavor]
    for number, (columns, _) in enumerate(refused):
        translated.on_source(
            f"CREATE TABLE t{number} ({columns.removesuffix(' (') if columns.endswith(' (') else columns + ')'}"
        )
    translated.on_source("CREATE TABLE fine (a INT)")
    with pytest.raises(PreflightError) as error:
        translated.plan()
    for number, (_, reason) in enumerate(refused):
        if "no collation" not in reason:
            assert f"{translated.database}.t{number} " in str(error.value)
        assert reason in str(error.value)
    assert "fine" not in str(error.value)
    assert rows_of(across.target, f"SHOW DATABASES LIKE '{translated.database}'") == []


def test_preflight_says_what_is_refused_and_what_is_translated(translated: Run, across: Pair) -> None:
    refused = REFUSED[across.flavor]
    for number, (columns, _) in enumerate(refused):
        text = columns.removesuffix(" (") if columns.endswith(" (") else f"{columns})"
        translated.on_source(f"CREATE TABLE t{number} ({text}")
    looked = run_command(across, "preflight", "--schemas", translated.database, COLUMNS="400")
    assert looked.returncode == 1
    for _, reason in refused:
        assert reason.split(" has type")[0] in looked.stdout
    translated.on_source(
        *(f"DROP TABLE t{number}" for number in range(len(refused))),
        "CREATE TABLE t (a VARCHAR(9) COLLATE "
        + ("utf8mb4_uca1400_ai_ci)" if across.flavor == "mariadb" else "utf8mb4_0900_ai_ci)"),
    )
    looked = run_command(across, "preflight", "--schemas", translated.database, COLUMNS="400")
    assert looked.returncode == 0, looked.stdout
    assert "becomes utf8mb4_" in looked.stdout
    assert rows_of(across.target, f"SHOW DATABASES LIKE '{translated.database}'") == []


def test_what_the_user_chose_is_done(translated: Run, across: Pair, tmp_path: Path) -> None:
    if across.flavor == "mariadb":
        translated.on_source(
            "CREATE TABLE t (id UUID PRIMARY KEY, a INET4, b INET6, c VARCHAR(9) COLLATE utf8mb4_general_nopad_ci)",
            "INSERT INTO t VALUES ('123e4567-e89b-12d3-a456-426655440000', '1.2.3.4', '::1', 'x'), "
            "('f23e4567-e89b-12d3-a456-426655440001', NULL, NULL, 'y ')",
        )
        choices: tuple[str, ...] = (
            "--type", "uuid=char(36)", "--type", "inet4=varchar(15)", "--type", "inet6=varchar(39)",
                   "--collation", "utf8mb4_general_nopad_ci=utf8mb4_0900_as_cs")  # fmt: skip
    else:
        translated.on_source(
            "CREATE TABLE t (c VARCHAR(9) COLLATE utf8mb4_ja_0900_as_cs PRIMARY KEY, d VARCHAR(9))",
            "INSERT INTO t VALUES ('x', 'é'), ('y ', '')",
        )
        choices = ("--collation", "utf8mb4_ja_0900_as_cs=utf8mb4_bin",
                   "--collation", "utf8mb4_0900_ai_ci=utf8mb4_unicode_520_ci")  # fmt: skip
    arguments = ("--schemas", translated.database, "--work-directory", tmp_path, *choices)
    copied = run_command(across, "copy", *arguments)
    assert copied.returncode == 0, copied.stderr
    for choice in choices[1::2]:
        assert choice.split("=")[1] in copied.stdout
    columns = "*" if across.flavor == "mysql" else "CAST(id AS CHAR), CAST(a AS CHAR), CAST(b AS CHAR), c"
    read = f"SELECT {columns} FROM t ORDER BY c"
    assert rows_of(across.source, read, translated.database) == rows_of(across.target, read, translated.database)
    assert run_command(across, "verify", *arguments).returncode == 0


def test_a_unique_key_that_the_other_collation_breaks_fails_the_load(translated: Run) -> None:
    translated.on_source(
        "CREATE TABLE t (c VARCHAR(9) COLLATE utf8mb4_bin PRIMARY KEY)", "INSERT INTO t VALUES ('a'), ('A')"
    )
    translated.settings = PlanSettings(translation=TranslationChoice({"utf8mb4_bin": "utf8mb4_general_ci"}))
    with pytest.raises(MydumpError, match=rf"{translated.database}\.t\b"):
        translated.copy()


def test_a_dump_is_restored_on_the_other_vendor(translated: Run, across: Pair, tmp_path: Path) -> None:
    translated.on_source(
        "CREATE TABLE t (id INT AUTO_INCREMENT PRIMARY KEY, v VARCHAR(20), j JSON, f FLOAT, b BIT(9), d DATETIME(6))",
        """INSERT INTO t VALUES (1, 'é', '{"b": 1, "a": 2.5}', 0.1234567, b'101', '2020-01-01 00:00:00.000001')""",
        "CREATE VIEW v AS SELECT id FROM t",
    )
    dumped = run_command(across, "dump", "--schemas", translated.database, "--output", tmp_path / "dump")
    assert dumped.returncode == 0, dumped.stderr
    loaded = run_command(across, "load", "--input", tmp_path / "dump", "--work-directory", tmp_path / "work")
    assert loaded.returncode == 0, loaded.stderr
    assert contents(across.source, translated.database, "t") == contents(across.target, translated.database, "t")


def test_partitions_that_the_other_vendor_hashes_otherwise_are_no_chunks(translated: Run, across: Pair) -> None:
    translated.on_source(
        "CREATE TABLE t (id INT PRIMARY KEY, v INT) PARTITION BY KEY (id) PARTITIONS 4",
        "INSERT INTO t VALUES " + ", ".join(f"({number}, {number})" for number in range(500)),
    )
    translated.settings = PlanSettings(chunk_bytes=1000, concurrency=2)
    assert translated.copy().complete
    assert contents(across.source, translated.database, "t") == contents(across.target, translated.database, "t")


def test_a_dump_in_ranges_of_a_text_that_is_ordered_otherwise_is_refused(
    translated: Run, across: Pair, tmp_path: Path
) -> None:
    collation = "utf8mb4_uca1400_ai_ci" if across.flavor == "mariadb" else "utf8mb4_0900_ai_ci"
    translated.on_source(
        f"CREATE TABLE t (k VARCHAR(20) COLLATE {collation} PRIMARY KEY, v TEXT)",
        "INSERT INTO t VALUES " + ", ".join(f"('k{number:05}', REPEAT('x', 200))" for number in range(5000)),
        "ANALYZE TABLE t",
    )
    dumped = run_command(
        across, "dump", "--schemas", translated.database, "--output", tmp_path / "dump", "--chunk-bytes", "64K"
    )
    assert dumped.returncode == 0, dumped.stderr
    loaded = run_command(across, "load", "--input", tmp_path / "dump", "--work-directory", tmp_path / "work")
    assert loaded.returncode == 1
    assert f"{translated.database}.t was dumped in ranges of a text" in loaded.stderr
    assert rows_of(across.target, f"SHOW DATABASES LIKE '{translated.database}'") == []


def test_json_that_is_generated_and_stored_is_verified(translated: Run) -> None:
    translated.on_source(
        "CREATE TABLE t (id INT PRIMARY KEY, j JSON, g JSON AS (JSON_EXTRACT(j, '$.a')) STORED)",
        """INSERT INTO t (id, j) VALUES (1, '{"a": {"x": 1.50}, "b": 2}'), (2, NULL)""",
    )
    assert translated.copy().complete
    translated.on_target("ALTER TABLE t DROP COLUMN g, ADD COLUMN g JSON AS (JSON_EXTRACT(j, '$.b')) STORED")
    with pytest.raises(VerificationError, match=rf"{translated.database}\.t"):
        translated.verify()
