"""SHOW GRANTS is read as the server means it."""

from __future__ import annotations

import pytest

from airflow_mydump.engine.server.privilege import Grant, has_on_server, missing, parse_grants

MYSQL_ADMIN = (
    "GRANT SELECT, INSERT, UPDATE, DELETE, CREATE, DROP, RELOAD, SHUTDOWN, PROCESS, FILE, REFERENCES, INDEX, ALTER, "
    "SHOW DATABASES, SUPER, CREATE TEMPORARY TABLES, LOCK TABLES, EXECUTE, REPLICATION SLAVE, REPLICATION CLIENT, "
    "CREATE VIEW, SHOW VIEW, CREATE ROUTINE, ALTER ROUTINE, CREATE USER, EVENT, TRIGGER, CREATE TABLESPACE, "
    "CREATE ROLE, DROP ROLE ON *.* TO `root`@`localhost` WITH GRANT OPTION"
)
MARIADB_ADMIN = (
    "GRANT ALL PRIVILEGES ON *.* TO `root`@`localhost` IDENTIFIED VIA unix_socket OR mysql_native_password "
    "USING '*0123' WITH GRANT OPTION"
)


def lacking(schema: str, needed: str, *lines: str) -> list[str]:
    return missing(parse_grants(lines), schema, needed.split(", "))


@pytest.mark.parametrize("line", [MYSQL_ADMIN, MARIADB_ADMIN, "GRANT ALL ON *.* TO `x`@`%`"])
def test_an_administrator_lacks_nothing(line: str) -> None:
    assert lacking("any", "SELECT, SHOW VIEW, TRIGGER, EVENT, ALTER ROUTINE", line) == []
    assert has_on_server(parse_grants([line]), "SELECT")


def test_usage_is_nothing() -> None:
    assert lacking("a", "SELECT, EVENT", "GRANT USAGE ON *.* TO `x`@`%`") == ["SELECT", "EVENT"]


def test_a_grant_on_a_database_is_for_that_database() -> None:
    line = "GRANT SELECT, SHOW VIEW ON `a`.* TO `x`@`%`"
    assert lacking("a", "SELECT, SHOW VIEW, EVENT", line) == ["EVENT"]
    assert lacking("ab", "SELECT", line) == ["SELECT"]
    assert lacking("A", "SELECT", line) == ["SELECT"]
    assert not has_on_server(parse_grants([line]), "SELECT")


def test_grants_add_up() -> None:
    lines = ("GRANT USAGE ON *.* TO `x`@`%`", "GRANT SELECT ON *.* TO `x`@`%`", "GRANT EVENT ON `a`.* TO `x`@`%`")
    assert lacking("a", "SELECT, EVENT", *lines) == []
    assert lacking("b", "SELECT, EVENT", *lines) == ["EVENT"]


@pytest.mark.parametrize(
    "pattern, schema, covered",
    [
        ("tenant_1", "tenant_1", True),
        ("tenant_1", "tenantX1", True),
        (r"tenant\_1", "tenant_1", True),
        (r"tenant\_1", "tenantX1", False),
        ("tenant%", "tenant_17", True),
        (r"tenant\%", "tenant_17", False),
        (r"tenant\_%", "tenant_17", True),
        ("%", "anything", True),
        ("a.c", "abc", False),
        ("a(b", "a(b", True),
        (r"a\\b", r"a\b", True),
        ("*", "anything", True),
    ],
)
def test_wildcards_in_database_names_work_unless_escaped(pattern: str, schema: str, covered: bool) -> None:
    assert Grant(frozenset({"SELECT"}), pattern).covers(schema) is covered


def test_a_name_with_a_backtick_is_read() -> None:
    assert lacking("a`b", "SELECT", "GRANT SELECT ON `a``b`.* TO `x`@`%`") == []


def test_partial_revokes_take_away() -> None:
    lines = ("GRANT SELECT, EVENT ON *.* TO `x`@`%`", "REVOKE SELECT ON `secret`.* FROM `x`@`%`")
    assert lacking("secret", "SELECT, EVENT", *lines) == ["SELECT"]
    assert lacking("other", "SELECT, EVENT", *lines) == []
    assert has_on_server(parse_grants(lines), "SELECT")


@pytest.mark.parametrize(
    "line",
    [
        "GRANT SELECT ON `a`.`t` TO `x`@`%`",
        "GRANT SELECT (`id`, `v`), INSERT (`id`) ON `a`.`t` TO `x`@`%`",
        "GRANT EXECUTE ON PROCEDURE `a`.`p` TO `x`@`%`",
        "GRANT `SELECT`@`%` TO `x`@`%`",
        "GRANT `reader` TO `x`@`%`",
        "GRANT PROXY ON ``@`` TO `root`@`localhost` WITH GRANT OPTION",
        "SET DEFAULT ROLE `reader` FOR `x`@`%`",
        "GRANT SELECT ON `a`.`*` TO `x`@`%`",
        "",
    ],
)
def test_what_is_not_for_a_whole_database_does_not_count(line: str) -> None:
    assert parse_grants([line]) == ()


def test_dynamic_privileges_are_read() -> None:
    grants = parse_grants(["GRANT BACKUP_ADMIN,SHOW_ROUTINE,SET_ANY_DEFINER ON *.* TO `x`@`%`"])
    assert has_on_server(grants, "SHOW_ROUTINE")
    assert not has_on_server(grants, "SELECT")


def test_an_active_role_is_read_like_an_account() -> None:
    lines = ("GRANT `reader` TO `x`@`%`", "GRANT USAGE ON *.* TO `x`@`%`", "GRANT SELECT ON `a`.* TO `reader`")
    assert lacking("a", "SELECT", *lines) == []


def test_a_password_clause_is_no_privilege() -> None:
    line = "GRANT SELECT ON *.* TO `x`@`%` IDENTIFIED BY PASSWORD '*EVENT ON *.* TO '"
    assert lacking("a", "SELECT, EVENT", line) == ["EVENT"]
