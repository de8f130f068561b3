"""A transaction of a machine that vanished does not keep its locks for hours."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from airflow_mydump.engine.loading import loader
from airflow_mydump.engine.loading.loader import Loader
from tests.integration.pair import endpoint, run_sql, value_of

if TYPE_CHECKING:
    import pytest

    from tests.integration.pair import Pair


def test_a_silent_transaction_is_rolled_back_by_the_server(
    pair: Pair, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loader, "IDLE_SECONDS", 1)
    run_sql(pair.source, "CREATE TABLE t (id INT PRIMARY KEY)", "INSERT INTO t VALUES (1)", database=database)
    with Loader(endpoint(pair.source)) as vanished:
        vanished.begin()
        vanished.execute(f"UPDATE {database}.t SET id = 2")
        time.sleep(2)
        run_sql(pair.source, "SET innodb_lock_wait_timeout = 1", "UPDATE t SET id = 3 WHERE id = 1", database=database)
    assert value_of(pair.source, "SELECT id FROM t", database) == 3


def test_a_loader_between_transactions_may_be_silent(
    pair: Pair, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loader, "IDLE_SECONDS", 1)
    run_sql(pair.source, "CREATE TABLE t (id INT PRIMARY KEY)", database=database)
    with Loader(endpoint(pair.source)) as waiting:
        for number, end in enumerate((waiting.commit, waiting.rollback, waiting.commit)):
            waiting.begin()
            waiting.execute(f"INSERT INTO {database}.t VALUES ({number})")
            end()
            time.sleep(1.5)
    assert value_of(pair.source, "SELECT GROUP_CONCAT(id ORDER BY id) FROM t", database) == "0,2"
