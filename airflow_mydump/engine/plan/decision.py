"""What a run does for every table and object, decided by what the target has, and what stands in its way there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace

from airflow_mydump.engine import preflight
from airflow_mydump.engine.ddl.create_table import TableDefinition, parse_table
from airflow_mydump.engine.ddl.deferral import References, can_wait, deferrable, references
from airflow_mydump.engine.errors import ConfigurationError, PreflightError
from airflow_mydump.engine.identifier import TableName
from airflow_mydump.engine.ledger_guard import require_alone
from airflow_mydump.engine.metadata.catalog import Catalog, StoredObject, Table
from airflow_mydump.engine.plan.adaptation import Adaptation, adapt
from airflow_mydump.engine.plan.existing import (
    ExistingSchema,
    decide_object,
    decide_table,
    read_existing,
    require_equal_actor,
    require_known_actors,
)
from airflow_mydump.engine.plan.plan import IfExists, PlannedObject, PlannedTable
from airflow_mydump.engine.preflight.candidate import Candidate
from airflow_mydump.engine.preflight.finding import Finding, blocker
from airflow_mydump.engine.selection.selection import LEDGER_SCHEMA, Selection
from airflow_mydump.engine.server.session import Session
from airflow_mydump.engine.translation.catalog import is_foreign


@dataclass(frozen=True)
class Decisions:
    """Every table and object with what is done for it. ``selection`` has the names as the target keeps them.

    The decisions may be acted upon only if no finding is a blocker.
    """

    selection: Selection
    tables: tuple[PlannedTable, ...]
    objects: tuple[PlannedObject, ...]
    findings: tuple[Finding, ...]

    @property
    def moved(self) -> tuple[PlannedTable, ...]:
        """The tables that are not left alone."""
        return tuple(planned for planned in self.tables if planned.action != "skip")


def decide(
    target: Session, catalog: Catalog, selection: Selection, if_exists: IfExists, defer_keys: bool,
    adaptation: Adaptation, coming_accounts: frozenset[str] = frozenset(), ledger: str = LEDGER_SCHEMA,
) -> Decisions:  # fmt: skip
    """Look at everything that stands in the way of a catalog on a target, and decide. Changes nothing.

    ``target`` is a metadata session there; ``coming_accounts`` are made there before the objects; ``ledger`` is the
    database in which the run is to be recorded.

    Raises ConfigurationError, SelectionError, ServerError.
    """
    _check_content(selection, if_exists)
    selection = as_kept(target, selection)
    catalog, findings = adapt(catalog, selection, adaptation)
    definitions = {table.name: parse_table(table.name, table.definition) for table in catalog.tables}
    candidate = Candidate(target, catalog, definitions, selection)
    deciding = _Deciding(target, catalog, selection, if_exists, defer_keys, ledger)
    tables = deciding.tables(definitions)
    objects = deciding.objects({planned.table.name for planned in tables if planned.action == "skip"})
    deciding.look_at_actors(tables)
    deciding.look_at_other_ledgers(tables)
    return Decisions(
        selection,
        tuple(tables),
        tuple(objects),
        (
            *findings,
            *preflight.catalog_findings(candidate, adaptation.foreign_keys, coming_accounts),
            *deciding.findings,
        ),
    )


def as_kept(target: Session, selection: Selection) -> Selection:
    """The selection with names as the target keeps them. Raises SelectionError if two become one, ServerError."""
    if target.value("SELECT @@GLOBAL.lower_case_table_names") == b"0":
        return selection
    return replace(selection, fold_names=True)


def _check_content(selection: Selection, if_exists: IfExists) -> None:
    if selection.content == "data" and if_exists != "truncate":
        raise ConfigurationError(
            f"content=data goes into tables that exist and empties them first: if_exists is truncate, not {if_exists}"
        )


class _Deciding:
    """The decisions one by one; what stands in the way of one is noted, and the next is looked at."""

    def __init__(
        self, target: Session, catalog: Catalog, selection: Selection, if_exists: IfExists, defer_keys: bool,
        ledger: str,
    ) -> None:  # fmt: skip
        self._target = target
        self._ledger = ledger
        self._catalog = catalog
        self._selection = selection
        self._if_exists = if_exists
        self._defer_keys = defer_keys
        self._existing = {
            schema.name: read_existing(target, selection.target_schema(schema.name), ledger)
            for schema in catalog.schemas
        }
        self.findings: list[Finding] = []

    @contextmanager
    def _noting(self) -> Iterator[None]:
        try:
            yield
        except PreflightError as error:
            self.findings.append(blocker(error, "", ""))

    def tables(self, definitions: Mapping[TableName, TableDefinition]) -> list[PlannedTable]:
        referenced = references(definitions.values())
        tables = []
        for number, table in enumerate(self._catalog.tables):
            with self._noting():
                tables.append(self._table(number, table, definitions[table.name], referenced))
        return tables

    def _table(self, number: int, table: Table, definition: TableDefinition, referenced: References) -> PlannedTable:
        existing = self._existing[table.name.schema]
        # A run that never ended well may have made it without the keys that were to be built after its data.
        unfinished = self._selection.target(table.name).name in existing.unfinished
        may_lack = can_wait(table, definition, referenced) if unfinished else ()
        action = decide_table(self._target, existing, table, self._selection, self._if_exists, may_lack)
        # A table that is kept has its keys already, but for those.
        late = deferrable(table, definition, referenced) if self._defer_keys else ()
        deferred = late if action in ("create", "drop") else may_lack
        return PlannedTable.chosen(number, table, self._selection, action, deferred)

    def objects(self, skipped: set[TableName]) -> list[PlannedObject]:
        objects = []
        for number, stored in enumerate(self._catalog.objects):
            with self._noting():
                name = self._name(stored)
                skip = decide_object(
                    self._existing[stored.name.schema], stored, name, self._selection.content, self._if_exists
                )
                skip = skip or TableName(stored.name.schema, stored.table) in skipped
                table = self._selection.target(TableName(stored.name.schema, stored.table)).name
                planned = PlannedObject(number, replace(stored, table=table), name, skip)
                if self._selection.content == "data" and planned.acts and not skip:
                    self._require_equal_actor(planned)
                objects.append(planned)
        return objects

    def _require_equal_actor(self, planned: PlannedObject) -> None:
        existing = self._existing[planned.object.name.schema]
        across = is_foreign(self._catalog.server, self._target.flavor.vendor)
        require_equal_actor(self._target, existing, planned.object, planned.target, across, self._selection.fold_names)

    def _name(self, stored: StoredObject) -> TableName:
        # Servers that fold the names of tables and views keep those of routines, triggers and events.
        if stored.kind in ("view", "sequence"):
            return self._selection.target(stored.name)
        return TableName(self._selection.target_schema(stored.name.schema), stored.name.name)

    def look_at_other_ledgers(self, tables: list[PlannedTable]) -> None:
        with self._noting():
            require_alone(
                self._target, self._ledger, [planned.target for planned in tables if planned.action != "skip"]
            )

    def look_at_actors(self, tables: list[PlannedTable]) -> None:
        for schema, found in self._existing.items():
            with self._noting():
                self._look_at_actors(tables, schema, found)

    def _look_at_actors(self, tables: list[PlannedTable], schema: str, existing: ExistingSchema) -> None:
        truncated = frozenset(
            planned.target.name
            for planned in tables
            if planned.action == "truncate" and planned.table.name.schema == schema
        )
        names = {
            kind: frozenset(stored.name.name for stored in self._catalog.of_kind(kind) if stored.name.schema == schema)
            for kind in ("trigger", "event")
        }
        events = names["event"] if self._selection.takes_events else None
        require_known_actors(existing, truncated, names["trigger"], events)
