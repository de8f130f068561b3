"""A dry run changes nothing, and a run without verification does not call itself verified."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from airflow_mydump.engine.errors import PreflightError
from airflow_mydump.engine.phases.report import as_markdown
from airflow_mydump.engine.runs.migration import Migration, migrate, rehearse
from tests.integration.command_line import run_command
from tests.integration.contents import everything

if TYPE_CHECKING:
    from tests.integration.pair import Pair
    from tests.integration.run import Run


@pytest.fixture
def migration(run: Run) -> Migration:
    run.on_source("CREATE TABLE t (id INT PRIMARY KEY)", "INSERT INTO t VALUES (1), (2)")
    return Migration(run.source, run.target, run.selection, run.settings, run.work, run.run_key)


@pytest.mark.usefixtures("without_ledger")
def test_a_dry_run_says_what_would_be_done_and_changes_nothing(migration: Migration, pair: Pair) -> None:
    before = everything(pair.target)
    plan = rehearse(migration)
    assert (plan.tables, plan.chunks) == (1, 1)
    assert everything(pair.target) == before
    migrate(migration)
    after = everything(pair.target)
    with pytest.raises(PreflightError, match="if_exists is fail"):
        rehearse(replace(migration, settings=replace(migration.settings, if_exists="fail")))
    assert everything(pair.target) == after


@pytest.mark.usefixtures("without_ledger")
def test_a_dry_run_from_the_shell(migration: Migration, pair: Pair) -> None:
    before = everything(pair.target)
    done = run_command(pair, "copy", "--schemas", migration.selection.schemas[0], "--dry-run")
    assert done.returncode == 0, done.stderr
    assert "1 tables, 0 left alone, 1 chunks" in done.stdout
    assert "nothing was changed" in done.stdout
    assert everything(pair.target) == before


def test_a_run_without_verification_says_so(migration: Migration) -> None:
    report = migrate(replace(migration, settings=replace(migration.settings, verify=False)))
    assert report.complete
    assert [tenant.verified for tenant in report.tenants] == [False]
    assert "NOT VERIFIED" in as_markdown(report)


def test_a_run_that_is_to_be_verified_and_is_not_is_incomplete(run: Run, migration: Migration) -> None:
    assert migration.selection == run.selection
    run.plan()
    run.schema()
    run.data()
    run.index()
    run.post()
    with pytest.raises(Exception, match="0 of 1 chunks verified"):
        run.report()
