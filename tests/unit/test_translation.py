"""The published mapping is the code's, and translated definitions mean what they meant."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_mydump.engine.errors import ConfigurationError
from airflow_mydump.engine.identifier import TableName
from airflow_mydump.engine.metadata.catalog import Column, Key, StoredObject, Table
from airflow_mydump.engine.server import sql_mode
from airflow_mydump.engine.server.flavor import Vendor
from airflow_mydump.engine.translation import vocabulary
from airflow_mydump.engine.translation.choice import TYPES, Findings, TranslationChoice
from airflow_mydump.engine.translation.collation import TO_MARIADB, TO_MYSQL, CollationMap
from airflow_mydump.engine.translation.stored_object import ObjectTranslator
from airflow_mydump.engine.translation.table import TableTranslator
from airflow_mydump.engine.verification.json_meaning import json_meaning

PUBLISHED = (Path(__file__).parents[2] / "docs/cross-vendor.md").read_text("utf-8")
COLLATIONS = frozenset(TO_MARIADB) | frozenset(TO_MYSQL) | {"utf8mb4_general_ci", "utf8mb4_bin", "ascii_bin"}


def translate(target: Vendor, definition: str, **columns: Column) -> tuple[Table, Findings]:
    findings = Findings()
    collations = CollationMap(target, COLLATIONS, {}, findings)
    keys = (Key("PRIMARY", tuple(columns)),)
    table = Table(TableName("x", "t"), "InnoDB", 0, 0, tuple(columns.values()), (), definition, keys)
    return TableTranslator(target, collations, TranslationChoice(), findings).translate(table), findings


@pytest.mark.parametrize(
    "word",
    sorted(
        vocabulary.OPTIONS_DROPPED
        | sql_mode.MODES_WITHOUT_EFFECT
        | sql_mode.MODES_REFUSED
        | {kind.upper() for kind in vocabulary.TYPES_REFUSED}
        | {f"{kind}={choice}" for kind in ("uuid", "json") for choice in TYPES[kind]}
    ),
)
def test_every_word_of_the_mapping_is_published(word: str) -> None:
    assert word in PUBLISHED


def test_every_engine_of_the_mapping_is_published() -> None:
    assert {
        name.upper() for name in ("InnoDB", "MyISAM", "MEMORY", "ARCHIVE", "CSV", "BLACKHOLE") if name in PUBLISHED
    } == vocabulary.ENGINES_SHARED


@pytest.mark.parametrize("collation", sorted(TO_MARIADB))
def test_a_collation_comes_back_as_it_was(collation: str) -> None:
    assert TO_MYSQL[TO_MARIADB[collation]] == collation


def test_a_collation_without_an_equal_is_refused_once_and_by_name() -> None:
    findings = Findings()
    collations = CollationMap("mysql", COLLATIONS, {}, findings)
    for _ in range(3):
        assert collations.translate("utf8mb4_general_nopad_ci") == "utf8mb4_general_nopad_ci"
    (blocker,) = findings.blockers
    assert "utf8mb4_general_nopad_ci" in str(blocker)


def test_a_choice_goes_before_the_mapping() -> None:
    findings = Findings()
    collations = CollationMap("mariadb", COLLATIONS, {"utf8mb4_0900_ai_ci": "utf8mb4_general_ci"}, findings)
    assert collations.translate("utf8mb4_0900_ai_ci") == "utf8mb4_general_ci"
    assert len(findings.warnings) == 1


def test_a_type_becomes_nothing_that_is_not_published() -> None:
    with pytest.raises(ConfigurationError, match="uuid"):
        TranslationChoice(types={"uuid": "binary(16)"})


def test_chunks_are_not_cut_by_a_column_that_is_ordered_otherwise() -> None:
    columns = {
        name: Column(name, "varchar", "varchar(9)", False, False, False, 36, "utf8mb4", collation)
        for name, collation in (("a", "utf8mb4_bin"), ("b", "utf8mb4_0900_ai_ci"), ("c", "utf8mb4_bin"))
    }
    definition = (
        "CREATE TABLE `t` (\n  `a` varchar(9) COLLATE utf8mb4_bin NOT NULL,\n  `b` varchar(9) NOT NULL,\n  "
        "`c` varchar(9) COLLATE utf8mb4_bin NOT NULL,\n  PRIMARY KEY (`a`,`b`,`c`)\n"
        ") ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci"
    )
    table, findings = translate("mariadb", definition, **columns)
    assert not findings.blockers
    assert table.keys == (Key("PRIMARY", ("a",)),)
    assert "utf8mb4_uca1400_nopad_ai_ci" in table.definition


def test_an_event_sleeps_in_the_words_of_the_target() -> None:
    event = StoredObject(
        "event", TableName("x", "e"), "CREATE EVENT `e` ON SCHEDULE EVERY 1 DAY DISABLE ON SLAVE DO SELECT 'ON SLAVE'",
        "NO_AUTO_CREATE_USER,ANSI_QUOTES", "utf8mb4", "utf8mb4_general_ci",
    )  # fmt: skip
    findings = Findings()
    collations = CollationMap("mysql", COLLATIONS, {}, findings)
    translated = ObjectTranslator("mysql", collations, findings).translate(event)
    assert translated.definition.endswith("DISABLE ON REPLICA DO SELECT 'ON SLAVE'")
    assert translated.sql_mode == "ANSI_QUOTES"
    assert not findings.blockers


def test_a_mode_that_changes_a_body_is_refused() -> None:
    function = StoredObject(
        "function", TableName("x", "f"), "CREATE FUNCTION `f`() RETURNS INT RETURN 1", "ORACLE", "utf8mb4",
        "utf8mb4_general_ci",
    )  # fmt: skip
    findings = Findings()
    ObjectTranslator("mysql", CollationMap("mysql", COLLATIONS, {}, findings), findings).translate(function)
    assert "ORACLE" in str(findings.blockers[0])


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(JSON, st.booleans())
def test_json_has_one_meaning_however_it_is_printed(value: object, ascii_: bool) -> None:
    printed = json.dumps(value, ensure_ascii=ascii_, sort_keys=ascii_, indent=2 if ascii_ else None)
    assert json_meaning(printed.encode("utf-8", "surrogatepass")) == json_meaning(json.dumps(value).encode())


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("1", '"1"'),
        ("1", "1.0000000000000000000001"),
        ("[1, 2]", "[2, 1]"),
        ('{"a": 1}', '{"A": 1}'),
        ('{"a": 1, "a": 2}', '{"a": 2}'),
        ("null", '"null"'),
        ("{}", "[]"),
        ('"a"', '"a "'),
        ("1e400", "1e401"),
        ("not json", "not  json"),
    ],
)
def test_json_of_another_meaning(left: str, right: str) -> None:
    assert json_meaning(left.encode()) != json_meaning(right.encode())


@pytest.mark.parametrize(
    ("left", "right"),
    [("1.0", "1"), ("1e2", "100"), ("-0", "0"), ("0.1e-1", "0.01"), ("2.50", "2.5"), ('"\\u00e9"', '"é"')],
)
def test_json_of_the_same_meaning(left: str, right: str) -> None:
    assert json_meaning(left.encode()) == json_meaning(right.encode())
