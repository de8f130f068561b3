"""LOAD DATA statements are read into clauses, and composed anew."""

from __future__ import annotations

import pytest

from airflow_mydump.engine.ddl.column_definition import read_table
from airflow_mydump.engine.dump_directory.load_statement import parse_load_statement
from airflow_mydump.engine.errors import DumpError
from airflow_mydump.engine.framing.frame import Delimiters
from airflow_mydump.engine.framing.framed_load import load_statement
from airflow_mydump.engine.identifier import TableName

TABLE = read_table(
    TableName("d", "t"),
    "CREATE TABLE `t` (\n  `id` int unsigned NOT NULL AUTO_INCREMENT,\n  `a,b` varchar(20) DEFAULT 'NOT NULL',\n"
    "  `j` json NOT NULL,\n  `g` int GENERATED ALWAYS AS ((`id` * 2)) VIRTUAL,\n  `e` enum('a','b,)') NOT NULL,\n"
    "  PRIMARY KEY (`id`),\n  KEY `x` (`a,b`)\n) ENGINE=MyISAM AUTO_INCREMENT=5 COMMENT='ENGINE=InnoDB'",
)


def test_columns_are_read_from_a_definition() -> None:
    shown = [(column.name, column.data_type, column.nullable, column.generated) for column in TABLE.columns]
    assert shown == [
        ("id", "int", False, False),
        ("a,b", "varchar", True, False),
        ("j", "json", False, False),
        ("g", "int", True, True),
        ("e", "enum", False, False),
    ]
    assert TABLE.columns[0].auto_increment
    assert TABLE.columns[0].unsigned
    assert TABLE.columns[4].column_type == "enum('a','b,)')"
    assert TABLE.primary_key == ("id",)
    assert (TABLE.engine, TABLE.transactional) == ("MyISAM", False)


def test_mydumpers_form_is_composed_anew() -> None:
    clause = parse_load_statement(
        r"LOAD DATA LOCAL INFILE 'x.dat' INTO TABLE `t` FIELDS TERMINATED BY '\t' ENCLOSED BY '' ESCAPED BY '\\' "
        r"LINES STARTING BY '' TERMINATED BY '\n' (`id`,`a,b`,@j,`g`) SET `j` = CONVERT(@j USING UTF8MB4);"
    )
    assert (clause.file, clause.table, clause.field, clause.escaped, clause.line) == ("x.dat", "t", b"\t", b"\\", b"\n")
    assert clause.statement(TableName("o", "t"), TABLE) == (
        "LOAD DATA LOCAL INFILE 'stream' INTO TABLE `o`.`t` CHARACTER SET binary FIELDS TERMINATED BY 0x09 "
        "ESCAPED BY 0x5c LINES TERMINATED BY 0x0a (@c0, `a,b`, @j, @generated) "
        "SET `j` = CONVERT(@j USING utf8mb4), `id` = @c0"
    )


def test_ours_is_read_too() -> None:
    delimiters = Delimiters(b"\x01\x02\x03\x04", b"\x05\x02\x03\x04", b"\x06\x02\x03\x04")
    clause = parse_load_statement(load_statement("`t`", TABLE, delimiters, "d.t.00000.dat.zst"))
    assert (clause.field, clause.line, clause.escaped) == (delimiters.field, delimiters.line, b"")
    assert clause.file == "d.t.00000.dat.zst"


@pytest.mark.parametrize(
    "statement",
    [
        "LOAD DATA LOCAL INFILE 'x' INTO TABLE `t` (`id`) SET `id` = SLEEP(9)",
        "LOAD DATA LOCAL INFILE 'x' INTO TABLE `t` (`id`); DROP TABLE t",
        "LOAD DATA LOCAL INFILE 'x' INTO TABLE `t` PARTITION (p) (`id`)",
        "LOAD DATA LOCAL INFILE 'x' INTO TABLE `t`",
        "LOAD DATA LOCAL INFILE 'x' INTO TABLE `t` (`id`) /*! SET `id` = 1 */",
        "LOAD DATA INFILE 'x' INTO TABLE `t` (`id`)",
        "LOAD XML LOCAL INFILE 'x' INTO TABLE `t` (`id`)",
        "SELECT 1",
        "",
    ],
)
def test_other_statements_are_refused(statement: str) -> None:
    with pytest.raises(DumpError):
        parse_load_statement(statement)


def test_columns_that_the_table_has_not_are_refused() -> None:
    clause = parse_load_statement("LOAD DATA LOCAL INFILE 'x' INTO TABLE `t` (`nothing`)")
    with pytest.raises(DumpError, match="nothing"):
        clause.statement(TableName("o", "t"), TABLE)
