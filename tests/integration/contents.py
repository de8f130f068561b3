"""What a server holds, read independently of the engine: plain PyMySQL, every row, compared in the test.

Nothing here uses a checksum, a plan or an expression of the engine's, so that one mistake cannot hide in both.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from tests.integration.pair import rows_of

if TYPE_CHECKING:
    from sandbox.server import Server

_BYTES = {
    "char", "varchar", "tinytext", "text", "mediumtext", "longtext", "binary", "varbinary", "tinyblob", "blob",
    "mediumblob", "longblob", "set", "vector",
}  # fmt: skip
_GEOMETRIES = {
    "geometry", "point", "linestring", "polygon", "multipoint", "multilinestring", "multipolygon",
    "geometrycollection", "geomcollection",
}  # fmt: skip


def assert_same_contents(source: Server, target: Server, database: str, renamed: str | None = None) -> None:
    """Every table's rows, generated and invisible columns included, as often as they occur."""
    renamed = renamed or database
    tables = tables_of(source, database)
    assert tables_of(target, renamed) == tables
    for table in tables:
        expected = contents(source, database, table)
        actual = contents(target, renamed, table)
        if expected != actual:
            only_source, only_target = expected - actual, actual - expected
            raise AssertionError(
                f"{table}: {sum(only_source.values())} rows only on the source, {sum(only_target.values())} only on "
                f"the target, such as\n{sorted(only_source, key=str)[:2]}\n{sorted(only_target, key=str)[:2]}"
            )


def assert_same_definitions(source: Server, target: Server, database: str) -> None:
    """Every object of a database, as the server shows it, with the session state it was created in."""
    expected, actual = definitions(source, database), definitions(target, database)
    assert _columns(source, database) == _columns(target, database)
    assert sorted(actual) == sorted(expected)
    for name, text in expected.items():
        assert actual[name] == text, name


def tables_of(server: Server, database: str) -> list[str]:
    rows = rows_of(
        server,
        "SELECT table_name FROM information_schema.tables "
        f"WHERE table_schema = '{database}' AND table_type = 'BASE TABLE'",
    )
    return sorted(name for (name,) in rows)


def contents(server: Server, database: str, table: str) -> Counter[tuple[Any, ...]]:
    """The rows of a table, each with how often it is there."""
    columns = rows_of(
        server,
        "SELECT column_name, LOWER(data_type) FROM information_schema.columns "
        f"WHERE table_schema = '{database}' AND BINARY table_name = {_text(table)} ORDER BY ordinal_position",
    )
    shown = ", ".join(_shown(f"`{name.replace('`', '``')}`", kind) for name, kind in columns)
    return Counter(rows_of(server, f"SELECT {shown} FROM {_name(database, table)}"))


def definitions(server: Server, database: str) -> dict[tuple[str, str], tuple[Any, ...]]:
    """What SHOW CREATE says of every object; a trigger without the moment of its creation."""
    found: dict[tuple[str, str], tuple[Any, ...]] = {("database", database): _show(server, "DATABASE", f"`{database}`")}
    for column, view, schema_column in (
        ("LOWER(IF(table_type = 'VIEW', 'VIEW', 'TABLE')), table_name", "tables", "table_schema"),
        ("LOWER(routine_type), routine_name", "routines", "routine_schema"),
        ("'trigger', trigger_name", "triggers", "trigger_schema"),
        ("'event', event_name", "events", "event_schema"),
    ):
        query = f"SELECT {column} FROM information_schema.{view} WHERE {schema_column} = '{database}'"
        for kind, name in rows_of(server, query):
            shown = _show(server, kind, _name(database, name))
            found[kind, name] = shown[:6] if kind == "trigger" else shown
    return found


def _columns(server: Server, database: str) -> list[tuple[Any, ...]]:
    return rows_of(
        server,
        "SELECT table_name, column_name, column_type, collation_name FROM information_schema.columns "
        f"WHERE table_schema = '{database}' ORDER BY BINARY table_name, ordinal_position, 2, 3",
    )


def everything(server: Server) -> dict[str, Any]:
    """All definitions, rows and accounts of a server, to see that nothing was changed."""
    databases = rows_of(
        server,
        "SELECT schema_name FROM information_schema.schemata WHERE schema_name NOT IN "
        "('information_schema', 'mysql', 'performance_schema', 'sys')",
    )
    state: dict[str, Any] = {}
    for (database,) in databases:
        state[database] = definitions(server, database)
        for table in tables_of(server, database):
            state[f"{database}.{table}"] = contents(server, database, table)
    state["accounts"] = sorted(rows_of(server, "SELECT user, host FROM mysql.user"))
    return state


def _shown(column: str, kind: str) -> str:
    if kind in _BYTES or kind in _GEOMETRIES:
        return f"HEX({column})"
    if kind == "enum":  # its empty string may be a member or the error value
        return f"CONCAT(HEX({column}), ' ', {column} + 0)"
    if kind == "json":
        return f"HEX(CAST({column} AS CHAR))"
    if kind == "float":  # as text it has six digits only
        return f"CAST({column} + 0e0 AS CHAR)"
    if kind == "double":  # MySQL cuts what is computed to 22 characters, one less than the longest
        return f"CONCAT({column})"
    if kind == "bit":
        return f"HEX({column} + 0)"
    return f"CAST({column} AS CHAR)"


def _show(server: Server, kind: str, name: str) -> tuple[Any, ...]:
    return rows_of(server, f"SHOW CREATE {kind.upper()} {name}")[0]


def _name(database: str, name: str) -> str:
    return f"`{database}`.`{name.replace('`', '``')}`"


def _text(value: str) -> str:
    return "'" + value.replace("\\", "\\\\").replace("'", "''") + "'"
