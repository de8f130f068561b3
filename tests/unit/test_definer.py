"""Definers are read and replaced in the head of a definition, and nowhere else."""

from __future__ import annotations

import pytest

from airflow_mydump.engine.ddl.definer import Definers, definer_of, with_definer
from airflow_mydump.engine.errors import ConfigurationError
from airflow_mydump.engine.identifier import TableName
from airflow_mydump.engine.metadata.catalog import ObjectKind, StoredObject
from airflow_mydump.engine.plan.adaptation import Adaptation


def stored(definition: str, kind: ObjectKind = "procedure", sql_mode: str = "") -> StoredObject:
    return StoredObject(kind, TableName("a", "p"), definition, sql_mode, "utf8mb4", "utf8mb4_general_ci")


@pytest.mark.parametrize(
    "definition, mode, account",
    [
        ("CREATE DEFINER=`joe`@`%` PROCEDURE `p`() SELECT 1", "", "joe@%"),
        ("CREATE ALGORITHM=UNDEFINED DEFINER=`j``o`@`10.%` SQL SECURITY INVOKER VIEW `v` AS SELECT 1", "", "j`o@10.%"),
        ('CREATE DEFINER="joe"@"localhost" PROCEDURE "p"() SELECT 1', "ANSI_QUOTES", "joe@localhost"),
        ("CREATE DEFINER='joe'@'%' PROCEDURE p() SELECT 1", "", "joe@%"),
        ("CREATE DEFINER=`role` PROCEDURE p() SELECT 1", "", "role"),
        ("CREATE DEFINER=CURRENT_USER() PROCEDURE p() SELECT 1", "", ""),
        ("CREATE PROCEDURE p() SELECT 'DEFINER=`joe`@`%`'", "", ""),
        ("CREATE PROCEDURE p() BEGIN DECLARE definer INT; SET definer = `joe`; END", "", ""),
    ],
)
def test_the_definer_is_read_in_the_head(definition: str, mode: str, account: str) -> None:
    assert definer_of(stored(definition, sql_mode=mode)) == account


@pytest.mark.parametrize(
    "definers, expected",
    [
        ("keep", "CREATE DEFINER=`joe`@`%` PROCEDURE `p`() SELECT 'DEFINER=`joe`@`%`'"),
        ("strip", "CREATE PROCEDURE `p`() SELECT 'DEFINER=`joe`@`%`'"),
        ({"joe@%": "a`b@c"}, "CREATE DEFINER=`a``b`@`c` PROCEDURE `p`() SELECT 'DEFINER=`joe`@`%`'"),
        ({"joe@localhost": "x@y"}, "CREATE DEFINER=`joe`@`%` PROCEDURE `p`() SELECT 'DEFINER=`joe`@`%`'"),
    ],
)
def test_the_definer_is_kept_stripped_or_replaced(definers: Definers, expected: str) -> None:
    before = stored("CREATE DEFINER=`joe`@`%` PROCEDURE `p`() SELECT 'DEFINER=`joe`@`%`'")
    assert with_definer(before, definers).definition == expected


@pytest.mark.parametrize("definers", ["drop", {"joe": "x@y"}, {"joe@%": "nobody"}])
def test_a_choice_that_cannot_be_right_is_refused(definers: Definers) -> None:
    with pytest.raises(ConfigurationError, match="definers"):
        Adaptation(definers=definers)
