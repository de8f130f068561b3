"""Runs may record in a ledger of another name, and two that share none never both fill the same tables."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from airflow_mydump.engine import preflight
from airflow_mydump.engine.errors import ConfigurationError, MydumpError, PreflightError
from airflow_mydump.engine.plan.settings import PlanSettings
from airflow_mydump.engine.selection.selection import LEDGER_SCHEMA, MARKER, Selection
from airflow_mydump.engine.server.privilege import LEDGER_PRIVILEGES, TARGET_PRIVILEGES
from tests.integration.command_line import run_command
from tests.integration.contents import assert_same_contents, tables_of
from tests.integration.pair import endpoint, rows_of, run_sql, value_of
from tests.integration.test_bad_input import account

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.integration.pair import Pair
    from tests.integration.run import Run

pytestmark = pytest.mark.usefixtures("without_ledger", "without_others")
OTHER, THIRD = "ops_mydump", "team_mydump"


@pytest.fixture
def without_others(pair: Pair) -> Iterator[None]:
    yield
    run_sql(pair.target, *(f"DROP DATABASE IF EXISTS {name}" for name in (OTHER, THIRD)))


@pytest.fixture
def shop(run: Run) -> Run:
    run.settings = PlanSettings(concurrency=1, max_bundles=1)
    run.on_source("CREATE TABLE t (v INT)", "INSERT INTO t VALUES (1), (1)", "CREATE TABLE u (v INT)",
                  "INSERT INTO u VALUES (2)", "CREATE VIEW w AS SELECT v FROM t")  # fmt: skip
    return run


def recording(run: Run, ledger: str, selection: Selection | None = None) -> Run:
    """Another run over the same tables, with a ledger of its own."""
    other = run.again(selection=selection)
    other.settings = replace(run.settings, ledger=ledger)
    return other


def runs_in(pair: Pair, ledger: str) -> list[str]:
    if not rows_of(pair.target, f"SELECT 1 FROM information_schema.tables WHERE table_schema = '{ledger}'"):
        return []
    return [state for (state,) in rows_of(pair.target, f"SELECT state FROM {ledger}.ledger WHERE step = 'run'")]


def test_a_run_records_in_the_ledger_that_it_is_given(shop: Run, pair: Pair) -> None:
    other = recording(shop, OTHER)
    other.keep_ledger = False
    other.copy()
    assert runs_in(pair, OTHER) == ["verified"]
    assert runs_in(pair, LEDGER_SCHEMA) == []
    assert value_of(pair.target, f"SELECT COUNT(*) FROM {OTHER}.ledger") == 1
    assert tables_of(pair.target, shop.database) == ["t", "u"]
    assert_same_contents(pair.source, pair.target, shop.database)
    shop.again().copy()
    recording(shop, THIRD).copy()
    assert_same_contents(pair.source, pair.target, shop.database)


def test_a_run_that_was_killed_goes_on_in_its_ledger(shop: Run, pair: Pair) -> None:
    other = recording(shop, OTHER)
    other.plan()
    other.schema()
    other.schema()
    other.data()
    other.data()
    with pytest.raises(PreflightError, match="resume that run"):
        skipping = recording(shop, OTHER)
        skipping.settings = replace(skipping.settings, if_exists="skip")
        skipping.plan()
    other.finish()
    assert_same_contents(pair.source, pair.target, shop.database)


LEDGERS = [(LEDGER_SCHEMA, OTHER), (OTHER, LEDGER_SCHEMA), (OTHER, THIRD)]


@pytest.mark.parametrize(("one", "two"), LEDGERS)
def test_two_runs_that_share_no_ledger_are_never_both_complete(shop: Run, pair: Pair, one: str, two: str) -> None:
    """By accounts that see nothing of each other's ledger."""
    tables = Selection((shop.database,), views=False, routines=False, triggers=False, events=False)
    first, second = recording(shop, one, tables), recording(shop, two, tables)
    schema = f"{', '.join(TARGET_PRIVILEGES)} ON `{shop.database}`.*"
    names = {name: f"{', '.join(LEDGER_PRIVILEGES)} ON {name}.*" for name in (one, two)}
    usual = f"SELECT ON {LEDGER_SCHEMA}.*"
    with (
        account(pair.target, schema, names[one], usual, user="one") as ones,
        account(pair.target, schema, names[two], usual, user="two") as twos,
    ):
        first.target, second.target = endpoint(pair.target, ones), endpoint(pair.target, twos)
        first.plan()
        second.plan()  # nothing is begun yet
        first.schema()
        for late in (second.schema, second.plan, recording_as(second).plan):
            with pytest.raises(PreflightError, match=rf"records in the ledger {one}, and this one records in {two}"):
                late()
        first.data()
        first.finish()
        assert_same_contents(pair.source, pair.target, shop.database)
        with pytest.raises(MydumpError):  # it was refused before it had anything
            second.report()
        anew = recording_as(second)
        anew.copy()
        assert_same_contents(pair.source, pair.target, shop.database)
        assert runs_in(pair, one) == ["verified"]
        assert sorted(runs_in(pair, two)) == ["started", "verified"]


