"""What is to be moved: which databases and tables, and under which names."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal, TypeVar, get_args

from airflow_mydump.engine.errors import SelectionError
from airflow_mydump.engine.identifier import TableName
from airflow_mydump.engine.selection.pattern import matches, require_pattern

Value = TypeVar("Value")

LEDGER_SCHEMA = "airflow_mydump"
"""The database on a target in which runs record their progress, unless they are given another."""

MARKER = "airflow_mydump_ledger"
"""The table that marks a target's database, as long as a run that records in another ledger fills it. It is no part of
the database's content, and never moved."""

SYSTEM_SCHEMAS = frozenset({"information_schema", "mysql", "performance_schema", "sys", LEDGER_SCHEMA})

Content = Literal["all", "schema", "data"]
"""What is taken of a table: all of it, its structure without rows, or its rows into a table that exists."""


HistoryChoice = Literal["current", "keep"]
"""What is taken of system-versioned tables: their current rows, or all versions that they keep."""


@dataclass(frozen=True)
class Selection:
    """Databases by exact name; in them, tables by pattern; databases may get other names on the target.

    A table is selected if it matches any ``include`` (or there is none) and no ``exclude``; see `pattern.matches`.
    Views, routines, triggers and events follow: views by the same patterns, the others with their database,
    a trigger with its table; routines and events only when no ``include`` narrows the choice. Each kind may be left
    behind by its flag.

    ``fold_names`` is set for a target that keeps names of databases, tables and views in lower case.

    ``where`` maps ``database.table`` to an SQL condition; only rows that meet it are taken. It should say the same
    whenever it is asked: what depends on RAND() or NOW() may fail the run. ``partitions`` maps ``database.table`` to
    the partitions whose rows are taken.

    ``content`` is what is taken of every table; of those that match ``no_data``, it is the structure at most.
    ``allow_empty`` says that it is no mistake if no table or view is selected. ``history`` is what is taken of
    system-versioned tables.

    Raises SelectionError on a selection that cannot be right.
    """

    schemas: tuple[str, ...]
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    rename: Mapping[str, str] = field(default_factory=dict)
    where: Mapping[str, str] = field(default_factory=dict)
    partitions: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    no_data: tuple[str, ...] = ()
    content: Content = "all"
    views: bool = True
    routines: bool = True
    triggers: bool = True
    events: bool = True
    allow_empty: bool = False
    history: HistoryChoice = "current"
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
        self._check_choice()
        targets = [self.target_schema(name) for name in self.schemas]
        if clash := sorted({name for name in targets if targets.count(name) > 1}):
            raise SelectionError(f"two databases would both become {clash[0]} on the target")
        if system := sorted(SYSTEM_SCHEMAS & {name.lower() for name in targets}):
            raise SelectionError(f"{system[0]} belongs to the server: choose another target name")

    def _check_choice(self) -> None:
        if odd := sorted(name for name, condition in self.where.items() if not condition.strip()):
            raise SelectionError(f"the condition for {odd[0]} is empty: give one, or leave the table out of where")
        if odd := sorted(name for name, chosen in self.partitions.items() if not chosen):
            raise SelectionError(f"partitions names none of {odd[0]}: name some, or leave the table out")
        if self.content not in get_args(Content):
            raise SelectionError(f"content is one of {', '.join(get_args(Content))}, not {self.content!r}")
        if self.history not in get_args(HistoryChoice):
            raise SelectionError(f"history is one of {', '.join(get_args(HistoryChoice))}, not {self.history!r}")
        for name in ("include", "exclude", "no_data"):
            for pattern in getattr(self, name):
                require_pattern(name, pattern)

    @property
    def takes_routines(self) -> bool:
        """Whether procedures and functions are part of the choice: no pattern narrows it."""
        return self.routines and not self.include and self.content != "data"

    @property
    def takes_events(self) -> bool:
        """Whether events are part of the choice: no pattern narrows it."""
        return self.events and not self.include

    @property
    def takes_views(self) -> bool:
        """Whether views are part of the choice."""
        return self.views and self.content != "data"

    def takes(self, table: TableName) -> bool:
        """Whether a table or view of a selected database is selected."""
        if self.content == "data" and _any(table, self.no_data):
            return False
        return (not self.include or _any(table, self.include)) and not _any(table, self.exclude)

    def takes_rows(self, table: TableName) -> bool:
        """Whether rows of a selected table are taken."""
        return self.content != "schema" and not _any(table, self.no_data)

    def only(self, schemas: Collection[str]) -> Selection:
        """The same of these databases alone. Raises SelectionError if one is not selected, or none is given."""
        if unknown := sorted(set(schemas) - set(self.schemas)):
            raise SelectionError(f"{unknown[0]} is not among the databases that were configured")
        return replace(
            self,
            schemas=tuple(name for name in self.schemas if name in schemas),
            rename={old: new for old, new in self.rename.items() if old in schemas},
            where=_within(self.where, schemas),
            partitions=_within(self.partitions, schemas),
        )

    def target_schema(self, schema: str) -> str:
        """The name that a source database has on the target."""
        return self._kept(self.rename.get(schema, schema))

    def target(self, name: TableName) -> TableName:
        """The name that a table or view of the source has on the target."""
        return TableName(self.target_schema(name.schema), self._kept(name.name))

    def _kept(self, name: str) -> str:
        return name.lower() if self.fold_names else name


def _any(table: TableName, patterns: tuple[str, ...]) -> bool:
    return any(matches(table, pattern) for pattern in patterns)


def _within(by_table: Mapping[str, Value], schemas: Collection[str]) -> dict[str, Value]:
    return {
        table: value for table, value in by_table.items() if any(table.startswith(f"{schema}.") for schema in schemas)
    }
