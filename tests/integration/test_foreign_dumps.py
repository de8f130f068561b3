"""What mydumper wrote is restored, in each of its forms, and verified as far as it says what it dumped."""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING

import pytest
import zstandard

from airflow_mydump.engine.errors import DumpError, MydumpError
from tests.integration.contents import assert_same_contents, definitions
from tests.integration.myloader import MYDUMPER, dump_with_mydumper
from tests.integration.pair import Pair, rows_of
from tests.integration.staged_run import StagedRun

if TYPE_CHECKING:
    from pathlib import Path

FORMS = {
    "insert": (),
    "insert, gzip": ("-c", "GZIP"),
    "insert, zstd, hexadecimal, named columns": ("-c", "ZSTD", "--hex-blob", "--complete-insert"),
    "load data": ("--format", "LOAD_DATA"),
    "load data, zstd": ("--format", "LOAD_DATA", "-c", "ZSTD"),
    "load data, gzip, enclosed": ("--format", "LOAD_DATA", "-c", "GZIP", "--fields-enclosed-by", '"'),
}
TABLES = (
    "CREATE TABLE `plain` (id INT PRIMARY KEY, v VARCHAR(40), d DECIMAL(20,6), t DATETIME(3))",
    "CREATE TABLE `odd names ü.x` (`a b` INT, `ü,(` TEXT, `select` BLOB)",
    "CREATE TABLE `bytes` (v VARBINARY(3), w BIT(9), j JSON, l TEXT CHARACTER SET latin1)",
    "CREATE TABLE `generated` (a INT PRIMARY KEY, b INT AS (a * 2) STORED, c VARCHAR(9))",
    "CREATE TABLE `empty` (id INT)",
)
ROWS = (
    "INSERT INTO plain SELECT seq, CONCAT('it''s \"', seq, '\\\\ ;\\n'), seq / 7, '2024-02-03 04:05:06.789' FROM n",
    "INSERT INTO `odd names ü.x` VALUES (1, 'é😀\\n;', 0x00FF270A5C), (NULL, NULL, NULL), (2, '', '')",
    "INSERT INTO bytes SELECT UNHEX(LPAD(HEX(seq), 6, '5C')), seq % 512, JSON_OBJECT('a', seq), 'x' FROM n",
    "INSERT INTO bytes VALUES (NULL, NULL, NULL, 0xE9FF), (0x5C5C27, 0, '[\"\\\\\"\"]', '')",
    "INSERT INTO `generated` (a, c) SELECT seq, 'x' FROM n",
)


@pytest.fixture
def run(pair: Pair, database: str, tmp_path: Path) -> StagedRun:
    run = StagedRun.of(pair, database, tmp_path)
    run.on_source(
        "CREATE TABLE n (seq INT PRIMARY KEY)",
        f"INSERT INTO n VALUES {', '.join(f'({number})' for number in range(1, 1200))}",
        *TABLES,
        *ROWS,
        "CREATE VIEW v AS SELECT id FROM plain WHERE v <> 'a;b'",
        "CREATE FUNCTION f(x INT) RETURNS INT DETERMINISTIC BEGIN IF x > 1 THEN\nSET x = 2;\nEND IF;\nRETURN x; END",
        "CREATE PROCEDURE p() SELECT 1",
        "CREATE TRIGGER r BEFORE INSERT ON plain FOR EACH ROW BEGIN SET NEW.v = 'x';\nSET NEW.d = 1; END",
        "CREATE EVENT e ON SCHEDULE EVERY 1 YEAR STARTS '2037-01-01 00:00:00' DO DELETE FROM plain",
    )
    return run


@pytest.mark.skipif(not MYDUMPER, reason="mydumper is not on PATH")
@pytest.mark.parametrize("form", FORMS)
def test_a_dump_by_mydumper_is_restored(run: StagedRun, pair: Pair, form: str) -> None:
    if pair.is_mysql:
        pytest.skip("mydumper 1.0.1 dumps no rows from MySQL 9, which has no SHOW MASTER STATUS")
    dump_with_mydumper(pair, run.database, run.path, "-G", "-E", "-R", "-M", *FORMS[form])

    report = run.restore()

    assert_same_contents(pair.source, pair.target, run.database)
    assert definitions(pair.source, run.database).keys() == definitions(pair.target, run.database).keys()
    assert any("another tool made the dump" in note for note in report.notes)