@pytest.mark.parametrize(("one", "two"), LEDGERS)
def test_of_two_that_begin_at_once_one_at_the_most_gets_the_tables(shop: Run, one: str, two: str) -> None:
    runs = [recording(shop, one), recording(shop, two)]
    for run in runs:
        run.plan()
    with ThreadPoolExecutor(2) as threads:
        errors = [begun.exception() for begun in [threads.submit(run.schema) for run in runs]]
    assert any(errors)
    assert all(isinstance(error, PreflightError) for error in errors if error)


def recording_as(run: Run) -> Run:
    other = recording(run, run.settings.ledger, run.selection)
    other.target = run.target
    return other


def test_a_mark_stays_while_a_run_with_the_same_ledger_is_not_complete(shop: Run, pair: Pair) -> None:
    one = recording(shop, OTHER, Selection((shop.database,), include=("t",), triggers=False, views=False))
    two = recording(shop, OTHER, Selection((shop.database,), include=("u",), triggers=False, views=False))
    one.plan()
    one.schema()
    two.copy()
    with pytest.raises(PreflightError, match=f"records in the ledger {OTHER}"):
        shop.plan()
    one.data()
    one.finish()
    shop.copy()
    assert tables_of(pair.target, shop.database) == ["t", "u"]


def test_a_mark_that_somebody_removed_is_missed(shop: Run) -> None:
    other = recording(shop, OTHER)
    other.plan()
    other.schema()
    other.on_target(f"DROP TABLE {MARKER}")
    shop.copy()
    with pytest.raises(MydumpError):
        other.data()
        other.finish()


def test_a_mark_is_no_part_of_what_is_moved(shop: Run, pair: Pair) -> None:
    shop.on_source(f"CREATE TABLE {MARKER} (nothing INT PRIMARY KEY) COMMENT = '{OTHER}'")
    shop.copy()
    assert tables_of(pair.target, shop.database) == ["t", "u"]


def test_whoever_may_not_read_the_usual_ledger_is_told_so(shop: Run, pair: Pair) -> None:
    other = recording(shop, OTHER)
    grants = (f"{', '.join(TARGET_PRIVILEGES)} ON `{shop.database}`.*", f"{', '.join(LEDGER_PRIVILEGES)} ON {OTHER}.*")
    with account(pair.target, *grants) as login:
        other.target = endpoint(pair.target, login)
        with pytest.raises(PreflightError, match=rf"lacks SELECT on {LEDGER_SCHEMA}\.\*"):
            preflight.check(other.source, other.target, other.selection, ledger=OTHER)
        with pytest.raises(PreflightError, match=rf"lacks SELECT.* on {LEDGER_SCHEMA}\.\*"):
            preflight.check(other.source, other.target, other.selection)


def test_the_ledger_is_no_database_to_fill(shop: Run) -> None:
    with pytest.raises(PreflightError, match="the database of its own ledger"):
        recording(shop, shop.database).plan()
    for name in ("", "Ops", "mysql", "a" * 65, "a b", "x`y"):
        with pytest.raises(ConfigurationError, match="ledger names a database of its own"):
            PlanSettings(ledger=name)


def test_from_the_command_line(shop: Run, pair: Pair, tmp_path: Path) -> None:
    arguments = ("copy", "--schemas", shop.database, "--ledger", OTHER, "--work-directory", tmp_path)
    done = run_command(pair, *arguments, "--run-key", "one")
    assert done.returncode == 0, done.stderr
    assert runs_in(pair, OTHER) == ["verified"]
    assert runs_in(pair, LEDGER_SCHEMA) == []
    bad = run_command(pair, "copy", "--schemas", shop.database, "--ledger", "Ops", "--work-directory", tmp_path)
    assert bad.returncode == 2
    assert bad.stderr.count("\n") == 1
