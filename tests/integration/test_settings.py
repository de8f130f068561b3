"""A run does not depend on how the servers are configured."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.integration.contents import assert_same_contents, assert_same_definitions
from tests.integration.pair import rows_of, run_sql

if TYPE_CHECKING:
    from sandbox.server import Server

    from tests.integration.pair import Pair
    from tests.integration.run import Run

SETTINGS = (
    ("sql_mode", "'ANSI_QUOTES'"),
    ("sql_mode", "'NO_BACKSLASH_ESCAPES'"),
    ("sql_mode", "'TRADITIONAL'"),
    ("sql_mode", "'PAD_CHAR_TO_FULL_LENGTH'"),
    ("sql_mode", "''"),
    ("time_zone", "'+05:45'"),
    ("autocommit", "0"),
    ("transaction_isolation", "'SERIALIZABLE'"),
    ("tx_isolation", "'SERIALIZABLE'"),
    ("transaction_read_only", "1"),
    ("tx_read_only", "1"),
    ("completion_type", "'CHAIN'"),
    ("sql_safe_updates", "1"),
    ("sql_select_limit", "2"),
    ("max_join_size", "2"),
    ("div_precision_increment", "0"),
    ("group_concat_max_len", "4"),
    ("sql_auto_is_null", "1"),
    ("lc_time_names", "'de_DE'"),
    ("collation_connection", "'utf8mb4_bin'"),
    ("foreign_key_checks", "0"),
    ("unique_checks", "0"),
    ("default_storage_engine", "'MyISAM'"),
    ("character_set_server", "'latin1'"),
    ("explicit_defaults_for_timestamp", "0"),
    ("sql_quote_show_create", "0"),
    ("innodb_strict_mode", "0"),
    ("show_gipk_in_create_table_and_information_schema", "0"),
    ("sql_generate_invisible_primary_key", "1"),
    ("sql_require_primary_key", "1"),
    ("max_statement_time", "0.000001"),
    ("max_execution_time", "1"),
    ("event_scheduler", "0"),
)


def present_value(server: Server, name: str) -> str | None:
    """A global variable as a literal, or None where the server does not know it."""
    rows = rows_of(server, f"SHOW GLOBAL VARIABLES LIKE '{name}'")
    if not rows:
        return None
    value = str(rows[0][1])
    return value if value.replace(".", "").isdecimal() else f"'{value}'"


@pytest.mark.parametrize("name, value", SETTINGS, ids=str)
def test_a_copy_is_the_same_under_any_setting(run: Run, pair: Pair, name: str, value: str) -> None:
    run.on_source(
        "CREATE TABLE parent (id INT AUTO_INCREMENT PRIMARY KEY, c CHAR(5) DEFAULT 'a\\\\b', d DATE, s TIMESTAMP NULL)",
        "CREATE TABLE child (id BIGINT PRIMARY KEY, p INT, f FLOAT, FOREIGN KEY (p) REFERENCES parent (id))",
        "INSERT INTO parent VALUES (0, 'x', '0000-00-00', '2024-03-31 01:30:00'), (2, '', NULL, NULL), (3, 'é', 0, 0)",
        "INSERT INTO child VALUES (1, 2, 0.1), (2, NULL, 1e-5), (3, 99, NULL)",
        "CREATE VIEW v AS SELECT c, 'it''s' AS q FROM parent",
        "CREATE FUNCTION f() RETURNS VARCHAR(9) DETERMINISTIC RETURN 'a\\\\b'",
        "CREATE TRIGGER tr BEFORE INSERT ON child FOR EACH ROW SET NEW.f = 1",
        "CREATE EVENT e ON SCHEDULE EVERY 1 YEAR DO DELETE FROM child",
    )
    if "primary" not in name:
        run.on_source("CREATE TABLE keyless (a INT)", "INSERT INTO keyless VALUES (1), (1), (2), (3), (4)",
                      "CREATE TABLE other (a INT) ENGINE=MyISAM", "INSERT INTO other VALUES (1), (1)")  # fmt: skip
    before = []
    try:
        for server in (pair.source, pair.target):
            found = present_value(server, name)
            if found is None:
                pytest.skip(f"{pair.flavor} has no {name}")
            before.append((server, found))
            run_sql(server, f"SET GLOBAL {name} = {value}")
        run.copy()
        run.again("truncate").copy()
    finally:
        for server, old in before:
            run_sql(server, f"SET GLOBAL {name} = {old}")
    assert_same_contents(pair.source, pair.target, run.database)
    assert_same_definitions(pair.source, pair.target, run.database)
