"""The demo's data set has the size asked for, no dangling references, and is the same for the same seed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from sandbox.server import Flavor, Server, available_flavors
from sandbox.tenants import fill, plan

if TYPE_CHECKING:
    from collections.abc import Iterator

TENANTS = ("tenant_one", "tenant_two")
TABLES, ROWS = 60, 8_000


@pytest.fixture(scope="module", params=available_flavors())
def server(request: pytest.FixtureRequest) -> Iterator[Server]:
    flavor: Flavor = request.param
    with Server(flavor) as started:
        fill(started, TENANTS, TABLES, ROWS)
        yield started


def test_the_size_is_as_asked_for(server: Server) -> None:
    tables = base_tables(server)
    assert len(tables) == TABLES
    counted = {table: rows(server, f"SELECT COUNT(*) FROM {table}")[0][0] for table in tables}
    assert sum(counted.values()) == ROWS
    assert max(counted, key=lambda table: counted[table]) == "`tenant_one`.`stock_movements`"


def test_every_foreign_key_finds_its_row(server: Server) -> None:
    keys = rows(
        server,
        "SELECT table_schema, table_name, referenced_table_name,"
        " GROUP_CONCAT(column_name ORDER BY ordinal_position),"
        " GROUP_CONCAT(referenced_column_name ORDER BY ordinal_position)"
        " FROM information_schema.key_column_usage"
        f" WHERE table_schema IN {TENANTS} AND referenced_table_name IS NOT NULL"
        " GROUP BY table_schema, constraint_name, table_name, referenced_table_name",
    )
    assert len(keys) == 25 * len(TENANTS)
    for schema, table, parent, columns, referenced in keys:
        pairs = list(zip(columns.split(","), referenced.split(","), strict=True))
        on = " AND ".join(f"child.{column} = parent.{other}" for column, other in pairs)
        given = " AND ".join(f"child.{column} IS NOT NULL" for column, _ in pairs)
        orphans = (
            f"SELECT COUNT(*) FROM {schema}.{table} child LEFT JOIN {schema}.{parent} parent ON {on}"
            f" WHERE {given} AND parent.{pairs[0][1]} IS NULL"
        )
        assert rows(server, orphans) == ((0,),), f"{schema}.{table} -> {parent}"


def test_the_same_seed_makes_the_same_rows_and_another_seed_others(server: Server) -> None:
    before = contents(server)
    refill(server, seed=1)
    assert contents(server) == before
    refill(server, seed=2)
    assert contents(server) != before


def test_views_routines_triggers_and_events_are_there(server: Server) -> None:
    found = rows(
        server,
        "SELECT (SELECT COUNT(*) FROM information_schema.views WHERE table_schema = 'tenant_one'),"
        " (SELECT COUNT(*) FROM information_schema.routines WHERE routine_schema = 'tenant_one'),"
        " (SELECT COUNT(*) FROM information_schema.triggers WHERE trigger_schema = 'tenant_one'),"
        " (SELECT COUNT(*) FROM information_schema.events WHERE event_schema = 'tenant_one')",
    )
    assert found == ((3, 2, 3, 1),)
    assert rows(server, "SELECT COUNT(*) > 0 FROM tenant_one.debtors") == ((1,),)


def test_too_few_tables_or_rows_are_refused_with_a_sentence() -> None:
    with pytest.raises(ValueError, match="tables at least"):
        plan(TENANTS, 10, ROWS)
    with pytest.raises(ValueError, match="too few"):
        plan(TENANTS, TABLES, 100)


def refill(server: Server, seed: int) -> None:
    with server.connect() as connection, connection.cursor() as cursor:
        for tenant in TENANTS:
            cursor.execute(f"DROP DATABASE {tenant}")
    fill(server, TENANTS, TABLES, ROWS, seed)


def base_tables(server: Server) -> list[str]:
    found = rows(
        server,
        "SELECT table_schema, table_name FROM information_schema.tables"
        f" WHERE table_type = 'BASE TABLE' AND table_schema IN {TENANTS}",
    )
    return [f"`{schema}`.`{table}`" for schema, table in found]


def contents(server: Server) -> dict[str, list[tuple[Any, ...]]]:
    # not CHECKSUM TABLE: with a generated column its result varies from run to run on MariaDB 10.11
    return {table: sorted(rows(server, f"SELECT * FROM {table}"), key=repr) for table in base_tables(server)}


def rows(server: Server, query: str) -> tuple[tuple[Any, ...], ...]:
    with server.connect() as connection, connection.cursor() as cursor:
        cursor.execute(query)
        return tuple(cursor.fetchall())
