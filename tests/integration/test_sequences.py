"""A sequence on the target never gives out what the source has given out, however much is written meanwhile."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from airflow_mydump.engine.errors import DumpError, IncompleteRunError
from tests.integration.pair import rows_of, value_of
from tests.integration.staged_run import StagedRun

if TYPE_CHECKING:
    from pathlib import Path

    from tests.integration.pair import Pair
    from tests.integration.run import Run

STATE = "SELECT * FROM s"


@pytest.fixture(autouse=True)
def mariadb_alone(pair: Pair) -> None:
    if pair.is_mysql:
        pytest.skip("MySQL has no sequences")


def test_values_given_out_during_a_copy_are_not_given_out_again(run: Run, pair: Pair) -> None:
    run.on_source("CREATE SEQUENCE s NOCACHE", "CREATE TABLE t (id BIGINT DEFAULT NEXTVAL(s) PRIMARY KEY, v INT)")
    run.plan()
    run.schema()
    run.on_source("INSERT INTO t (v) VALUES (1), (2), (3)")
    run.data()
    run.finish()
    assert rows_of(pair.target, STATE, run.database) == rows_of(pair.source, STATE, run.database)
    run.on_target("INSERT INTO t (v) VALUES (4)")
    assert value_of(pair.target, "SELECT MAX(id) FROM t", run.database) == 4


def test_values_given_out_during_a_dump_are_not_given_out_again(pair: Pair, database: str, tmp_path: Path) -> None:
    run = StagedRun.of(pair, database, tmp_path)
    run.on_source("CREATE SEQUENCE s NOCACHE", "CREATE TABLE t (id BIGINT DEFAULT NEXTVAL(s) PRIMARY KEY, v INT)")
    run.dump(lambda event: run.on_source("INSERT INTO t (v) VALUES (1)"))
    given_out = rows_of(pair.source, STATE, database)
    run.restore()
    assert given_out != [(1, 1, 9223372036854775806, 1, 1, 0, 0, 0)]
    assert rows_of(pair.target, STATE, database) == given_out


def test_a_sequence_that_is_set_back_on_the_target_is_a_difference(run: Run) -> None:
    run.on_source("CREATE SEQUENCE s NOCACHE", "DO SETVAL(s, 50)", "CREATE TABLE t (v INT)")
    run.plan()
    run.schema()
    run.data()
    run.index()
    run.verify()
    run.post()
    run.on_target("ALTER SEQUENCE s RESTART 3")
    with pytest.raises(IncompleteRunError, match=r"sequence tenant_\d+\.s: next value 51 on the source, 3"):
        run.report()


FOREIGN = b"""DROP TABLE IF EXISTS `s`;
DROP VIEW IF EXISTS `s`;
CREATE SEQUENCE `s` start with 5 minvalue 1 maxvalue 99 increment by 2 nocache cycle ENGINE=InnoDB;
DO SETVAL(`s`, 17, 0);
"""


def foreign_dump(path: Path, database: str, sequence: bytes) -> None:
    """A directory as mydumper leaves it."""
    path.mkdir()
    (path / "metadata").write_text(
        f"# Started dump at: 2026-01-01 00:00:00\n[config]\nquote-character = BACKTICK\n\n[`{database}`.`s`]\n"
        "real_table_name=s\nrows = 0\nis_sequence = 1\n\n[config]\nnum-sequences = 1\n"
        "# Finished dump at: 2026-01-01 00:00:01\n"
    )
    (path / f"{database}-schema-create.sql").write_text(f"CREATE DATABASE IF NOT EXISTS `{database}`;\n")
    (path / f"{database}.s-schema-sequence.sql").write_bytes(sequence)
    (path / f"{database}.t-schema.sql").write_bytes(
        b"CREATE TABLE `t` (\n  `v` int(11) DEFAULT NULL\n) ENGINE=InnoDB;\n"
    )


def test_a_sequence_of_another_tools_dump_goes_on_where_it_was(pair: Pair, database: str, tmp_path: Path) -> None:
    run = StagedRun.of(pair, database, tmp_path)
    foreign_dump(run.path, database, FOREIGN)
    run.restore()
    assert rows_of(pair.target, STATE, database) == [(17, 1, 99, 5, 2, 0, 1, 0)]


@pytest.mark.parametrize(
    "statement", [b"SELECT SLEEP(1);\n", b"DO SETVAL(`s`, (SELECT 1), 0);\n", b"CREATE SEQUENCE `x`;\n"]
)
def test_nothing_else_of_a_sequences_file_is_executed(
    pair: Pair, database: str, tmp_path: Path, statement: bytes
) -> None:
    run = StagedRun.of(pair, database, tmp_path)
    foreign_dump(run.path, database, FOREIGN + statement)
    with pytest.raises(DumpError, match=r"s-schema-sequence\.sql"):
        run.restore()
