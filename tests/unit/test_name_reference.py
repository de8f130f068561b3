"""Names of databases in bodies are found as a server finds them, and rewritten only where they can be nothing else."""

from __future__ import annotations

import pytest

from airflow_mydump.engine.ddl.name_reference import read_references
from airflow_mydump.engine.errors import PreflightError
from airflow_mydump.engine.identifier import TableName
from airflow_mydump.engine.metadata.catalog import ObjectKind, StoredObject


def procedure(body: str, sql_mode: str = "", kind: ObjectKind = "procedure") -> StoredObject:
    head = "CREATE DEFINER=`shop`@`%` VIEW `v` AS " if kind == "view" else "CREATE DEFINER=`shop`@`%` PROCEDURE `p`() "
    return StoredObject(kind, TableName("shop", "p"), head + body, sql_mode, "utf8mb4", "utf8mb4_general_ci")


def rewritten(body: str, sql_mode: str = "", **names: str) -> str:
    stored = procedure(body, sql_mode)
    return (
        read_references(stored)
        .rewritten(names or {"shop": "store"})
        .removeprefix("CREATE DEFINER=`shop`@`%` PROCEDURE `p`() ")
    )


@pytest.mark.parametrize(
    "body, expected",
    [
        ("SELECT * FROM shop.t", "SELECT * FROM `store`.t"),
        ("SELECT * FROM `shop` . `t`", "SELECT * FROM `store` . `t`"),
        ("SELECT shop.t.id FROM SHOP.t", "SELECT `store`.t.id FROM `store`.t"),
        ("SELECT `shop`/* here */.f()", "SELECT `store`/* here */.f()"),
        ("SELECT * FROM shop.1st", "SELECT * FROM `store`.1st"),
        ("SELECT * FROM workshop.t, shop_x.t, `shop x`.t", "SELECT * FROM workshop.t, shop_x.t, `shop x`.t"),
        ("SELECT 'shop', \"the shop\" -- shop.t\n FROM t", "SELECT 'shop', \"the shop\" -- shop.t\n FROM t"),
        ("SELECT x.shop FROM x", "SELECT x.shop FROM x"),
        ("SELECT /*!80000 shop.f() */ 1", "SELECT /*!80000 `store`.f() */ 1"),
    ],
)
def test_a_database_is_renamed_where_it_is_named(body: str, expected: str) -> None:
    assert rewritten(body) == expected


def test_a_name_in_double_quotes_is_one_only_where_the_mode_says_so() -> None:
    assert rewritten('SELECT * FROM "shop".t', "ANSI_QUOTES") == "SELECT * FROM `store`.t"
    assert rewritten('SELECT "shop"', "") == 'SELECT "shop"'


def test_two_databases_exchange_their_names() -> None:
    assert rewritten("SELECT a.f(), b.f()", a="b", b="a") == "SELECT `b`.f(), `a`.f()"


@pytest.mark.parametrize(
    "body",
    [
        "SELECT shop.id FROM t AS shop",
        "SELECT * FROM shop.shop WHERE shop.id = 1",
        "BEGIN DECLARE shop INT; SELECT shop.f(); END",
        "BEGIN PREPARE s FROM 'SELECT * FROM shop.t'; EXECUTE s; END",
        "SET @s = 'DELETE FROM `shop`.t'",
    ],
)
def test_what_may_be_something_else_is_not_rewritten(body: str) -> None:
    with pytest.raises(PreflightError, match="shop"):
        rewritten(body)


@pytest.mark.parametrize(
    "body, expected",
    [
        ("SELECT * FROM a.t JOIN `b`.u", ["a.t", "b.u"]),
        ("INSERT INTO a.t SELECT 1", ["a.t"]),
        ("CALL a.p()", ["a.p"]),
        ("BEGIN UPDATE a.t SET x = 1; DELETE FROM b.t; END", ["a.t", "b.t"]),
        ("SELECT EXTRACT(DAY FROM a.d) FROM t a", []),
        ("SELECT TRIM('x' FROM NEW.v)", []),
        ("INSERT INTO t VALUES (1) ON DUPLICATE KEY UPDATE t.v = 1", []),
        ("SELECT a.x FROM t a", []),
        ("SELECT 'FROM a.t'", []),
    ],
)
def test_what_a_body_takes_from_other_databases(body: str, expected: list[str]) -> None:
    assert [str(name) for name in read_references(procedure(body)).taken()] == expected


def test_a_definer_of_the_same_name_is_no_mention() -> None:
    assert not read_references(procedure("SELECT 1")).mentions("shop")
