"""What an account may do is read as the server decides it: through roles, patterns and partial revokes."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from airflow_mydump.engine import preflight
from airflow_mydump.engine.errors import PreflightError
from airflow_mydump.engine.server.privilege import SOURCE_PRIVILEGES
from tests.integration.pair import run_sql
from tests.integration.test_bad_input import account
from tests.integration.test_preflight import set_global

if TYPE_CHECKING:
    from sandbox.server import Account

    from tests.integration.run import Run

READING = ", ".join(SOURCE_PRIVILEGES)


def check_source(run: Run, login: Account) -> None:
    """The check of the source alone, as this account."""
    source = replace(run.source, user=login.user, password=login.password)
    preflight.check_source(source, run.selection)


def everywhere(run: Run) -> str:
    return "SHOW_ROUTINE ON *.*" if run.pair.is_mysql else "SELECT ON mysql.*"


def test_privileges_that_come_from_a_role(run: Run) -> None:
    server = run.pair.source
    run.on_source("CREATE TABLE t (id INT PRIMARY KEY)")
    with account(server, everywhere(run)) as login:
        name = f"'{login.user}'@'{server.host}'"
        run_sql(
            server, "CREATE ROLE reading", f"GRANT {READING} ON {run.database}.* TO reading", f"GRANT reading TO {name}"
        )
        try:
            with pytest.raises(PreflightError, match=f"lacks {READING}"):
                check_source(run, login)
            run_sql(server, f"SET DEFAULT ROLE reading {'TO' if run.pair.is_mysql else 'FOR'} {name}")
            check_source(run, login)
        finally:
            run_sql(server, "DROP ROLE reading")


def test_privileges_on_a_pattern_of_names(run: Run) -> None:
    pattern = run.database.replace("_", r"\_")[:-1] + "%"
    run.on_source("CREATE TABLE t (id INT PRIMARY KEY)")
    with account(run.pair.source, f"{READING} ON `{pattern}`.*", everywhere(run)) as login:
        check_source(run, login)


def test_privileges_on_single_tables_are_not_enough(run: Run) -> None:
    run.on_source("CREATE TABLE t (id INT PRIMARY KEY)")
    with (
        account(run.pair.source, f"SELECT ON {run.database}.t", everywhere(run)) as login,
        pytest.raises(PreflightError, match="lacks SELECT"),
    ):
        check_source(run, login)


def test_privileges_that_were_revoked_for_one_database(run: Run) -> None:
    if not run.pair.is_mysql:
        pytest.skip("MySQL's only")
    server = run.pair.source
    run.on_source("CREATE TABLE t (id INT PRIMARY KEY)")
    with set_global(server, "partial_revokes", "1"), account(server, f"{READING}, SHOW_ROUTINE ON *.*") as login:
        check_source(run, login)
        run_sql(server, f"REVOKE EVENT ON {run.database}.* FROM '{login.user}'@'{server.host}'")
        try:
            with pytest.raises(PreflightError, match=f"lacks EVENT on {run.database}"):
                check_source(run, login)
        finally:
            run_sql(server, f"GRANT EVENT ON *.* TO '{login.user}'@'{server.host}'")
            run_sql(server, f"REVOKE ALL ON *.* FROM '{login.user}'@'{server.host}'")