@pytest.mark.skipif(not MYDUMPER, reason="mydumper is not on PATH")
@pytest.mark.parametrize("form", ["insert", "load data"])
def test_rows_that_mydumper_counted_and_are_not_there_are_found(run: StagedRun, pair: Pair, form: str) -> None:
    if pair.is_mysql:
        pytest.skip("mydumper 1.0.1 dumps no rows from MySQL 9, which has no SHOW MASTER STATUS")
    dump_with_mydumper(pair, run.database, run.path, *FORMS[form])
    data = run.file("*.plain.00000.dat" if "load" in form else "*.plain.00000.sql")
    lines = data.read_bytes().split(b"\n")
    data.write_bytes(b"\n".join([*lines[:20], *lines[21:]]))
    with pytest.raises(MydumpError, match=r"plain: the dump says 1199 rows"):
        run.restore()


HEADER = "/*!40101 SET NAMES binary*/;\n/*!40014 SET FOREIGN_KEY_CHECKS=0*/;\n/*!40103 SET TIME_ZONE='+00:00' */;\n"


@pytest.fixture
def written(pair: Pair, database: str, tmp_path: Path) -> StagedRun:
    """A directory by hand, as mydumper writes them."""
    run = StagedRun.of(pair, database, tmp_path)
    run.path.mkdir()
    files = {
        "metadata": f"[config]\nquote-character = BACKTICK\n[`{database}`.`t`]\nreal_table_name=t\nrows = 2\n"
        f"[`{database}`.`mydumper_0`]\nreal_table_name=a``b/../c\nrows = 1\n[config]\n# Finished dump at: now\n",
        f"{database}-schema-create.sql": HEADER + f"CREATE DATABASE /*!32312 IF NOT EXISTS*/ `{database}` "
        "/*!40100 DEFAULT CHARACTER SET utf8mb4 */;\n",
        f"{database}.t-schema.sql": HEADER
        + "CREATE TABLE `t` (\n  `id` int NOT NULL,\n  `v` varchar(20) DEFAULT NULL\n"
        ") ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;\n",
        f"{database}.t.00000.sql": HEADER
        + 'INSERT INTO `t` VALUES(1,"a\\"b""c\\\\")\n;\nINSERT INTO `t` VALUES(-2,NULL)\n;\n',
        f"{database}.mydumper_0-schema.sql": HEADER
        + "CREATE TABLE `a``b/../c` (\n  `id` int NOT NULL\n) ENGINE=InnoDB;\n",
        f"{database}.mydumper_0.00007.00001.sql": HEADER + "LOAD DATA LOCAL INFILE "
        f"'{database}.mydumper_0.00007.00001.dat' INTO TABLE `a``b/../c` FIELDS TERMINATED BY ',' "
        "LINES TERMINATED BY '\\n' (`id`);\n",
        f"{database}.mydumper_0.00007.00001.dat": "7\n",
    }
    for name, content in files.items():
        (run.path / name).write_text(content)
    return run


def test_a_directory_in_both_forms_is_restored(written: StagedRun, pair: Pair) -> None:
    written.restore()
    assert rows_of(pair.target, "SELECT id, v FROM t ORDER BY id", written.database) == [(-2, None), (1, 'a"b"c\\')]
    assert rows_of(pair.target, "SELECT id FROM `a``b/../c`", written.database) == [(7,)]


def test_members_of_a_set_come_by_their_names(written: StagedRun, pair: Pair) -> None:
    (written.path / f"{written.database}.s-schema.sql").write_text(
        HEADER + "CREATE TABLE `s` (\n  `id` int NOT NULL,\n  `v` set('','1','2') DEFAULT NULL\n) ENGINE=InnoDB;\n"
    )
    (written.path / f"{written.database}.s.00000.sql").write_text(
        HEADER + 'INSERT INTO `s` VALUES(1,"2"),(2,"1,2"),(3,NULL)\n;\n'
    )
    written.restore()
    assert rows_of(pair.target, "SELECT id, v + 0 FROM s ORDER BY id", written.database) == [(1, 4), (2, 6), (3, None)]


def test_a_load_statement_without_a_character_set_is_refused_after_another_than_binary(written: StagedRun) -> None:
    file = next(written.path.glob("*.00007.00001.sql"))
    file.write_text(file.read_text().replace("SET NAMES binary", "SET NAMES utf8mb4"))
    with pytest.raises(DumpError, match=f"{file.name} is written in character set utf8mb4"):
        written.restore()


