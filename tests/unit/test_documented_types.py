"""The table of types in docs/verification.md is the code's: the same types, under the same rules."""

from __future__ import annotations

import re
from collections import defaultdict
from pathlib import Path

import pytest

from airflow_mydump.engine.errors import PreflightError
from airflow_mydump.engine.identifier import TableName
from airflow_mydump.engine.metadata.catalog import Column, Table
from airflow_mydump.engine.metadata.datatype import (
    digest_expressions,
    load_expression,
    read_expression,
    require_supported,
)

PAGE = (Path(__file__).parents[2] / "docs/verification.md").read_text("utf-8")
ROWS = [
    [re.findall("`([^`]+)`", cell) for cell in line.split("|")[1:4]]
    for line in PAGE.partition("| type | read as |")[2].splitlines()
    if line.startswith("| `")
]
TYPES = [kind for kinds, _, _ in ROWS for kind in kinds]


def column(kind: str) -> Column:
    return Column("c", kind, kind, nullable=False, generated=False, auto_increment=False, octet_length=0)


def table(kind: str) -> Table:
    return Table(TableName("x", "t"), "InnoDB", 0, 0, (column(kind),), (), "")


@pytest.mark.parametrize("kind", TYPES)
def test_a_documented_type_is_supported(kind: str) -> None:
    require_supported(table(kind))


def test_every_supported_type_is_documented_once() -> None:
    assert len(TYPES) == len(set(TYPES))
    assert set(TYPES) == known_to_the_code()


@pytest.mark.parametrize("kind", ["array", "mediumgeometry", "xml", ""])
def test_a_type_that_is_not_documented_is_refused_by_name(kind: str) -> None:
    with pytest.raises(PreflightError, match=r"x\.t: column c"):
        require_supported(table(kind))


def test_types_in_one_row_have_one_rule_and_others_another() -> None:
    rules: dict[tuple[str | None, ...], list[str]] = defaultdict(list)
    for kind in TYPES:
        rules[
            (
                read_expression(column(kind)),
                load_expression(column(kind), "c", "NULL"),
                *digest_expressions(column(kind)),
            )
        ].append(kind)
    assert sorted(map(sorted, rules.values())) == sorted(sorted(kinds) for kinds, _, _ in ROWS)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0][0])
def test_how_it_is_read_and_loaded(row: list[list[str]]) -> None:
    kinds, (read,), (loaded,) = row
    for kind in kinds:
        assert read_expression(column(kind)).replace("`", "") == read
        assert (load_expression(column(kind), "c", "NULL") or "c") == loaded


def known_to_the_code() -> set[str]:
    """Every word of the module's source that the module takes for a type."""
    source = (Path(__file__).parents[2] / "airflow_mydump/engine/metadata/datatype.py").read_text("utf-8")
    known = set()
    for word in set(re.findall('"([a-z0-9]+)"', source)):
        try:
            require_supported(table(word))
        except PreflightError:
            continue
        known.add(word)
    return known
