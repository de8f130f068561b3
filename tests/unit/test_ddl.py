"""Definitions are taken apart at their own commas and parentheses only."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_mydump.engine.ddl.create_table import parse_table, schema_statements, sequences_in
from airflow_mydump.engine.errors import PreflightError
from airflow_mydump.engine.identifier import TableName, quote
from airflow_mydump.engine.metadata.catalog import Schema
from airflow_mydump.engine.selection.selection import Selection

NAME = TableName("shop", "t")
ELEMENTS = (
    "`id` int NOT NULL AUTO_INCREMENT",
    "`a,b(c` varchar(20) COLLATE utf8mb4_bin DEFAULT 'x,y)('",
    "`back``tick` enum('a','b,c','it''s)','(') NOT NULL COMMENT 'says \"hi\", (twice'",
    "`e` varchar(9) DEFAULT '\\\\'",
    "`f` varchar(9) DEFAULT '\\','",
    "`g` int GENERATED ALWAYS AS (if((`id` > 1),_utf8mb4'),(',`id`)) STORED",
    "`h` json DEFAULT (json_array(1,2,_utf8mb4'FOREIGN KEY'))",
    "`i` decimal(10,2) DEFAULT NULL COMMENT 'AUTO_INCREMENT=99'",
    "`j` set('p','q') DEFAULT 'p,q' COMMENT 'CONSTRAINT `x` FOREIGN KEY (`a`) REFERENCES `b` (`c`)'",
    "`CONSTRAINT ` int DEFAULT NULL",
    "`k` text /*!80023 INVISIBLE */",
    "PRIMARY KEY (`id`,`a,b(c`)",
    "UNIQUE KEY `u)` (`back``tick`(10) DESC)",
    "KEY `functional` ((lower(`f`)),(`id` + 1))",
    "CONSTRAINT `c1` CHECK ((`id` in (1,2)) and (`f` <> _utf8mb4') FOREIGN KEY ('))",
    "CONSTRAINT `c2 FOREIGN KEY (x` CHECK ((`id` > 0))",
)
KEYS = tuple(element for element in ELEMENTS if element.startswith(("UNIQUE KEY", "KEY")))
OPTIONS = (
    " ENGINE=InnoDB AUTO_INCREMENT=42 DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin"
    " COMMENT='(no, \\'it''s AUTO_INCREMENT=7'\n"
    "/*!50100 PARTITION BY RANGE (`id`)\n(PARTITION p0 VALUES LESS THAN (10) ENGINE = InnoDB,\n"
    " PARTITION p1 VALUES LESS THAN MAXVALUE ENGINE = InnoDB) */"
)


def statement(*elements: str, options: str = OPTIONS) -> str:
    return "CREATE TABLE `t` (\n  " + ",\n  ".join(elements) + "\n)" + options


def test_elements_and_options_are_kept_to_the_letter() -> None:
    parsed = parse_table(NAME, statement(*ELEMENTS))
    assert parsed.elements == tuple(element for element in ELEMENTS if element not in KEYS)
    assert tuple(key.clause for key in parsed.keys) == KEYS
    assert parsed.options == OPTIONS
    assert parsed.foreign_keys == ()
    ordered = (*parsed.elements, *KEYS)
    assert parsed.create_statement(NAME) == statement(*ordered).replace("TABLE `t`", "TABLE `shop`.`t`", 1)


def test_keys_are_known_by_name_kind_and_columns() -> None:
    elements = (*KEYS, "FULLTEXT KEY `ft` (`a,b(c`) /*!50100 WITH PARSER `ngram` */ ", "SPATIAL KEY `s` (`g`)")
    parsed = parse_table(NAME, statement("`KEY ` int", "`UNIQUE KEY` int", "PRIMARY KEY (`KEY `)", *elements))
    assert parsed.elements == ("`KEY ` int", "`UNIQUE KEY` int", "PRIMARY KEY (`KEY `)")
    assert [(key.name, key.kind, key.columns) for key in parsed.keys] == [
        ("u)", "unique", ("back`tick",)),
        ("functional", "plain", ("", "")),
        ("ft", "fulltext", ("a,b(c",)),
        ("s", "spatial", ("g",)),
    ]


def test_deferred_keys_are_left_out_of_the_table() -> None:
    made = parse_table(NAME, statement(*ELEMENTS)).create_statement(NAME, {"u)"})
    assert KEYS[0] not in made
    assert KEYS[1] in made


@given(st.lists(st.sampled_from(ELEMENTS), min_size=1, max_size=6))
def test_any_order_of_elements_is_kept(elements: list[str]) -> None:
    parsed = parse_table(NAME, statement(*elements))
    assert parsed.elements == tuple(element for element in elements if element not in KEYS)
    assert tuple(key.clause for key in parsed.keys) == tuple(element for element in elements if element in KEYS)


@given(st.text(alphabet="a`'\"\\(),;# ", min_size=1), st.text(alphabet="a`'\"\\(),;# "))
def test_any_name_and_comment_is_one_element(name: str, comment: str) -> None:
    escaped = comment.replace("\\", "\\\\").replace("'", "''")
    element = f"{quote(name)} int DEFAULT NULL COMMENT '{escaped}'"
    parsed = parse_table(NAME, statement(element, "KEY `k` (`x`)", options=f" ENGINE=InnoDB COMMENT='{escaped}'"))
    assert parsed.elements == (element,)
    assert [key.clause for key in parsed.keys] == ["KEY `k` (`x`)"]


def test_foreign_keys_are_found_and_taken_out() -> None:
    parsed = parse_table(
        NAME,
        statement(
            ELEMENTS[0],
            "CONSTRAINT `fk 1` FOREIGN KEY (`a`, `b,c`) REFERENCES `parent` (`x`, `y`) "
            "ON DELETE CASCADE ON UPDATE SET NULL",
            "CONSTRAINT `fk``2` FOREIGN KEY (`a`) REFERENCES `other``db`.`par.ent` (`x`)",
            ELEMENTS[14],
        ),
    )
    assert parsed.elements == (ELEMENTS[0], ELEMENTS[14])
    first, second = parsed.foreign_keys
    assert (first.name, first.references) == ("fk 1", TableName("shop", "parent"))
    assert (second.name, second.references) == ("fk`2", TableName("other`db", "par.ent"))
    assert "FOREIGN KEY" not in parsed.create_statement(NAME).replace(ELEMENTS[14], "")
    whole = parsed.create_statement(NAME, foreign_keys=[first.clause(NAME)])
    assert f",\n  {first.clause(NAME)}\n)" in whole
    assert second.name not in whole


def test_a_foreign_key_refers_to_the_databases_new_name() -> None:
    elements = (
        "`a` int",
        "CONSTRAINT `near` FOREIGN KEY (`a`) REFERENCES `parent` (`shop`) ON DELETE CASCADE",
        "CONSTRAINT `far` FOREIGN KEY (`a`) REFERENCES `depot`.`parent` (`x`)",
    )
    near, far = parse_table(NAME, statement(*elements)).foreign_keys
    renamed = Selection(("shop", "depot"), rename={"shop": "store"})
    assert near.clause(renamed.target(near.references)) == (
        "CONSTRAINT `near` FOREIGN KEY (`a`) REFERENCES `store`.`parent` (`shop`) ON DELETE CASCADE"
    )
    assert (
        far.clause(renamed.target(far.references))
        == "CONSTRAINT `far` FOREIGN KEY (`a`) REFERENCES `depot`.`parent` (`x`)"
    )


@pytest.mark.parametrize("name", ["x REFERENCES `y` (", "x) REFERENCES `y`.`z` (`w`", "` REFERENCES `", "REFERENCES"])
def test_a_column_named_like_a_reference_is_none(name: str) -> None:
    element = f"CONSTRAINT `fk` FOREIGN KEY ({quote(name)}) REFERENCES `parent` ({quote(name)})"
    (key,) = parse_table(NAME, statement("`a` int", element)).foreign_keys
    assert key.references == TableName("shop", "parent")
    assert key.clause(key.references) == element.replace("`parent`", "`shop`.`parent`")


@pytest.mark.parametrize(
    "options, counter",
    [
        (OPTIONS, 42),
        (" ENGINE=InnoDB", None),
        (" ENGINE=InnoDB COMMENT='AUTO_INCREMENT=3'", None),
        (" ENGINE=InnoDB COMMENT=' AUTO_INCREMENT=3 '", None),
        (" ENGINE=InnoDB COMMENT='x\\' AUTO_INCREMENT=3'", None),
        (" ENGINE=InnoDB AUTO_INCREMENT=18446744073709551615 DEFAULT CHARSET=latin1", 2**64 - 1),
    ],
)
def test_the_counter_is_read_from_the_options_only(options: str, counter: int | None) -> None:
    assert parse_table(NAME, statement(*ELEMENTS, options=options)).auto_increment == counter


def test_tables_that_differ_in_counter_and_foreign_keys_are_alike() -> None:
    key = "CONSTRAINT `fk` FOREIGN KEY (`id`) REFERENCES `parent` (`id`)"
    one = parse_table(NAME, statement(*ELEMENTS, key))
    other = parse_table(NAME, statement(*ELEMENTS, options=OPTIONS.replace("=42", "=43")))
    without = parse_table(NAME, statement(*ELEMENTS, options=OPTIONS.replace(" AUTO_INCREMENT=42", "")))
    assert one.without_counter() == other.without_counter() == without.without_counter()


@pytest.mark.parametrize(
    "options",
    [OPTIONS.replace("AUTO_INCREMENT=7", "AUTO_INCREMENT=8"), OPTIONS.replace("(10)", "(11)"), " ENGINE=MyISAM"],
)
def test_tables_that_differ_otherwise_are_not_alike(options: str) -> None:
    one, other = parse_table(NAME, statement(*ELEMENTS)), parse_table(NAME, statement(*ELEMENTS, options=options))
    assert one.without_counter() != other.without_counter()


@pytest.mark.parametrize(
    "text", ["", "CREATE VIEW v AS SELECT (1)", "CREATE TABLE `t`", "CREATE TABLE `t` (\n  `a` int", "DROP TABLE t ()"]
)
def test_another_statement_is_refused(text: str) -> None:
    with pytest.raises(PreflightError, match=r"shop\.t"):
        parse_table(NAME, text)


def test_a_database_is_given_the_sources_defaults() -> None:
    assert schema_statements(Schema("a", "latin1", "latin1_bin"), "x`y") == (
        "CREATE DATABASE IF NOT EXISTS `x``y` DEFAULT CHARACTER SET latin1 COLLATE latin1_bin",
        "ALTER DATABASE `x``y` DEFAULT CHARACTER SET latin1 COLLATE latin1_bin",
    )


def test_sequences_of_the_tables_own_database_stand_without_it() -> None:
    table = parse_table(
        NAME,
        statement(
            "`a` int DEFAULT nextval(`shop`.`s``1`)",
            "`b` int DEFAULT (nextval(`other`.`s`) + lastval(`shop`.`t`))",
            "`c` varchar(40) DEFAULT 'nextval(`shop`.`s`)' COMMENT 'lastval(`shop`.`s`)'",
        ),
    )
    assert table.elements == (
        "`a` int DEFAULT nextval(`s``1`)",
        "`b` int DEFAULT (nextval(`other`.`s`) + lastval(`t`))",
        "`c` varchar(40) DEFAULT 'nextval(`shop`.`s`)' COMMENT 'lastval(`shop`.`s`)'",
    )
    found = [name for element in table.elements for name in sequences_in(NAME, element)]
    assert found == [TableName("shop", "s`1"), TableName("other", "s"), TableName("shop", "t")]