EVIL_TABLES = (
    "CREATE TABLE `t` (`id` int) ENGINE=InnoDB; DROP DATABASE mysql",
    "CREATE TABLE `t` (`id` int) ENGINE=FEDERATED CONNECTION='mysql://x@h/d/t'",
    "CREATE TABLE `t` (`id` int) ENGINE=CONNECT",
    "CREATE TABLE `t` (`id` int) ENGINE=InnoDB DATA DIRECTORY='/tmp'",
    "CREATE TABLE `t` (`id` int) SELECT LOAD_FILE('/etc/passwd') AS id",
    "CREATE TABLE `t` (`id` int) ENGINE=InnoDB /*!50000 ; GRANT ALL ON *.* TO x */",
    "CREATE TABLE `t` (`id` int DEFAULT (load_file('/etc/passwd'))) ENGINE=InnoDB",
    "CREATE TABLE `t` (`id` int DEFAULT (`load_file`('/etc/passwd'))) ENGINE=InnoDB",
    "CREATE TABLE `t` (`id` int) /*!50000 TABLE mysql.user */",
    "CREATE TABLE `mysql`.`t` (`id` int) ENGINE=InnoDB",
    "GRANT ALL ON *.* TO x",
    "SET GLOBAL local_infile = 1",
    "LOAD DATA LOCAL INFILE '/etc/passwd' INTO TABLE t",
)


@pytest.mark.parametrize("statement", EVIL_TABLES)
def test_a_table_file_with_something_else_is_refused(written: StagedRun, pair: Pair, statement: str) -> None:
    (written.path / f"{written.database}.t-schema.sql").write_text(f"{HEADER}{statement};\n")
    _refused(written, pair)


EVIL_CODE = (
    "CREATE PROCEDURE `p`() GRANT ALL ON *.* TO x",
    "CREATE PROCEDURE `p`() SET GLOBAL general_log = 1",
    "CREATE PROCEDURE `p`() BEGIN SET @a = 1, @@GLOBAL.general_log = 1; END",
    "CREATE PROCEDURE `p`() SELECT 1 INTO OUTFILE '/tmp/x'",
    "CREATE PROCEDURE `p`() SELECT 1 INTO /*! DUMPFILE */ '/tmp/x'",
    "CREATE PROCEDURE `p`() BEGIN SET @s = CONCAT('GR', 'ANT'); PREPARE s FROM @s; EXECUTE s; END",
    "CREATE PROCEDURE `p`() EXECUTE IMMEDIATE CONCAT('GR', 'ANT')",
    "CREATE PROCEDURE `p`() SELECT 1; DROP TABLE t",
    "CREATE FUNCTION `f` RETURNS STRING SONAME 'x.so'",
    "CREATE USER x",
    "GRANT ALL ON *.* TO x",
    "DROP DATABASE mysql",
    "SET GLOBAL general_log = 1",
    "SET PASSWORD = 'x'",
    "SET sql_log_bin = 0",
    "CREATE EVENT `e` ON SCHEDULE EVERY 1 DAY DO LOAD DATA INFILE '/etc/passwd' INTO TABLE t",
    "CREATE /*!50000 EVENT `e` ON SCHEDULE EVERY 1 DAY DO GRANT ALL ON *.* TO x */",
    "CREATE TRIGGER `r` BEFORE INSERT ON `t` FOR EACH ROW SET NEW.v = load_file('/etc/passwd')",
    "CREATE VIEW `v` AS SELECT `load_file`('/etc/passwd')",
    "CREATE VIEW `mysql`.`v` AS SELECT 1",
    "CREATE VIEW `v` AS SELECT '/* ' /*! , load_file('/etc/passwd') */ , ' */'",
    "INSTALL PLUGIN x SONAME 'x.so'",
)


@pytest.mark.parametrize("statement", EVIL_CODE)
def test_a_post_file_with_something_else_is_refused(written: StagedRun, pair: Pair, statement: str) -> None:
    (written.path / f"{written.database}-schema-post.sql").write_text(f"{HEADER}{statement};\n")
    _refused(written, pair)


EVIL_ROWS = (
    "INSERT INTO `mysql`.`user` VALUES(1,2)\n;\n",
    "INSERT INTO `u` VALUES(1,2)\n;\n",
    "INSERT INTO `t` VALUES(1,load_file('/etc/passwd'))\n;\n",
    "INSERT INTO `t` VALUES(1,(SELECT 1))\n;\n",
    "INSERT INTO `t` SELECT 1, 2\n;\n",
    "INSERT INTO `t` VALUES(1,2); GRANT ALL ON *.* TO x\n;\n",
    "INSERT INTO `t` VALUES(1,2) ON DUPLICATE KEY UPDATE id = 1\n;\n",
    "INSERT INTO `t` VALUES(1,2)\n",
    "INSERT INTO `t` VALUES(1,2),\n;\n",
    "INSERT INTO `t` VALUES(1)\n;\n",
    "INSERT INTO `t` VALUES(1,2)\n,(1,2,3)\n;\n",
    "INSERT INTO `t` (`id`,`nothing`) VALUES(1,2)\n;\n",
    'INSERT INTO `t` VALUES(1,"not ended)\n;\n',
    "DELETE FROM t;\n",
    "SET GLOBAL general_log = 1;\nDROP TABLE t;\n",
    "LOAD DATA LOCAL INFILE '/etc/passwd' INTO TABLE `t` (`id`);\n",
)


