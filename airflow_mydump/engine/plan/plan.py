"""The plan: every bundle of a run, and the identity under which progress is recorded."""

from __future__ import annotations

import secrets
from bisect import bisect_left
from dataclasses import dataclass, replace
from typing import Literal

from airflow_mydump.engine.chunking.chunk import Chunk
from airflow_mydump.engine.identifier import TableName
from airflow_mydump.engine.ledger import Actor
from airflow_mydump.engine.metadata.catalog import StoredObject, Table
from airflow_mydump.engine.plan.bundle import BundleReference
from airflow_mydump.engine.plan_identity import PlanIdentity
from airflow_mydump.engine.selection.selection import LEDGER_SCHEMA, Selection

Action = Literal["create", "truncate", "drop", "keep", "skip"]
"""What the schema phase does for a table: create a new one, empty one, replace one, keep an equal one with its rows
because none are moved, or leave it alone."""

IfExists = Literal["fail", "truncate", "drop", "skip"]
"""What the user wants done with a table that the target has already."""


@dataclass(frozen=True)
class PlannedTable:
    """A table with its number in the plan, its name on the target and what is done for it there.

    ``deferred`` names the secondary keys that are built after the data. ``where`` is the user's condition for the rows
    to take, empty for all; ``partitions`` are those to take, empty for all.
    """

    number: int
    table: Table
    target: TableName
    action: Action
    deferred: tuple[str, ...] = ()
    where: str = ""
    partitions: tuple[str, ...] = ()

    @classmethod
    def chosen(
        cls, number: int, table: Table, selection: Selection, action: Action, deferred: tuple[str, ...] = ()
    ) -> PlannedTable:
        """A table with what a selection says about it."""
        name = str(table.name)
        return cls(
            number,
            table,
            selection.target(table.name),
            action,
            deferred,
            selection.where.get(name, ""),
            selection.partitions.get(name, ()),
        )

    def without_definition(self) -> PlannedTable:
        """The same for tasks that have no use for the definition."""
        return replace(self, table=replace(self.table, definition=""))


@dataclass(frozen=True)
class SchemaBundle:
    """The tables that one schema-phase task creates. The same bundle serves the index phase."""

    identity: PlanIdentity
    selection: Selection
    tables: tuple[PlannedTable, ...]


@dataclass(frozen=True)
class DataBundle:
    """The chunks that one data-phase task moves, and one verify task checks, with their tables."""

    identity: PlanIdentity
    tables: tuple[PlannedTable, ...]
    chunks: tuple[Chunk, ...]

    def table_of(self, chunk: Chunk) -> PlannedTable:
        """The table a chunk belongs to. Tables are in the order of their numbers."""
        return self.tables[bisect_left(self.tables, chunk.table, key=lambda table: table.number)]


@dataclass(frozen=True)
class PlannedObject:
    """A view, routine, trigger or event with its number in the plan and its name on the target."""

    number: int
    object: StoredObject
    target: TableName
    skip: bool

    @property
    def acts(self) -> bool:
        """Whether it acts by itself, and so is not on the target while rows are loaded."""
        return self.object.kind in ("trigger", "event")

    @property
    def actor(self) -> Actor:
        """What the ledger notes of one that acts by itself when it is taken away."""
        return Actor(self.object.kind, self.target, self.object.table)


@dataclass(frozen=True)
class SchemaTotals:
    """What is planned for one database; ``target`` is its name there. ``filled`` are those of the tables that rows, or
    the proof that there are none, are moved for."""

    target: str
    tables: int
    filled: int
    skipped: int
    chunks: int
    objects: int


@dataclass(frozen=True)
class Plan:
    """The summary that stays when the bundles are written; enough for the accounting at the end.

    ``parts`` is the number of schema bundles. ``consistency`` says how the rows of different chunks belong together,
    ``verify`` whether they are read again on the target and compared, ``users`` which accounts come along,
    ``source_identity`` which server the source was, empty for a dump directory.
    """

    identity: PlanIdentity
    source: str
    target: str
    source_server: str
    target_server: str
    selection: Selection
    if_exists: IfExists
    schemas: tuple[SchemaTotals, ...]
    parts: int
    data_bundles: tuple[BundleReference, ...]
    objects: int
    notes: tuple[str, ...]
    consistency: str = "none: each chunk was read when its turn came, all of a chunk at one moment"
    verify: bool = True
    users: tuple[str, ...] = ()
    source_identity: str = ""

    @property
    def tables(self) -> int:
        """Tables to be created, emptied or replaced, without those left alone."""
        return sum(schema.tables for schema in self.schemas)

    @property
    def chunks(self) -> int:
        """Chunks to be moved."""
        return sum(schema.chunks for schema in self.schemas)


def new_identity(run_key: str, content: str, ledger: str = LEDGER_SCHEMA) -> PlanIdentity:
    """An identity for one execution of the planner: the content's fingerprint and a fresh nonce."""
    return PlanIdentity(run_key, f"{content}-{secrets.token_hex(4)}", ledger=ledger)
