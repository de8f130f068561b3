"""Compares what a finished run left on the target with the definitions that its plan has from the source."""

from __future__ import annotations

from collections.abc import Iterator

from airflow_mydump.engine.metadata.catalog import Schema
from airflow_mydump.engine.phases.inspection import Inspection, triggers_by_table
from airflow_mydump.engine.phases.plan import OBJECTS, SCHEMAS, plan_path, schema_file
from airflow_mydump.engine.plan.plan import Plan, PlannedObject, SchemaBundle
from airflow_mydump.engine.server.session import Session
from airflow_mydump.engine.translation.catalog import is_foreign
from airflow_mydump.engine.workdir import WorkDirectory


def structure_differences(session: Session, directory: WorkDirectory, plan: Plan) -> Iterator[tuple[str, str]]:
    """Every difference in databases, tables, triggers and other objects, each after its target database's name.

    What the run left alone, or moved rows into only, is not looked at. One bundle of tables is in memory at a time.
    Raises ServerError.
    """
    path = plan_path(plan.identity)
    objects = directory.read_lines(f"{path}/{OBJECTS}", PlannedObject)
    triggers = triggers_by_table(objects)
    # Of another tool's dump nobody knows the server, nor whether it printed the definitions.
    across = is_foreign(plan.source_server, session.flavor.vendor)
    inspection = Inspection(session, plan.selection, terse=not plan.source_server, across=across)
    yield from inspection.schema_differences(directory.read_lines(f"{path}/{SCHEMAS}", Schema))
    for part in range(plan.parts):
        tables = directory.read(schema_file(plan.identity, part), SchemaBundle).tables
        if plan.selection.content != "data":
            for planned, difference in inspection.table_differences(tables):
                yield planned.target.schema, difference
        if plan.selection.triggers:
            for planned in tables:
                for difference in inspection.trigger_differences(planned.target, triggers.get(planned.target, ())):
                    yield planned.target.schema, difference
    for item in objects:
        if not item.skip:
            for difference in inspection.object_differences(item):
                yield item.target.schema, difference
