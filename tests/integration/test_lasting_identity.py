"""A definition that its table's identity proves is not read again, and no ALTER leaves a table the identity it had."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from airflow_mydump.engine.errors import IncompleteRunError
from airflow_mydump.engine.identifier import TableName
from airflow_mydump.engine.metadata import lasting_identity
from airflow_mydump.engine.phases import prefetch
from airflow_mydump.engine.phases.definition_change import Definitions, definitions_of, require_unchanged
from airflow_mydump.engine.phases.prefetch import prefetch_metadata
from airflow_mydump.engine.selection.selection import Selection
from tests.integration.pair import endpoint, rows_of, run_sql
from tests.integration.test_bad_input import account
from tests.integration.test_exactly_once import wait_until
from tests.integration.test_swapped_tables import GRANTS

if TYPE_CHECKING:
    from airflow_mydump.engine.server.endpoint import Endpoint
    from tests.integration.pair import Pair

MARGIN_SECONDS = 1
YOUNG_SECONDS = 2.5
COLUMNS = "(id INT PRIMARY KEY, v INT, e ENUM('a', 'b'), w VARCHAR(20), KEY v (v))"

ALTERS = [
    "ADD COLUMN added INT",
    "DROP COLUMN w",
    "ALTER COLUMN v SET DEFAULT 7",
    "CHANGE COLUMN v renamed INT",
    "MODIFY v INT AFTER e",
    "MODIFY v BIGINT",
    "MODIFY w VARCHAR(30)",
    "MODIFY w VARCHAR(20) NOT NULL",
    "MODIFY w VARCHAR(20) COMMENT 'new'",
    "MODIFY e ENUM('a', 'b', 'c')",
    "COMMENT 'new'",
    "ADD KEY added (w)",
    "DROP KEY v",
    "RENAME KEY v TO renamed",
    "ADD CONSTRAINT positive CHECK (v > 0)",
    "ADD FOREIGN KEY (v) REFERENCES parent (id)",
    "ADD COLUMN g INT AS (v + 1) VIRTUAL",
    "DEFAULT CHARACTER SET latin1",
    "CONVERT TO CHARACTER SET latin1",
    "ROW_FORMAT = COMPRESSED",
    "STATS_PERSISTENT = 0",
    "ENGINE = MyISAM",
    "PARTITION BY HASH (id) PARTITIONS 2",
]  # fmt: skip
OF_A_VENDOR = {
    "mysql": ["ALTER INDEX v INVISIBLE", "ALTER COLUMN w SET INVISIBLE"],
    "mariadb": ["ALTER INDEX v IGNORED", "MODIFY w VARCHAR(20) INVISIBLE", "PAGE_CHECKSUM = 1"],
}


@pytest.fixture(autouse=True)
def _short_margin(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lasting_identity, "_MARGIN_SECONDS", MARGIN_SECONDS)


class Planned:
    """Tables of a database, seconds old, and what a plan knows of them."""

    def __init__(self, pair: Pair, database: str, *statements: str) -> None:
        self.pair, self.database = pair, database
        self.source: Endpoint = endpoint(pair.source)
        self.alter(*statements)
        time.sleep(YOUNG_SECONDS)
        self.selection = Selection((database,))
        self.definitions = self.read()

    def read(self) -> Definitions:
        return definitions_of(prefetch_metadata(self.source, self.selection), self.selection)

    def alter(self, *statements: str) -> None:
        run_sql(self.pair.source, *statements, database=self.database)

    def require_unchanged(self) -> None:
        require_unchanged(self.source, self.definitions)

    def definitions_shown(self) -> int:
        ((_, count),) = rows_of(self.pair.source, "SHOW GLOBAL STATUS LIKE 'Com_show_create_table'")
        return int(count)


def test_every_alter_is_seen_of_each_table(pair: Pair, database: str) -> None:
    alters = ALTERS + OF_A_VENDOR[pair.flavor]
    planned = Planned(
        pair,
        database,
        "CREATE TABLE parent (id INT PRIMARY KEY)",
        *(f"CREATE TABLE t{number} {COLUMNS}" for number in range(len(alters))),
    )
    assert len(planned.definitions.proofs) == len(alters) + 1
    for number, alter in enumerate(alters):
        before = planned.read().digests[f"table {database}.t{number}"]
        planned.alter(f"ALTER TABLE t{number} {alter}")
        after = planned.read().digests[f"table {database}.t{number}"]
        assert before != after
        with pytest.raises(IncompleteRunError, match=rf"\.t{number} was altered"):
            planned.require_unchanged()
        planned.alter(f"DROP TABLE t{number}", f"CREATE TABLE t{number} {COLUMNS}")
        planned.require_unchanged()


def test_what_is_proved_is_not_read_again(pair: Pair, database: str) -> None:
    planned = Planned(
        pair,
        database,
        f"CREATE TABLE a {COLUMNS}",
        "CREATE TABLE b (id INT PRIMARY KEY, a INT, own INT, FOREIGN KEY (a) REFERENCES a (id),"
        " FOREIGN KEY (own) REFERENCES b (id))",
        f"CREATE TABLE `p#P#é` {COLUMNS} PARTITION BY HASH (id) PARTITIONS 3",
    )
    before = planned.definitions_shown()
    planned.alter("INSERT INTO a (id) VALUES (1)")
    planned.require_unchanged()
    assert planned.definitions_shown() == before

    planned.alter("CREATE TABLE young (v INT)")
    with pytest.raises(IncompleteRunError, match=r"\.young was made"):
        planned.require_unchanged()
    planned.alter("DROP TABLE young, b")
    with pytest.raises(IncompleteRunError, match=r"table \S+\.b was dropped"):
        planned.require_unchanged()


def test_a_table_that_is_young_or_has_no_number_is_read_again(pair: Pair, database: str) -> None:
    planned = Planned(pair, database, "CREATE TABLE m (v INT) ENGINE = MyISAM", "CREATE TABLE t (v INT)")
    assert list(planned.definitions.proofs) == [TableName(database, "t").sql]
    planned.alter("ALTER TABLE t COMMENT 'new'")
    assert not planned.read().proofs
    planned.alter("ALTER TABLE t COMMENT ''", "ALTER TABLE m ALTER COLUMN v SET DEFAULT 1")
    with pytest.raises(IncompleteRunError, match=r"\.m was altered"):
        planned.require_unchanged()


@pytest.mark.parametrize("of_the_run", [True, False])
def test_a_table_changes_with_the_one_it_references(pair: Pair, database: str, of_the_run: bool) -> None:
    """Its definition names the other, whose name changes, and no ALTER was of it."""
    parents = database if of_the_run else f"{database}_parents"
    planned = Planned(
        pair,
        database,
        f"CREATE DATABASE IF NOT EXISTS {parents}",
        f"CREATE TABLE {parents}.parent (id INT PRIMARY KEY)",
        f"CREATE TABLE child (id INT, FOREIGN KEY (id) REFERENCES {parents}.parent (id))",
    )
    planned.require_unchanged()
    planned.alter(
        f"RENAME TABLE {parents}.parent TO {parents}.other",
        f"CREATE TABLE {parents}.parent (id INT PRIMARY KEY)",
    )
    with pytest.raises(IncompleteRunError, match=r"\.child was altered"):
        planned.require_unchanged()
    planned.alter(f"DROP TABLE {database}.child")
    if not of_the_run:
        planned.alter(f"DROP DATABASE {parents}")


def test_who_may_not_see_whether_times_are_the_servers_own_proves_nothing(pair: Pair, database: str) -> None:
    planned = Planned(pair, database, "CREATE TABLE t (v INT)")
    with account(pair.source, *GRANTS[pair.flavor], "PROCESS ON *.*") as login:
        catalog = prefetch_metadata(endpoint(pair.source, login), planned.selection)
    assert bool(catalog.lasting) == (pair.flavor == "mariadb")
    with account(pair.source, *GRANTS[pair.flavor], "PROCESS, REPLICATION CLIENT ON *.*") as login:
        assert prefetch_metadata(endpoint(pair.source, login), planned.selection).lasting


def test_an_alter_that_was_told_before_and_done_after_the_plan_is_seen(pair: Pair, database: str) -> None:
    """MySQL gives its table the time of when it was told, which another ALTER may have given it already."""
    told = f"SET timestamp = {int(time.time()) - 3600}"
    run_sql(pair.source, told, f"CREATE TABLE t {COLUMNS}", "CREATE TABLE other (v INT)", database=database)
    with pair.source.connect(database=database) as reader, ThreadPoolExecutor(1) as pool:
        reader.begin()
        reader.cursor().execute("SELECT * FROM t")
        alter = "ALTER TABLE t ADD COLUMN added INT"
        altering = pool.submit(run_sql, pair.source, told, alter, database=database)
        wait_until("the ALTER waits", 10, lambda: alter in str(rows_of(pair.source, "SHOW FULL PROCESSLIST")))
        planned = Planned(pair, database)
        reader.rollback()
        altering.result()
    assert len(planned.definitions.proofs) == (0 if pair.flavor == "mysql" else 2)
    with pytest.raises(IncompleteRunError, match=r"\.t was altered"):
        planned.require_unchanged()


@pytest.mark.parametrize("step", ["_figures", "read_identities", "Definitions", "_columns", "read_keys"])
def test_a_proof_is_never_that_of_another_table_than_the_definition(
    pair: Pair, database: str, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    """A table that was made long before takes the name of one whose metadata is being read."""
    run_sql(pair.source, f"CREATE TABLE t {COLUMNS}", f"CREATE TABLE t_new {COLUMNS} COMMENT 'new'", database=database)
    monkeypatch.setattr(lasting_identity, "_MARGIN_SECONDS", MARGIN_SECONDS)
    time.sleep(YOUNG_SECONDS)
    done = getattr(prefetch, step)

    def swap(*given: Any) -> Any:
        monkeypatch.setattr(prefetch, step, done)
        run_sql(pair.source, "RENAME TABLE t TO t_old, t_new TO t", database=database)
        return done(*given)

    monkeypatch.setattr(prefetch, step, swap)
    source, selection = endpoint(pair.source), Selection((database,), include=("t",))
    try:
        catalog = prefetch_metadata(source, selection)
        require_unchanged(source, definitions_of(catalog, selection))
    except IncompleteRunError:
        return
    (_, text), *_ = rows_of(pair.source, "SHOW CREATE TABLE t", database)
    assert catalog.tables[0].definition == text
