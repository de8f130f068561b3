"""Tables whose foreign keys form a circle are dropped and emptied by several sessions without waiting for ever."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from airflow_mydump.engine.identifier import TableName
from airflow_mydump.engine.phases.removal import drop_table, truncate_table
from airflow_mydump.engine.retry import Patience, retrying
from airflow_mydump.engine.server.session import Session
from airflow_mydump.engine.server.session_state import metadata
from tests.integration.pair import endpoint

if TYPE_CHECKING:
    from tests.integration.pair import Pair

TABLES, ROUNDS = 4, 60


def create(session: Session, database: str, number: int) -> None:
    referred = TableName(database, f"t{(number + 1) % TABLES}")
    session.execute(
        f"CREATE TABLE `{database}`.t{number} (id INT AUTO_INCREMENT PRIMARY KEY, v INT, KEY (v), "
        f"CONSTRAINT f{number} FOREIGN KEY (v) REFERENCES {referred.sql} (id))"
    )


@pytest.mark.parametrize("again", ["created", "emptied"])
def test_a_circle(pair: Pair, database: str, again: str) -> None:
    tried = retrying(Patience(attempts=9, first_pause_seconds=0.05))  # MySQL tells of deadlocks

    def work(own: int) -> None:
        with Session(endpoint(pair.source), metadata) as session:
            session.execute("SET lock_wait_timeout = 10, foreign_key_checks = 0")
            for number in [own, own + 2] * ROUNDS:
                if again == "created":
                    tried(drop_table, session, TableName(database, f"t{number}"))
                    tried(create, session, database, number)
                else:
                    tried(truncate_table, session, TableName(database, f"t{number}"), 7)

    with Session(endpoint(pair.source), metadata) as session:
        for number in range(TABLES):
            create(session, database, number)
    with ThreadPoolExecutor(2) as workers:
        list(workers.map(work, range(2)))
