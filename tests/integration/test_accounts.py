"""Accounts come along if they are asked for: with their password, roles and privileges, and never over another one."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pymysql
import pytest

from airflow_mydump.engine.errors import PreflightError, ServerError
from airflow_mydump.engine.identifier import literal
from airflow_mydump.engine.phases import post
from airflow_mydump.engine.plan.adaptation import Adaptation
from airflow_mydump.engine.plan.settings import PlanSettings
from airflow_mydump.engine.runs.examination import examine_copy
from airflow_mydump.engine.selection.selection import Selection
from tests.integration.pair import rows_of, run_sql

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sandbox.server import Server

    from tests.integration.run import Run

PASSWORD = "it's a \\ password"
LOGIN, OTHER, ROLE = "app'l", "app_other", "app_role"


@pytest.fixture
def app(run: Run) -> Iterator[Run]:
    """A tenant with a login, a role, a locked account that is a definer, and grants on everything there is."""
    host = run.pair.source.host
    role = f"'{ROLE}'"
    database = run.database
    run.on_source(
        "CREATE TABLE t (id INT PRIMARY KEY, secret INT)",
        "INSERT INTO t VALUES (1, 2)",
        f"CREATE ROLE {role}",
        f"CREATE USER 'app''l'@'{host}' IDENTIFIED BY {literal(PASSWORD)}",
        f"CREATE USER '{OTHER}'@'{host}' ACCOUNT LOCK",
        f"CREATE DEFINER='{OTHER}'@'{host}' PROCEDURE p() SELECT secret FROM t",
        f"GRANT SELECT (id) ON {database}.t TO {role}",
        f"GRANT {role} TO 'app''l'@'{host}'",
        f"SET DEFAULT ROLE {role} {'TO' if run.pair.is_mysql else 'FOR'} 'app''l'@'{host}'",
        f"GRANT EXECUTE ON PROCEDURE {database}.p TO 'app''l'@'{host}'",
        f"GRANT ALL ON `{database}`.* TO '{OTHER}'@'{host}' WITH GRANT OPTION",
        f"GRANT PROCESS ON *.* TO '{OTHER}'@'{host}'",
    )
    run.settings = PlanSettings(concurrency=2, if_exists="drop", users=("app*",))
    yield run
    for server in (run.pair.source, run.pair.target):
        _drop(server)


def _drop(server: Server) -> None:
    for user, host in rows_of(server, "SELECT user, host FROM mysql.user WHERE user LIKE 'app%'"):
        kind = "ROLE" if user == ROLE else "USER"
        name = f"`{user}`@`{host}`" if host else f"`{user}`"
        run_sql(server, f"DROP {kind} {name}")


def grants(server: Server) -> set[str]:
    """What SHOW GRANTS says of every account of the test, but for hashes."""
    found = set()
    for user, host in rows_of(server, "SELECT user, host FROM mysql.user WHERE user LIKE 'app%'"):
        name = f"`{user}`@`{host}`" if host else f"`{user}`"
        found |= {str(line) for (line,) in rows_of(server, f"SHOW GRANTS FOR {name}")}
        if host:
            found |= {str(line) for (line,) in rows_of(server, f"SHOW CREATE USER {name}")}
    return found


def log_in(server: Server) -> pymysql.Connection:
    return pymysql.connect(host=server.host, port=server.port, user=LOGIN, password=PASSWORD)


def test_accounts_come_with_all_that_they_are(app: Run) -> None:
    app.copy()
    assert grants(app.pair.target) == grants(app.pair.source)
    with log_in(app.pair.target) as connection, connection.cursor() as cursor:
        cursor.execute(f"SELECT id FROM {app.database}.t")
        assert cursor.fetchall() == ((1,),)
        cursor.execute(f"CALL {app.database}.p()")
        assert cursor.fetchall() == ((2,),)
        with pytest.raises(pymysql.err.OperationalError, match="denied"):
            cursor.execute(f"SELECT secret FROM {app.database}.t")


def test_only_what_is_asked_for_comes(app: Run) -> None:
    app.settings = replace(app.settings, users=("app_other@*",))
    app.copy()
    assert rows_of(app.pair.target, "SELECT user FROM mysql.user WHERE user LIKE 'app%'") == [(OTHER,)]
    app.settings = replace(app.settings, users=())
    with pytest.raises(PreflightError, match="definer"):
        _drop(app.pair.target)
        app.again().copy()


def test_the_statements_are_shown_without_secrets(app: Run, tmp_path: Path) -> None:
    secrets = [
        str(value)
        for (value,) in rows_of(app.pair.source, "SELECT authentication_string FROM mysql.user WHERE user LIKE 'app%'")
        if value
    ]
    before = rows_of(app.pair.target, "SELECT user FROM mysql.user")
    findings = examine_copy(app.source, app.target, app.selection, app.settings)
    text = "\n".join(map(str, findings))
    assert {finding.severity for finding in findings} == {"warning"}
    assert "CREATE USER `app'l`@" in text
    assert "<secret>" in text
    assert f"GRANT EXECUTE ON PROCEDURE `{app.database}`.`p`" in text
    for secret in secrets:
        assert secret not in text
        assert secret.encode().hex().upper() not in text.upper()
    assert rows_of(app.pair.target, "SELECT user FROM mysql.user") == before
    app.copy()
    written = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert written
    assert not any(secret.encode() in written for secret in secrets)


def test_an_account_that_is_there_is_compared_and_left_alone(app: Run) -> None:
    host = app.pair.target.host
    run_sql(app.pair.target, f"CREATE USER 'app''l'@'{host}' IDENTIFIED BY 'another'")
    before = rows_of(app.pair.target, f"SHOW CREATE USER `app'l`@`{host}`")
    report = app.copy()
    (note,) = (note for note in report.notes if note.startswith(f"account app'l@{host} is"))
    assert "other password or options and privileges" in note
    assert rows_of(app.pair.target, f"SHOW CREATE USER `app'l`@`{host}`") == before


def test_privileges_follow_a_renamed_database(app: Run) -> None:
    old, new = app.database, f"{app.database}_new"
    app.selection = Selection((old,), rename={old: new})
    app.settings = replace(app.settings, adaptation=Adaptation(rewrite_names=True))
    app.copy()
    shown = "\n".join(sorted(grants(app.pair.target)))
    assert f"ON `{new}`.`t`" in shown
    assert f"`{new}`.`p`" in shown
    assert f"`{old}`." not in shown
    escaped = new.replace("_", "\\_")
    assert f"ON `{escaped}`.*" in shown


def test_a_killed_post_phase_begins_its_accounts_anew(app: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    app.plan()
    app.schema()
    app.data()
    app.index()
    app.verify()

    def die(*arguments: object) -> None:
        raise ServerError(2013, "lost")

    with monkeypatch.context() as patched:
        patched.setattr(post, "finish_accounts", die)
        with pytest.raises(ServerError, match="lost"):
            app.post()
    app.post()
    app.report()
    assert grants(app.pair.target) == grants(app.pair.source)


def test_the_right_to_grant_comes_beside_limits_and_alone(app: Run) -> None:
    host = app.pair.source.host
    run_sql(
        app.pair.source,
        f"CREATE USER 'app_limited'@'{host}' WITH MAX_QUERIES_PER_HOUR 5",
        f"GRANT SELECT ON *.* TO 'app_limited'@'{host}' WITH GRANT OPTION",
        f"CREATE USER 'app_giver'@'{host}'",
        f"GRANT USAGE ON *.* TO 'app_giver'@'{host}' WITH GRANT OPTION",
    )
    app.copy()
    assert grants(app.pair.target) == grants(app.pair.source)
    assert sum("GRANT OPTION" in line for line in grants(app.pair.target)) == 3
