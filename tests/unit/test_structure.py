"""Definitions are compared by what they mean, not by how a server prints them."""

from __future__ import annotations

import pytest

from airflow_mydump.engine.errors import DefinitionError, PreflightError
from airflow_mydump.engine.identifier import TableName
from airflow_mydump.engine.structure.difference import table_differences
from airflow_mydump.engine.structure.expression import read_expression
from airflow_mydump.engine.structure.table import read_table_structure

NAME = TableName("x", "t")


@pytest.mark.parametrize(
    ("mariadb", "mysql"),
    [
        ("`a` + 1 * 2", "(`a` + (1 * 2))"),
        ("`a` - 1 - 2", "((`a` - 1) - 2)"),
        ("`a` > 1 and `b` < 2 or `c` is null", "(((`a` > 1) and (`b` < 2)) or (`c` is null))"),
        ("`a` > 1 and `b` > 2 and `c` > 3", "((`a` > 1) and (`b` > 2) and (`c` > 3))"),
        ("`c` <> 'a'", "(`c` <> _utf8mb4'a')"),
        ("`a` between 1 and 5 and `b` like 'x%'", "((`a` between 1 and 5) and (`b` like _utf8mb4'x%'))"),
        ("octet_length(`b`) > 3 and `b` regexp '^a'", "((length(`b`) > 3) and regexp_like(`b`,_utf8mb4'^a'))"),
        ("`a` MOD 2 = 0 and `a` & 1 = 0 and -`a` < 5", "(((`a` % 2) = 0) and ((`a` & 1) = 0) and (-(`a`) < 5))"),
        (
            "case when `a` > 1 then `c` else 'x' end = 1",
            "((case when (`a` > 1) then `c` else _utf8mb4'x' end) = 1)",
        ),
        ("`b` = 'x' collate utf8mb4_bin", "(`b` = (_utf8mb4'x' collate utf8mb4_bin))"),
        ("cast(`a` as char(3) charset utf8mb4) = `b`", "(cast(`a` as char(3) charset utf8mb4) = `b`)"),
        ("`a` not in (1,2) xor `b` is true", "((`a` not in (1,2)) xor ((0 <> `b`) is true))"),
        ("current_timestamp() + interval 1 day", "(now() + interval 1 day)"),
        ("`c` > DATE'2020-01-01' and ucase(`b`) = 'B'", "((`c` > DATE'2020-01-01') and (upper(`b`) = _utf8mb4'B'))"),
        ("`a` << 1 >= 4", "((`a` << 1) >= 4)"),
        ("!`a`", "(not(`a`))"),
        ("-1", "-(1)"),
        ("trim(both 'x' from `b`)", "trim(both _utf8mb4'x' from `b`)"),
    ],
)
def test_one_expression_in_the_print_of_both_servers(mariadb: str, mysql: str) -> None:
    assert read_expression(mariadb) == read_expression(mysql)


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("`a` + 1 * 2", "(`a` + 1) * 2"),
        ("`a` - 1 - 2", "`a` - (1 - 2)"),
        ("`a` or `b` and `c`", "(`a` or `b`) and `c`"),
        ("'a'", "'A'"),
        ("'a b'", "'a  b'"),
        ("`a` > 1", "`a` >= 1"),
        ("not `a` = 1", "(not `a`) = 1"),
        ("concat('a','b')", "concat('a,b')"),
        ("`a` is true", "`a` is not true"),
        ("cast(`a` as char(3))", "cast(`a` as char(4))"),
        ("x'41'", "'41'"),
    ],
)
def test_two_expressions(left: str, right: str) -> None:
    assert read_expression(left) != read_expression(right)


def test_what_cannot_be_read_is_equal_to_itself_only() -> None:
    assert read_expression("`a` over (rows 1 preceding)") == read_expression("`a`  over (rows 1 preceding)")
    assert read_expression("`a` over (rows 1 preceding)") != read_expression("`a` over (rows 2 preceding)")


def test_one_table_in_the_print_of_two_versions() -> None:
    older = """CREATE TABLE `t` (
  `a` int(11) NOT NULL,
  `b` bigint(20) unsigned DEFAULT '0',
  `c` varchar(9) CHARACTER SET utf8 COLLATE utf8_bin DEFAULT NULL,
  `d` text DEFAULT NULL,
  `e` tinyint(1) DEFAULT 1,
  PRIMARY KEY (`a`),
  CONSTRAINT `f` FOREIGN KEY (`b`) REFERENCES `u` (`x`) ON DELETE RESTRICT
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin
 PARTITION BY HASH (`a`)
PARTITIONS 2"""
    newer = """CREATE TABLE `t` (
  `a` int NOT NULL,
  `b` bigint unsigned DEFAULT 0,
  `c` varchar(9) CHARACTER SET utf8mb3 COLLATE utf8mb3_bin DEFAULT NULL,
  `d` text,
  `e` tinyint(1) DEFAULT '1',
  PRIMARY KEY (`a`),
  CONSTRAINT `f` FOREIGN KEY (`b`) REFERENCES `x`.`u` (`x`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin
/*!50100 PARTITION BY HASH (a)
PARTITIONS 2 */"""
    assert list(table_differences(read_table_structure(NAME, older), read_table_structure(NAME, newer))) == []


def test_a_width_that_has_an_effect_is_kept() -> None:
    zeros = read_table_structure(NAME, "CREATE TABLE `t` (\n  `a` int(3) unsigned zerofill\n) ENGINE=InnoDB")
    more = read_table_structure(NAME, "CREATE TABLE `t` (\n  `a` int(4) unsigned zerofill\n) ENGINE=InnoDB")
    assert list(table_differences(zeros, more)) == [
        "x.t: column a: type int(3) unsigned zerofill on the source, int(4) unsigned zerofill on the target"
    ]


@pytest.mark.parametrize(
    "text", ["", "CREATE TABLE `t`", "CREATE TABLE `t` (\n  `a` int 'x", "CREATE VIEW `t` AS x (1)"]
)
def test_what_is_no_table_is_an_error(text: str) -> None:
    with pytest.raises((DefinitionError, PreflightError)):
        read_table_structure(NAME, text)


def test_attributes_that_are_not_known_are_compared_as_text() -> None:
    plain = read_table_structure(NAME, "CREATE TABLE `t` (\n  `a` int COLUMN_FORMAT DYNAMIC\n) ENGINE=InnoDB")
    fixed = read_table_structure(NAME, "CREATE TABLE `t` (\n  `a` int COLUMN_FORMAT FIXED\n) ENGINE=InnoDB")
    assert len(list(table_differences(plain, fixed))) == 1
