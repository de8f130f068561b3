"""Looks at what a target has of a plan's tables and objects, and names every difference from what was to be there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import islice

from airflow_mydump.engine.errors import DefinitionError, PreflightError, ServerError
from airflow_mydump.engine.identifier import TableName, quote
from airflow_mydump.engine.metadata.catalog import Schema
from airflow_mydump.engine.metadata.definition import Definitions
from airflow_mydump.engine.metadata.object_catalog import show_object
from airflow_mydump.engine.metadata.schema_catalog import read_schemas
from airflow_mydump.engine.metadata.schema_condition import in_schemas
from airflow_mydump.engine.plan.plan import PlannedObject, PlannedTable
from airflow_mydump.engine.selection.selection import Selection
from airflow_mydump.engine.server.server_name import server_identity
from airflow_mydump.engine.server.session import Session
from airflow_mydump.engine.structure.difference import object_differences, table_differences
from airflow_mydump.engine.structure.table import TableStructure, read_table_structure

_NOT_THERE = frozenset({1049, 1146, 1305, 1347, 1360, 1539})
"""No such database, table, routine, view, trigger, event."""

_TABLES_AT_ONCE = 2000


class Inspection:
    """The structure on a target; ``session`` is in the `session_state.metadata` state.

    What a server tells for whole databases is read once, at the first need; definitions are read some at a time, and
    forgotten. ``terse`` as in `table_differences`, ``across`` as in `object_differences`.
    """

    def __init__(self, session: Session, selection: Selection, terse: bool = False, across: bool = False) -> None:
        self._session = session
        self._server = session.endpoint.on(server_identity(session))
        self._selection = selection
        self._terse = terse
        self._across = across
        self._schemas = [selection.target_schema(name) for name in selection.schemas]
        self._collations = _read_collations(session, self._schemas)
        self._triggers = _read_triggers(session, self._schemas)

    def schema_differences(self, schemas: Iterable[Schema]) -> Iterator[tuple[str, str]]:
        """The differences in the databases' defaults; each after its target database's name. Raises ServerError."""
        there = read_schemas(self._session)
        for schema in schemas:
            target = self._selection.target_schema(schema.name)
            found = there.get(target)
            if found is None:
                yield target, f"database {target} is missing on the target"
            elif found != replace(schema, name=target):
                yield (
                    target,
                    f"database {target}: default {schema.charset} {schema.collation} on the source, "
                    f"{found.charset} {found.collation} on the target",
                )

    def table_differences(self, tables: Iterable[PlannedTable]) -> Iterator[tuple[PlannedTable, str]]:
        """How the target's tables differ from the source's definitions. Raises ConnectError, ServerError."""
        remaining = iter(tables)
        while some := list(islice(remaining, _TABLES_AT_ONCE)):
            with Definitions(self._server, [planned.target for planned in some]) as reading:
                definitions = reading.texts()
            for planned, definition in zip(some, definitions, strict=True):
                for difference in self._table_differences(planned, definition):
                    yield planned, difference

    def _table_differences(self, planned: PlannedTable, definition: str | None) -> Iterator[str]:
        table, target = planned.table, planned.target
        if definition is None:
            yield f"{target} is missing on the target"
            return
        wanted = tuple(column.collation for column in table.columns)
        collations = self._collations.get(target, ())
        if definition == table.definition and (collations == wanted or not any(wanted)):
            return
        try:
            expected = self._translated(read_table_structure(table.name, table.definition, table.columns))
            columns = [
                replace(column, charset=collation.partition("_")[0], collation=collation)
                for column, collation in zip(table.columns, collations, strict=False)
            ]
            actual = read_table_structure(target, definition, columns)
        except (DefinitionError, PreflightError) as error:
            yield f"{target}: its definition cannot be compared: {error}"
            return
        yield from table_differences(expected, actual, self._terse)
        yield from self._counter_differences(expected, actual)

    def object_differences(self, planned: PlannedObject) -> Iterator[str]:
        """How the target's object differs from the source's. Raises ServerError."""
        where = f"{planned.object.kind} {planned.target}"
        try:
            actual = show_object(self._session, planned.object.kind, planned.target)
            expected = replace(planned.object, name=planned.target)
            yield from object_differences(where, expected, actual, self._across, self._selection.fold_names)
        except ServerError as error:
            if error.number not in _NOT_THERE:
                raise error.during(f"cannot look at {where}") from error
            yield f"{where} is missing on the target"
        except (DefinitionError, PreflightError) as error:
            yield f"{where}: its definition cannot be compared: {error}"

    def trigger_differences(self, table: TableName, expected: Sequence[str]) -> Iterator[str]:
        """How the triggers of a target's table differ from the names of the source's, in their order."""
        for moment, actual in self._triggers.get(table, {}).items():
            for name in actual:
                if name not in expected:
                    yield f"{table}: trigger {name} is on the target only"
            ours = [name for name in expected if name in actual]
            theirs = [name for name in actual if name in expected]
            if ours != theirs:
                yield (
                    f"{table}: triggers {moment} in the order {', '.join(ours)} on the source, {', '.join(theirs)} on "
                    "the target"
                )

    def _translated(self, table: TableStructure) -> TableStructure:
        """The source's table with the names that it has on the target."""
        keys = [replace(key, references=self._selection.target(key.references)) for key in table.foreign_keys]
        return replace(table, name=self._selection.target(table.name), foreign_keys=tuple(keys))

    def _counter_differences(self, expected: TableStructure, actual: TableStructure) -> Iterator[str]:
        """A counter may be higher only by the rows that came on the source after its definition was read."""
        column = actual.counter_column
        if expected.counter == actual.counter or not column or not expected.counter_column:
            return
        highest, step = self._session.text_rows(
            f"SELECT COALESCE(MAX({quote(column)}), 0), @@auto_increment_increment FROM {actual.name.sql}"
        )[0]
        if not expected.counter < actual.counter <= int(float(highest)) + int(step):
            yield (
                f"{actual.name}: AUTO_INCREMENT counter {expected.counter} on the source, "
                f"{actual.counter} on the target"
            )


