"""The turn that a run needs to make or silence what is not a table, and to change the defaults of databases."""

from __future__ import annotations

from airflow_mydump.engine.selection.selection import Selection


def objects_of(selection: Selection) -> list[str]:
    """What to have a turn with to touch the objects and defaults of the target's databases.

    All runs into a database share it: whoever takes tables over either waits until objects are made, or has marked the
    run that would make them as lost before it begins.
    """
    return [f"the objects of {selection.target_schema(name)}" for name in selection.schemas]
