"""Servers that are configured in different ways get and give the same, by copy and by dump and restore."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

import pytest

from airflow_mydump.engine.errors import ConnectError
from airflow_mydump.engine.server.endpoint import Endpoint
from airflow_mydump.engine.server.session import Session
from airflow_mydump.engine.server.session_state import metadata
from tests.integration.contents import assert_same_contents, assert_same_definitions
from tests.integration.pair import rows_of, run_sql
from tests.integration.staged_run import StagedRun

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from sandbox.server import Server

    from tests.integration.pair import Pair
    from tests.integration.run import Run

QUOTES = {"sql_mode": "'ANSI_QUOTES,NO_BACKSLASH_ESCAPES,PIPES_AS_CONCAT'", "time_zone": "'+05:45'"}
NOTHING = {"sql_mode": "''", "autocommit": "0", "completion_type": "'CHAIN'", "time_zone": "'-11:00'"}
STRICT = {
    "sql_mode": "'TRADITIONAL,ONLY_FULL_GROUP_BY'",
    "character_set_server": "'latin1'",
    "collation_server": "'latin1_german1_ci'",
    "default_storage_engine": "'MyISAM'",
    "lc_time_names": "'de_DE'",
}
NARROW = {"max_allowed_packet": "16384", "net_buffer_length": "1024", "group_concat_max_len": "4"}
ORACLE = {"sql_mode": "'ORACLE'"}


@contextmanager
def configured(server: Server, settings: Mapping[str, str]) -> Iterator[None]:
    """A server with other global variables for a while."""
    with server.connect() as connection, connection.cursor() as cursor:
        before = {}
        for name in settings:
            cursor.execute(f"SELECT @@GLOBAL.{name}")
            (before[name],) = cursor.fetchone() or ("",)
        try:
            for name, value in settings.items():
                cursor.execute(f"SET GLOBAL {name} = {value}")
            yield
        finally:
            for name, value in before.items():
                cursor.execute(f"SET GLOBAL {name} = %s", (value,))


@pytest.fixture
def shop(run: Run) -> Run:
    """Objects of every kind, each written under a mode, character set and time zone of its own."""
    run.on_source(
        "CREATE TABLE parent (id INT AUTO_INCREMENT PRIMARY KEY, c VARCHAR(20) DEFAULT 'a\\\\b', d DATE, "
        "s TIMESTAMP NULL, e ENUM('it''s', '\"q\"'), l VARCHAR(20) CHARACTER SET latin1)",
        "CREATE TABLE child (id BIGINT PRIMARY KEY, p INT, b BLOB, FOREIGN KEY (p) REFERENCES parent (id))",
        "INSERT INTO parent VALUES (0, 'back\\\\slash', '0000-00-00', '2024-03-31 01:30:00', 'it''s', 'größe')",
        "INSERT INTO parent VALUES (2, '\"', NULL, NULL, '\"q\"', ''), (3, '''', 0, 0, NULL, NULL)",
        "INSERT INTO child VALUES (1, 2, REPEAT(X'00275C0A', 3000)), (2, NULL, '')",
    )
    for number, (mode, charset, zone) in enumerate(
        (("", "utf8mb4", "SYSTEM"), ("ANSI_QUOTES", "latin1", "+03:00"), ("NO_BACKSLASH_ESCAPES", "utf8mb4", "-05:00"))
    ):
        quote = '"' if "ANSI" in mode else "`"
        text = "'a\\'" if "BACKSLASH" in mode else "'a\\\\'"
        with (
            run.pair.source.connect(database=run.database, charset=charset) as connection,
            connection.cursor() as cursor,
        ):
            cursor.execute(f"SET sql_mode = '{mode}', time_zone = '{zone}'")
            for statement in (
                f"CREATE VIEW v{number} AS SELECT c, {text} AS {quote}q{quote} FROM parent",
                f"CREATE FUNCTION f{number}() RETURNS VARCHAR(9) DETERMINISTIC RETURN {text}",
                f"CREATE PROCEDURE p{number}() SELECT {quote}c{quote}, 'größe' FROM parent",
                f"CREATE TRIGGER tr{number} BEFORE INSERT ON child FOR EACH ROW SET @a = {text}",
                f"CREATE EVENT e{number} ON SCHEDULE EVERY 1 YEAR STARTS '2037-01-01' DO SET @a = {text}",
            ):
                cursor.execute(statement)
    return run


@pytest.mark.parametrize(
    "source, target",
    [(QUOTES, NOTHING), (NOTHING, QUOTES), (STRICT, NARROW), (NARROW, STRICT), (ORACLE, QUOTES), (QUOTES, ORACLE)],
    ids=["quotes-nothing", "nothing-quotes", "strict-narrow", "narrow-strict", "oracle-quotes", "quotes-oracle"],
)
@pytest.mark.parametrize("way", ["copy", "dump"])
def test_two_servers_that_are_configured_differently(
    shop: Run, pair: Pair, tmp_path: Path, way: str, source: Mapping[str, str], target: Mapping[str, str]
) -> None:
    if pair.is_mysql and ORACLE in (source, target):
        pytest.skip("MySQL has no such mode")
    with ExitStack() as both:
        both.enter_context(configured(pair.source, source))
        both.enter_context(configured(pair.target, target))
        if way == "copy":
            shop.copy()
        else:
            staged = StagedRun.of(pair, shop.database, tmp_path)
            staged.dump()
            staged.restore()
    assert_same_contents(pair.source, pair.target, shop.database)
    assert_same_definitions(pair.source, pair.target, shop.database)


def test_a_server_that_demands_encryption(shop: Run, pair: Pair) -> None:
    if not pair.is_mysql:
        pytest.skip("the server has no certificate")
    with configured(pair.source, {"require_secure_transport": "ON"}):
        with pytest.raises(ConnectError, match="secure"):
            Session(shop.source, metadata)
        plain = shop.source
        shop.source = Endpoint(plain.host, plain.port, plain.user, plain.password, ssl_mode="REQUIRED")
        shop.copy()
    assert_same_contents(pair.source, pair.target, shop.database)


def test_names_that_a_target_keeps_in_lower_case(pair: Pair, database: str, tmp_path: Path) -> None:
    """A target with lower_case_table_names=1, twice: the second time finds the tables that the first one made."""
    from sandbox.server import Server

    from tests.integration.pair import Pair as Both
    from tests.integration.run import Run as Copy

    with Server(pair.flavor, options={"lower-case-table-names": "1", "innodb-buffer-pool-size": "64M"}) as folding:
        name = f"{database}_Shop"
        run_sql(pair.source, f"CREATE DATABASE {name}")
        run = Copy.of(Both(pair.source, folding), name, tmp_path)
        run.on_source(
            "CREATE TABLE Parent (Id INT PRIMARY KEY)",
            "CREATE TABLE Child (Id INT PRIMARY KEY, P INT, CONSTRAINT Fk FOREIGN KEY (P) REFERENCES Parent (Id))",
            "INSERT INTO Parent VALUES (1), (2)",
            "INSERT INTO Child VALUES (1, 2), (2, NULL)",
            "CREATE VIEW Both_Of AS SELECT c.Id FROM Child c JOIN Parent p ON p.Id = c.P",
            "CREATE TRIGGER Tr BEFORE INSERT ON Child FOR EACH ROW SET @a = 1",
            "CREATE PROCEDURE Pr() SELECT * FROM Parent",
            "CREATE EVENT Ev ON SCHEDULE EVERY 1 YEAR STARTS '2037-01-01' DO DELETE FROM Child",
        )
        for copy in (run, run.again("truncate"), run.again("drop")):
            copy.copy()
            tables = rows_of(
                folding, f"SELECT table_name FROM information_schema.tables WHERE table_schema = '{name.lower()}'"
            )
            assert sorted(table for (table,) in tables) == ["both_of", "child", "parent"]
            assert rows_of(folding, f"SELECT * FROM {name}.CHILD ORDER BY id") == [(1, 2), (2, None)]
            assert rows_of(folding, f"SELECT * FROM {name}.both_of") == [(1,)]
