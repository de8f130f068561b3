"""Whatever a column can hold comes back out of a dump as it was, with our loader and with myloader."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.integration.contents import assert_same_contents, assert_same_definitions, contents
from tests.integration.myloader import MYLOADER, load_with_myloader
from tests.integration.pair import rows_of
from tests.integration.staged_run import StagedRun
from tests.integration.test_values import BITS, BY_NUMBER, CASES, MEMBERS, Case

if TYPE_CHECKING:
    from pathlib import Path

    from tests.integration.pair import Pair


@pytest.mark.parametrize("case", CASES, ids=str)
def test_values_come_back_as_they_were(pair: Pair, database: str, tmp_path: Path, case: Case) -> None:
    run = _dumped(pair, database, tmp_path, case)

    report = run.restore()

    assert report.rows == sum(contents(pair.source, database, "t").values())
    assert_same_contents(pair.source, pair.target, database)
    assert_same_definitions(pair.source, pair.target, database)


@pytest.mark.skipif(not MYLOADER, reason="myloader is not on PATH")
@pytest.mark.parametrize("case", CASES, ids=str)
def test_myloader_restores_our_dumps(pair: Pair, database: str, tmp_path: Path, case: Case) -> None:
    run = _dumped(pair, database, tmp_path, case)

    load_with_myloader(pair, run.path)

    assert_same_contents(pair.source, pair.target, database)


def _dumped(pair: Pair, database: str, tmp_path: Path, case: Case) -> StagedRun:
    if case.only and case.only != pair.flavor:
        pytest.skip(f"types of {case.only} only")
    run = StagedRun.of(pair, database, tmp_path)
    inserts = [f"INSERT INTO t VALUES {', '.join(case.rows)}"] if case.rows else []
    run.on_source(f"CREATE TABLE t ({case.columns})", *inserts, *case.more)
    run.dump()
    return run


@pytest.mark.parametrize(
    "tool", ["ours", pytest.param("myloader", marks=pytest.mark.skipif(not MYLOADER, reason="myloader is not on PATH"))]
)
def test_values_of_a_set_that_print_alike_come_back(pair: Pair, database: str, tmp_path: Path, tool: str) -> None:
    run = StagedRun.of(pair, database, tmp_path)
    run.on_source(MEMBERS, BITS)
    run.dump()
    if tool == "ours":
        run.restore()
    else:
        load_with_myloader(pair, run.path)
    assert rows_of(pair.target, BY_NUMBER, database) == rows_of(pair.source, BY_NUMBER, database)
