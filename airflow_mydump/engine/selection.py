"""What is to be moved: which databases and tables, and under which names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from airflow_mydump.engine.errors import SelectionError
from airflow_mydump.engine.identifier import TableName

LEDGER_SCHEMA = "airflow_mydump"
"""The database on a target in which runs record their progress."""

SYSTEM_SCHEMAS = frozenset({"information_schema", "mysql", "performance_schema", "sys", LEDGER_SCHEMA})


@dataclass(frozen=True)
class Selection:
    """Databases by exact name; in them, tables by glob; databases may get other names on the target.

    A glob with a dot is matched against ``database.table``, one without against the table's name; case
    matters. A table is selected if it matches any ``include`` (or there is none) and no ``exclude``.
    Views, routines, triggers and events follow: views by the same globs, the others with their database,
    a trigger with its table; routines and events only when no ``include`` narrows the choice.

    ``fold_names`` is set for a target that keeps names of databases, tables and views in lower case.

    ``where`` maps ``database.table`` to an SQL condition; only rows that meet it are taken. It should say the same
    whenever it is asked: what depends on RAND() or NOW() may fail the run.

    Raises SelectionError on a selection that cannot be right.
    """

    schemas: tuple[str, ...]
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    rename: Mapping[str, str] = field(default_factory=dict)
    where: Mapping[str, str] = field(default_factory=dict)
    fold_names: bool = False

    def __post_init__(self) -> None:
        if not self.schemas:
            raise SelectionError("no database is selected: name at least one")
        if system := sorted(SYSTEM_SCHEMAS & {name.lower() for name in self.schemas}):
            raise SelectionError(f"{system[0]} belongs to the server and cannot be moved")
        if twice := sorted({name for name in self.schemas if self.schemas.count(name) > 1}):
            raise SelectionError(f"database {twice[0]} is selected twice")
        if unknown := sorted(self.rename.keys() - set(self.schemas)):
            raise SelectionError(f"rename names database {unknown[0]}, which is not selected")
        if odd := sorted(name for name, condition in self.where.items() if not condition.strip()):
            raise SelectionError(f"the condition for {odd[0]} is empty: give one, or leave the table out of where")
        targets = [self.target_schema(name) for name in self.schemas]
        if clash := sorted({name for name in targets if targets.count(name) > 1}):
            raise SelectionError(f"two databases would both become {clash[0]} on the target")
        if system := sorted(SYSTEM_SCHEMAS & {name.lower() for name in targets}):
            raise SelectionError(f"{system[0]} belongs to the server: choose another target name")

    @property
    def takes_whole_schemas(self) -> bool:
        """Whether no glob narrows the choice, so that routines and events are part of it."""
        return not self.include

    def takes(self, table: TableName) -> bool:
        """Whether a table or view of a selected database is selected."""
        included = not self.include or any(_matches(table, glob) for glob in self.include)
        return included and not any(_matches(table, glob) for glob in self.exclude)

    def target_schema(self, schema: str) -> str:
        """The name that a source database has on the target."""
        return self._kept(self.rename.get(schema, schema))

    def target(self, name: TableName) -> TableName:
        """The name that a table or view of the source has on the target."""
        return TableName(self.target_schema(name.schema), self._kept(name.name))

    def _kept(self, name: str) -> str:
        return name.lower() if self.fold_names else name


def _matches(table: TableName, glob: str) -> bool:
    return fnmatchcase(str(table) if "." in glob else table.name, glob)
