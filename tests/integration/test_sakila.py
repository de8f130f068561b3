"""Sakila, MySQL's own sample database, arrives as it was: tables, rows, views, triggers, routines."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.integration.command_line import ROOT, run_command
from tests.integration.contents import assert_same_contents, assert_same_definitions, definitions
from tests.integration.pair import run_sql, value_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.integration.pair import Pair

FILES = [ROOT.parent / "shared/data" / f"sakila-{part}.sql" for part in ("schema", "data")]


@pytest.fixture(scope="module")
def sakila(pair: Pair) -> Iterator[Pair]:
    for file in FILES:
        if not file.exists():
            pytest.skip(f"{file} is not here: Sakila is not part of this repository")
    for server in (pair.source, pair.target):
        run_sql(server, "DROP DATABASE IF EXISTS sakila")
    for file in FILES:
        with pair.source.connect(charset="utf8mb4") as connection, connection.cursor() as cursor:
            for statement in statements(file):
                cursor.execute(statement)
    yield pair
    for server in (pair.source, pair.target):
        run_sql(server, "DROP DATABASE IF EXISTS sakila")


def statements(file: Path) -> Iterator[str]:
    """The statements of a script for the `mysql` client."""
    delimiter = ";"
    lines: list[str] = []
    for line in file.read_text("utf-8").splitlines():
        if line.startswith("DELIMITER "):
            delimiter = line.split()[1]
        elif lines or (line.strip() and not line.startswith("--")):
            lines.append(line)
            if line.rstrip().endswith(delimiter):
                yield "\n".join(lines).rstrip().removesuffix(delimiter)
                lines = []


def test_the_command_line_copies_sakila_whole(sakila: Pair, tmp_path: Path) -> None:
    copied = run_command(
        sakila, "copy", "--schemas", "sakila", "--threads", 2, "--chunk-bytes", "256K", "--work-directory", tmp_path
    )
    assert copied.returncode == 0, copied.stderr
    assert copied.stderr == ""
    assert "complete and verified" in copied.stdout

    assert value_of(sakila.source, "SELECT COUNT(*) FROM sakila.rental") == 16044
    kinds = [kind for kind, _ in definitions(sakila.source, "sakila")]
    assert {kind: kinds.count(kind) for kind in sorted(set(kinds))} == {
        "database": 1,
        "function": 3,
        "procedure": 3,
        "table": 16,
        "trigger": 6,
        "view": 7,
    }
    assert_same_contents(sakila.source, sakila.target, "sakila")
    assert_same_definitions(sakila.source, sakila.target, "sakila")

    compared = run_command(sakila, "verify", "--schemas", "sakila", "--threads", 2, "--work-directory", tmp_path)
    assert (compared.returncode, compared.stderr) == (0, "")


def test_verify_names_the_table_that_differs(sakila: Pair, tmp_path: Path) -> None:
    arguments = ("--schemas", "sakila", "--threads", 2, "--work-directory", tmp_path)
    assert run_command(sakila, "copy", *arguments).returncode == 0
    run_sql(sakila.target, "UPDATE sakila.payment SET amount = amount + 0.01 WHERE payment_id = 77")
    run_sql(sakila.target, "DROP VIEW sakila.film_list")
    compared = run_command(sakila, "verify", *arguments)
    assert compared.returncode == 1
    assert "sakila.payment" in compared.stdout
    assert "view sakila.film_list is missing" in compared.stdout
    assert "sakila.film," not in compared.stdout
    assert compared.stderr == "airflow_mydump: 2 differences found\n"
