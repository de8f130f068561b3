"""Every scenario, in each of its directions: copied, and dumped and loaded, both seen by an independent eye."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pymysql
import pytest
from sandbox.server import ServerNotInstalledError

from tests.scenarios.moving import Moved, move, refusal_of_another_run
from tests.scenarios.oracle import View, databases_of, differences, read_facts
from tests.scenarios.scenario import read_scenarios
from tests.scenarios.servers import Servers, clear, run_statements

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sandbox.server import Server

    from tests.integration.pair import Pair
    from tests.scenarios.oracle import Facts
    from tests.scenarios.scenario import Direction, Query, Scenario

FLAVORS = os.environ.get("MYDUMP_TEST_FLAVORS", "mariadb,mysql").split(",")
SCENARIOS = read_scenarios(Path(__file__).parent)
CASES = [
    pytest.param(scenario, direction, id=f"{scenario.name}-{direction.replace(' ', '-')}")
    for scenario in SCENARIOS
    for direction in scenario.expect.directions
    if set(direction.split(" to ")) <= set(FLAVORS)
]


@pytest.fixture(scope="session")
def servers() -> Iterator[Servers]:
    with Servers() as started:
        yield started


@pytest.mark.parametrize(("scenario", "direction"), CASES)
def test_scenario(scenario: Scenario, direction: Direction, servers: Servers, tmp_path: Path) -> None:
    expect = scenario.expect
    try:
        pair = servers.pair(direction, expect.source, expect.target)
    except ServerNotInstalledError as error:
        pytest.skip(str(error))
    run_statements(pair.source, "scenario", scenario.setup(direction.split()[0]))
    databases = expect.options.databases or tuple(databases_of(pair.source))
    source = read_facts(pair.source, _view(scenario, pair))
    for way in expect.ways:
        clear(pair.target)
        if (scenario.path / "target.sql").exists():
            run_statements(pair.target, "scenario", scenario.target())
        before = read_facts(pair.target, View())
        moved = move(way, pair, databases, expect.options, tmp_path / way)
        _check(scenario, pair, source, before, moved, way)
        assert read_facts(pair.source, _view(scenario, pair)) == source, f"{way}: the source was changed"
        # A restore leaves MariaDB's JSON in MySQL as text, which a copy would not.
        if not (expect.refused or (way == "dump" and _crosses(pair))):
            refusal = refusal_of_another_run(pair, databases, expect.options, tmp_path / f"again {way}")
            assert not refusal, f"{way}: the next run over the same target would be refused: {refusal}"


def _view(scenario: Scenario, pair: Pair) -> View:
    options = scenario.expect.options
    where = {} if scenario.expect.refused else options.where
    return View(options.rename, where, _crosses(pair), options.history == "keep")


def _crosses(pair: Pair) -> bool:
    return pair.source.flavor != pair.target.flavor


def _check(scenario: Scenario, pair: Pair, source: Facts, before: Facts, moved: Moved, way: str) -> None:
    expect = scenario.expect
    if expect.refused:
        assert moved.error, f"{way}: was not refused"
        assert expect.refused.text in moved.error, f"{way}: {moved.error}"
        assert moved.step == expect.refused.by, f"{way}: refused by {moved.step}: {moved.error}"
        if moved.step == "plan":
            assert read_facts(pair.target, View()) == before, f"{way}: refused, and the target was changed"
        return
    assert moved.report, f"{way}: {moved.step}: {moved.error}"
    assert expect.note in " ".join(moved.report.notes), f"{way}: {moved.report.notes}"
    for left in expect.left_behind:
        assert any(_is_about(name, (left,)) for name in source), f"the source has no {left}"
    absent = (*expect.left_behind, *expect.untouched)
    wanted = {name: fact for name, fact in source.items() if not _is_about(name, absent)}
    wanted |= {name: fact for name, fact in before.items() if _is_about(name, expect.untouched)}
    seen = View(portable=_crosses(pair), history=expect.options.history == "keep")
    found = differences(wanted, read_facts(pair.target, seen))
    assert not found, f"{way}:\n" + "\n".join(found)
    for query in expect.query:
        _ask(pair.target, query, way)


def _is_about(name: str, things: tuple[str, ...]) -> bool:
    return any(name == thing or name.startswith(f"{thing} ") for thing in things)


def _ask(server: Server, query: Query, way: str) -> None:
    """In a transaction that is rolled back, as a session with default settings would."""
    with server.connect(conv={}, autocommit=False) as connection, connection.cursor() as cursor:
        try:
            cursor.execute(query.sql)
        except pymysql.MySQLError as error:
            assert error.args[0] in query.errors, f"{way}: {query.sql}: {error}"
            return
        finally:
            connection.rollback()
        assert not query.errors, f"{way}: {query.sql}: no error occurred"
        rows = tuple(tuple("NULL" if value is None else str(value) for value in row) for row in cursor.fetchall())
        assert rows == query.rows, f"{way}: {query.sql}: {rows}"
