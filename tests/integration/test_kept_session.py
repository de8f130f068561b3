"""A session in a snapshot keeps the tables of its bundle, and none of those that were read before."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from airflow_mydump.engine.consistency.kept_session import KeptSession
from airflow_mydump.engine.identifier import TableName
from tests.integration.pair import endpoint, run_sql
from tests.integration.test_bad_input import account
from tests.integration.test_swapped_tables import GRANTS

if TYPE_CHECKING:
    from airflow_mydump.engine.server.endpoint import Endpoint
    from tests.integration.pair import Pair

LOCKED = "Lock wait timeout|lock_wait_timeout"


def alter(pair: Pair, database: str) -> None:
    run_sql(pair.source, "SET lock_wait_timeout = 1", "ALTER TABLE t COMMENT 'later'", database=database)


def read_a_bundle(session: KeptSession, table: TableName, pair: Pair) -> None:
    """Nobody alters its tables meanwhile, before and after their rows are read."""
    with session.holding([table]):
        with pytest.raises(Exception, match=LOCKED):
            alter(pair, table.schema)
        with session.consistent_snapshot():
            assert session.value(f"SELECT COUNT(*) FROM {table.sql}") == b"1"
        with pytest.raises(Exception, match=LOCKED):
            alter(pair, table.schema)


@pytest.fixture
def table(pair: Pair, database: str) -> TableName:
    run_sql(pair.source, "CREATE TABLE t (v INT)", "INSERT INTO t VALUES (1)", database=database)
    return TableName(database, "t")


def test_tables_are_let_go_of_with_their_bundle(pair: Pair, table: TableName) -> None:
    with KeptSession(endpoint(pair.source)) as session:
        session.begin()
        read_a_bundle(session, table, pair)
        alter(pair, table.schema)


def test_an_account_that_must_write_to_the_log_keeps_them_on_mariadb(pair: Pair, table: TableName) -> None:
    with account(pair.source, *GRANTS[pair.flavor]) as login:
        reader: Endpoint = endpoint(pair.source, login)
        with KeptSession(reader) as session:
            session.begin()
            read_a_bundle(session, table, pair)
            if pair.flavor == "mariadb":
                with pytest.raises(Exception, match=LOCKED):
                    alter(pair, table.schema)
        alter(pair, table.schema)
