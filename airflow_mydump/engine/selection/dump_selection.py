"""What of a dump is to be restored."""

from __future__ import annotations

from dataclasses import replace

from airflow_mydump.engine.errors import SelectionError
from airflow_mydump.engine.identifier import TableName
from airflow_mydump.engine.metadata.catalog import Catalog, StoredObject
from airflow_mydump.engine.selection.selection import Selection


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