def triggers_by_table(objects: Iterable[PlannedObject]) -> dict[TableName, list[str]]:
    """The names of the planned triggers of each target table, in their order."""
    found: dict[TableName, list[str]] = {}
    for item in objects:
        if item.object.kind == "trigger":
            found.setdefault(TableName(item.target.schema, item.object.table), []).append(item.target.name)
    return found


def _read_collations(session: Session, schemas: Sequence[str]) -> dict[TableName, tuple[str, ...]]:
    """The collations of all columns, in their order; empty where a column has none."""
    # Whole databases: for a list of tables, MariaDB opens every table as well.
    rows = session.text_stream(
        "SELECT TABLE_SCHEMA, TABLE_NAME, COLLATION_NAME FROM information_schema.COLUMNS "
        f"WHERE {in_schemas('TABLE_SCHEMA', schemas)} "
        "ORDER BY TABLE_SCHEMA, TABLE_NAME, ORDINAL_POSITION"
    )
    found: dict[TableName, list[str]] = {}
    for schema, table, collation in rows:
        found.setdefault(TableName(schema, table), []).append(collation)
    # Most tables share a few rows of collations: each is kept once.
    known: dict[tuple[str, ...], tuple[str, ...]] = {}
    return {name: known.setdefault(tuple(collations), tuple(collations)) for name, collations in found.items()}


def _read_triggers(session: Session, schemas: Sequence[str]) -> dict[TableName, dict[str, list[str]]]:
    """The names of every table's triggers by the moment they fire, such as ``BEFORE INSERT``, in their order."""
    rows = session.text_rows(
        "SELECT EVENT_OBJECT_SCHEMA, EVENT_OBJECT_TABLE, CONCAT(ACTION_TIMING, ' ', EVENT_MANIPULATION), TRIGGER_NAME "
        f"FROM information_schema.TRIGGERS WHERE {in_schemas('TRIGGER_SCHEMA', schemas)} "
        "ORDER BY TRIGGER_SCHEMA, EVENT_OBJECT_TABLE, 3, ACTION_ORDER"
    )
    found: dict[TableName, dict[str, list[str]]] = {}
    for schema, table, moment, trigger in rows:
        found.setdefault(TableName(schema, table), {}).setdefault(moment, []).append(trigger)
    return found
