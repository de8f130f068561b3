"""A table that takes another's name behind a snapshot is never read in its place, though its definition is the same."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from airflow_mydump.engine import preflight
from airflow_mydump.engine.consistency.worker import Worker
from airflow_mydump.engine.dump_directory.dump_plan import DumpSettings
from airflow_mydump.engine.errors import IncompleteRunError, SnapshotError
from airflow_mydump.engine.event import EventKind
from airflow_mydump.engine.identifier import TableName
from airflow_mydump.engine.metadata.table_identity import read_identities
from airflow_mydump.engine.phases.dump import snapshot_dump_phase
from airflow_mydump.engine.phases.dump_plan import dump_plan
from airflow_mydump.engine.phases.finish_dump import finish_dump
from airflow_mydump.engine.plan.settings import PlanSettings
from airflow_mydump.engine.selection.selection import Selection
from airflow_mydump.engine.server.session import Session
from airflow_mydump.engine.server.session_state import metadata
from tests.integration.contents import assert_same_contents
from tests.integration.crew import QUICK, Crew
from tests.integration.pair import endpoint, rows_of, run_sql
from tests.integration.staged_run import StagedRun
from tests.integration.test_bad_input import account

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from airflow_mydump.engine.event import Event
    from airflow_mydump.engine.server.endpoint import Endpoint
    from tests.integration.pair import Pair
    from tests.integration.run import Run

TABLE = "odd_näme$#P#1"
PARTITIONS = "PARTITION BY RANGE (id) (PARTITION `Pé` VALUES LESS THAN (10), PARTITION q VALUES LESS THAN (100))"
RENAME = f"RENAME TABLE `{{0}}`.`{TABLE}` TO `{{0}}_spare`.old, `{{0}}_spare`.spare TO `{{0}}`.`{TABLE}`"
EXCHANGE = f"ALTER TABLE `{{0}}`.`{TABLE}` EXCHANGE PARTITION q WITH TABLE `{{0}}_spare`.spare"


class Swap:
    """A table, another with the same definition in a database beside it, and what exchanges them."""

    def __init__(self, pair: Pair, database: str, statement: str) -> None:
        self.pair, self.database = pair, database
        self.done = 0
        self._statement = statement.format(database)
        columns = "(id INT PRIMARY KEY, v INT)"
        run_sql(
            pair.source,
            f"CREATE DATABASE {database}_spare",
            f"CREATE TABLE `{TABLE}` {columns} {PARTITIONS if statement == EXCHANGE else ''}",
            f"INSERT INTO `{TABLE}` VALUES (1, 1), (12, 12)",
            f"CREATE TABLE {database}_spare.spare {columns}",
            f"INSERT INTO {database}_spare.spare VALUES (13, 13)",
            database=database,
        )

    def listen(self, event: Event) -> None:
        """Swap when the snapshot was taken and nothing is read yet; once."""
        if event.kind is EventKind.NOTICE and "reading on in this moment" in event.text and not self.done:
            self.done += 1
            run_sql(self.pair.source, "SET lock_wait_timeout = 5", self._statement)


@pytest.fixture
def reader(pair: Pair, database: str) -> Iterator[Endpoint]:
    """An account that may read, but not keep definitions from changing."""
    with account(pair.source, *GRANTS[pair.flavor], "PROCESS ON *.*") as login:
        yield endpoint(pair.source, login)


GRANTS = {
    "mysql": ("SELECT, SHOW VIEW, TRIGGER, EVENT, RELOAD ON *.*", "SHOW_ROUTINE ON *.*"),
    "mariadb": ("SELECT, SHOW VIEW, TRIGGER, EVENT, RELOAD ON *.*",),
}


def planned(run: Run, reader: Endpoint) -> Run:
    run.source = reader
    run.plan()
    run.schema()
    return run


@pytest.mark.parametrize("statement", [RENAME, EXCHANGE], ids=["renamed", "exchanged"])
def test_a_copy_fails_names_the_table_and_begins_anew(run: Run, reader: Endpoint, statement: str) -> None:
    swap = Swap(run.pair, run.database, statement)
    planned(run, reader)
    with Crew(run, workers=1) as crew:
        with pytest.raises(SnapshotError, match=r"odd_näme\$#P#1 is not the table any more"):
            crew.all(lambda _: swap.listen)
        assert swap.done
        assert not rows_of(run.pair.target, f"SELECT * FROM `{TABLE}`", run.database)
        crew.all()
    run.finish()
    assert_same_contents(run.pair.source, run.pair.target, run.database)


@pytest.mark.parametrize("statement", [RENAME, EXCHANGE], ids=["renamed", "exchanged"])
def test_a_dump_fails_names_the_table_and_begins_anew(
    pair: Pair, database: str, tmp_path: Path, reader: Endpoint, statement: str
) -> None:
    swap = Swap(pair, database, statement)
    run = StagedRun.of(pair, database, tmp_path)
    run.settings = DumpSettings(PlanSettings(concurrency=1))
    dump_plan(reader, Selection((database,)), run.settings, "test", run.storage)
    with pytest.raises(SnapshotError, match=r"odd_näme\$#P#1 is not the table any more"):
        snapshot_dump_phase(reader, run.storage, QUICK, Worker(0, 1), swap.listen)
    assert not list(run.path.glob("*.dat.zst"))
    snapshot_dump_phase(reader, run.storage, QUICK, Worker(0, 1))
    finish_dump(reader, run.storage)
    run.restore()
    assert_same_contents(pair.source, pair.target, database)


@pytest.mark.parametrize(
    "change",
    ["CHANGE v w INT, CHANGE w v INT", "DROP COLUMN w, ADD COLUMN w INT DEFAULT 7"],
    ids=lambda value: value[:4],
)
def test_a_column_that_takes_anothers_name_or_place_is_not_read_for_it(run: Run, reader: Endpoint, change: str) -> None:
    run.on_source("CREATE TABLE t (id INT PRIMARY KEY, v INT, w INT)", "INSERT INTO t VALUES (1, 1, 100)")
    time.sleep(1.1)
    planned(run, reader)
    changed: list[str] = []

    def alter(event: Event) -> None:
        if event.kind is EventKind.NOTICE and "reading on in this moment" in event.text and not changed:
            changed.append(event.text)
            run.on_source("SET lock_wait_timeout = 5", f"ALTER TABLE t {change}")

    with Crew(run, workers=1) as crew:
        with pytest.raises(SnapshotError, match=r"\.t is not the table any more"):
            crew.all(lambda _: alter)
        assert not rows_of(run.pair.target, "SELECT * FROM t", run.database)


@pytest.mark.parametrize("verb", ["copy", "dump"])
def test_chunks_that_are_read_one_by_one_are_not_of_two_tables(pair: Pair, run: Run, tmp_path: Path, verb: str) -> None:
    run_sql(pair.source, f"CREATE DATABASE {run.database}_spare")
    filler = "SELECT n.seq, REPEAT('x', 200) FROM (WITH RECURSIVE s (seq) AS (SELECT 1 UNION ALL SELECT seq + 1 FROM s "
    filler += "WHERE seq < 900) SELECT seq FROM s) n"
    for name in (f"`{TABLE}`", f"{run.database}_spare.spare"):
        run.on_source(f"CREATE TABLE {name} (id INT PRIMARY KEY, v CHAR(200))", f"INSERT INTO {name} {filler}",
                      f"ANALYZE TABLE {name}")  # fmt: skip
    staged = StagedRun.of(pair, run.database, tmp_path)
    run.settings = PlanSettings(concurrency=1, chunk_bytes=16 << 10)
    staged.settings = DumpSettings(run.settings, mode="none")
    read: list[str] = []
    swapped: list[str] = []

    def swap(event: Event) -> None:
        read.extend([event.chunk] if event.kind in (EventKind.CHUNK_COMMITTED, EventKind.CHUNK_DUMPED) else [])
        if read and not swapped and event.kind is EventKind.CHUNK_STARTED:
            run_sql(pair.source, "SET lock_wait_timeout = 5", RENAME.format(run.database))
            swapped.append(event.chunk)

    with pytest.raises(IncompleteRunError, match=r"odd_näme\$#P#1 is not the table any more .* planned"):
        if verb == "dump":
            staged.dump(swap)
        else:
            run.plan()
            run.schema()
            run.data(swap)
            run.finish()
    assert swapped
    assert not (staged.path / "metadata").exists()


def test_without_the_privilege_a_table_is_told_by_its_age_and_the_report_says_so(run: Run) -> None:
    swap = Swap(run.pair, run.database, RENAME)
    time.sleep(1.1)
    run_sql(run.pair.source, "ALTER TABLE spare ENGINE = InnoDB", database=f"{run.database}_spare")
    with account(run.pair.source, *GRANTS[run.pair.flavor]) as login:
        reader = endpoint(run.pair.source, login)
        found = preflight.look(reader, run.target, run.selection, QUICK)
        assert any("an exchanged partition is not noticed" in str(finding) for finding in found.findings)
        planned(run, reader)
        with Crew(run, workers=1) as crew:
            with pytest.raises(SnapshotError, match="is not the table any more"):
                crew.all(lambda _: swap.listen)
            crew.all()
        assert "an exchanged partition would not have been noticed" in run.finish().consistency
    assert_same_contents(run.pair.source, run.pair.target, run.database)


def test_every_table_and_partition_has_an_identity_of_its_own_that_writers_do_not_change(run: Run) -> None:
    names = [TABLE, "t", "t_1", "T_2", "t#p#x", "a b", "日本", "p", "sub"]
    for name in names[:-2]:
        run.on_source(f"CREATE TABLE `{name}` (id INT PRIMARY KEY)")
    run.on_source(
        "CREATE TABLE p (id INT PRIMARY KEY) PARTITION BY HASH (id) PARTITIONS 3",
        "CREATE TABLE sub (id INT PRIMARY KEY) PARTITION BY RANGE (id) SUBPARTITION BY HASH (id) SUBPARTITIONS 2 "
        "(PARTITION `a b` VALUES LESS THAN (10), PARTITION q VALUES LESS THAN (100))",
    )
    tables = [TableName(run.database, name) for name in names]

    def identities(reader: Endpoint) -> dict[TableName, str]:
        with Session(reader, metadata) as session:
            return read_identities(session, tables)

    before = identities(run.source)
    assert list(before) and set(before) == set(tables)
    assert all(identity.startswith("no. ") for identity in before.values()), before
    assert len(set(before.values())) == len(names)
    assert [before[TableName(run.database, name)].count(",") for name in ("p", "sub")] == [2, 3]
    run.on_source("INSERT INTO t VALUES (1)", "ANALYZE TABLE t", "FLUSH TABLES")
    assert identities(run.source) == before
    run.on_source("TRUNCATE t")
    assert {name.name for name, identity in identities(run.source).items() if before[name] != identity} == {"t"}
