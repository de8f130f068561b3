"""What of a dump is to be restored."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from airflow_mydump.engine.catalog import Catalog, StoredObject
from airflow_mydump.engine.errors import SelectionError
from airflow_mydump.engine.identifier import TableName
from airflow_mydump.engine.selection import Content, Selection


@dataclass(frozen=True)
class DumpSelection:
    """What is wanted of a dump, before it is known which databases it holds: as in `selection.Selection`, but none of
    ``schemas`` stands for all, and there are no conditions on rows, for a file is loaded whole."""

    schemas: tuple[str, ...] = ()
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    rename: Mapping[str, str] = field(default_factory=dict)
    no_data: tuple[str, ...] = ()
    content: Content = "all"
    views: bool = True
    routines: bool = True
    triggers: bool = True
    events: bool = True
    allow_empty: bool = False

    def of(self, dumped: Sequence[str]) -> Selection:
        """The selection, of a dump with these databases. Raises SelectionError if it cannot be right."""
        if unknown := sorted(set(self.schemas) - set(dumped)):
            raise SelectionError(f"the dump has no database {unknown[0]}; it has {', '.join(dumped)}")
        return Selection(**(vars(self) | {"schemas": self.schemas or tuple(dumped)}))


def narrowed(catalog: Catalog, selection: Selection) -> Catalog:
    """The part of a dump's catalog that is selected. Raises SelectionError if that is no table and no view."""
    tables = tuple(
        replace(table, structure_only=table.structure_only or not selection.takes_rows(table.name))
        for table in catalog.tables
        if _takes(selection, table.name)
    )
    names = {table.name for table in tables}
    objects = tuple(stored for stored in catalog.objects if _takes_object(selection, stored, names))
    if not (tables or objects or selection.allow_empty):
        raise SelectionError("nothing in the dump is selected; check the names and patterns, or say allow_empty")
    return replace(
        catalog,
        schemas=tuple(schema for schema in catalog.schemas if schema.name in selection.schemas),
        tables=tables,
        objects=objects,
    )


def _takes(selection: Selection, name: TableName) -> bool:
    return name.schema in selection.schemas and selection.takes(name)


def _takes_object(selection: Selection, stored: StoredObject, tables: set[TableName]) -> bool:
    if stored.name.schema not in selection.schemas:
        return False
    if stored.kind == "view":
        return selection.takes_views and selection.takes(stored.name)
    if stored.kind == "sequence":
        return selection.takes(stored.name)
    if stored.kind == "trigger":
        return selection.triggers and TableName(stored.name.schema, stored.table) in tables
    return selection.takes_events if stored.kind == "event" else selection.takes_routines
