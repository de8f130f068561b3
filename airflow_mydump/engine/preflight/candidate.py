"""What every check over the catalog looks at: what is to be moved, and where to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from airflow_mydump.engine.ddl.create_table import TableDefinition
from airflow_mydump.engine.identifier import TableName
from airflow_mydump.engine.metadata.catalog import Catalog
from airflow_mydump.engine.selection.selection import Selection
from airflow_mydump.engine.server.session import Session


@dataclass(frozen=True)
class Candidate:
    """A catalog on its way to a target. ``target`` is a metadata session there; ``definitions`` are the tables'."""

    target: Session
    catalog: Catalog
    definitions: Mapping[TableName, TableDefinition]
    selection: Selection

    @cached_property
    def variables(self) -> Mapping[str, str]:
        """The target's global variables. Raises ServerError."""
        return read_variables(self.target)


def read_variables(session: Session) -> dict[str, str]:
    """A server's global variables, by name. Raises ServerError."""
    return dict(session.pairs("SHOW GLOBAL VARIABLES"))