@pytest.mark.parametrize("content", EVIL_ROWS)
def test_a_data_file_with_something_else_is_refused(written: StagedRun, pair: Pair, content: str) -> None:
    (written.path / f"{written.database}.t.00000.sql").write_text(HEADER + content)
    _refused(written, pair)


EVIL_LOADS = (
    "LOAD DATA LOCAL INFILE '/etc/passwd' INTO TABLE `a``b/../c` (`id`)",
    "LOAD DATA LOCAL INFILE '{0}' INTO TABLE `t` (`id`)",
    "LOAD DATA INFILE '{0}' INTO TABLE `a``b/../c` (`id`)",
    "LOAD DATA LOCAL INFILE '{0}' INTO TABLE `mysql`.`user` (`id`)",
    "LOAD DATA LOCAL INFILE '{0}' INTO TABLE `a``b/../c` (@a) SET `id` = load_file('/etc/passwd')",
    "LOAD DATA LOCAL INFILE '{0}' INTO TABLE `a``b/../c` (@a) SET `id` = (SELECT 1)",
    "LOAD DATA LOCAL INFILE '{0}' INTO TABLE `a``b/../c` (`id`); GRANT ALL ON *.* TO x",
    "LOAD DATA LOCAL INFILE '{0}' INTO TABLE `a``b/../c` (@@GLOBAL.general_log)",
    "DELETE FROM t",
)


@pytest.mark.parametrize("statement", EVIL_LOADS)
def test_a_load_statement_with_something_else_is_refused(written: StagedRun, pair: Pair, statement: str) -> None:
    path = written.file("*.mydumper_0.00007.00001.sql")
    path.write_text(f"{HEADER}{statement.format(path.with_suffix('.dat').name)};\n")
    _refused(written, pair)


def test_dynamic_sql_is_restored_when_it_is_allowed(written: StagedRun) -> None:
    code = "CREATE DEFINER=CURRENT_USER() PROCEDURE `p`() BEGIN PREPARE s FROM 'SELECT 1'; EXECUTE s; END"
    (written.path / f"{written.database}-schema-post.sql").write_text(f"{HEADER}{code};\n")
    with pytest.raises(DumpError, match="PREPARE"):
        written.plan()
    written.plan(dynamic_sql=True)


@pytest.mark.parametrize("missing", ["*.t-schema.sql", "*.t.00000.sql", "*.00001.dat", "*.00001.sql", "metadata"])
def test_a_missing_file_is_found(written: StagedRun, pair: Pair, missing: str) -> None:
    written.file(missing).unlink()
    _refused(written, pair)


@pytest.mark.parametrize("compression", ["zst", "gz", ""])
def test_a_truncated_data_file_is_found(written: StagedRun, pair: Pair, compression: str) -> None:
    plain = written.file("*.t.00000.sql")
    rows = ",".join(f'({number},"{number * 7919}")\n' for number in range(3000))
    content = f"{HEADER}INSERT INTO `t` VALUES{rows};\n".encode()
    packed = {"zst": zstandard.compress(content), "gz": gzip.compress(content), "": content}[compression]
    path = plain if not compression else plain.with_name(f"{plain.name}.{compression}")
    plain.unlink()
    for length in (1, 20, len(packed) // 2, len(packed) - 5, len(packed) - 1 - (not compression)):
        path.write_bytes(packed[:length])
        _refused(written, pair)


def test_a_bomb_is_not_unfolded(written: StagedRun, pair: Pair) -> None:
    bomb = zstandard.ZstdCompressor(level=1).compressobj()
    content = b"".join(bomb.compress(b"\0" * (1 << 24)) for _ in range(64)) + bomb.flush()
    written.file("*.t-schema.sql").unlink()
    (written.path / f"{written.database}.t-schema.sql.zst").write_bytes(content)
    _refused(written, pair)


def _refused(run: StagedRun, pair: Pair) -> None:
    with pytest.raises(MydumpError):
        run.restore()
    if rows_of(pair.target, f"SELECT 1 FROM information_schema.tables WHERE table_schema = '{run.database}'"):
        # The planned chunk was not committed; the other table may have been.
        done = rows_of(
            pair.target,
            f"SELECT COUNT(*) FROM airflow_mydump.ledger WHERE target_schema = '{run.database}' "
            "AND (step = 'object' OR state = 'verified')",
        )
        assert done == [(0,)]
