"""What the metadata prefetch found: databases, tables, columns, keys, sizes and other objects."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

from airflow_mydump.engine.identifier import TableName

ObjectKind = Literal["sequence", "view", "function", "procedure", "trigger", "event"]


@dataclass(frozen=True)
class Schema:
    """A database and the defaults that new tables in it get."""

    name: str
    charset: str
    collation: str


@dataclass(frozen=True, slots=True)
class Column:
    """A column. ``data_type`` is the bare type in lower case (``int``), ``octet_length`` its largest value's
    bytes where it is a string or binary type, else 0. ``charset`` and ``collation`` are empty where it has none.
    ``by_meaning`` marks JSON that the source keeps as text and the target in a form of its own. ``persistent`` are
    generated ones whose values are stored."""

    name: str
    data_type: str
    column_type: str
    nullable: bool
    generated: bool
    auto_increment: bool
    octet_length: int
    charset: str = ""
    collation: str = ""
    by_meaning: bool = False
    persistent: bool = False

    @property
    def unsigned(self) -> bool:
        """Whether an integer column has no negative values."""
        return "unsigned" in self.column_type.lower()


@dataclass(frozen=True, slots=True)
class Key:
    """A unique index without nullable columns, which names each row once; the first is the primary key if there is one.

    ``columns`` are those leading columns by which the index orders rows: they end before a part that is an expression
    or covers only a prefix of its column, and before the direction changes.
    """

    name: str
    columns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Partition:
    """A partition with all its subpartitions; the figures are the server's estimates."""

    name: str
    rows: int
    data_bytes: int


@dataclass(frozen=True, slots=True)
class History:
    """What MariaDB keeps of a system-versioned table's earlier rows. ``period`` are the columns from when and until
    when a row was current, ``kept`` whether all versions are moved, and ``last_moment`` until when current rows are."""

    period: tuple[Column, Column]
    kept: bool
    last_moment: str


@dataclass(frozen=True, slots=True)
class Table:
    """A base table. ``rows`` and ``data_bytes`` are the server's estimates, never exact.

    ``definition`` is its SHOW CREATE TABLE text; the empty string in copies of this object that travel to
    tasks which have no use for it. ``primary_key`` is empty where there is none, or where its values recur in
    versions of a row. ``keys`` are in the order of the definition. ``history`` is None unless the table is
    system-versioned. ``file_bytes`` is the size of its files, 0 where the account may not see it or they hold other
    tables too. ``structure_only`` says that none of its rows are taken.
    """

    name: TableName
    engine: str
    rows: int
    data_bytes: int
    columns: tuple[Column, ...]
    primary_key: tuple[str, ...]
    definition: str
    keys: tuple[Key, ...] = ()
    partitions: tuple[Partition, ...] = ()
    file_bytes: int = 0
    structure_only: bool = False
    history: History | None = None

    @property
    def stored_columns(self) -> tuple[Column, ...]:
        """The columns that are moved: invisible ones belong, generated ones do not, and with all versions of rows go
        the columns that say of when they are."""
        own = tuple(column for column in self.columns if not column.generated)
        return (*own, *self.history.period) if self.history and self.history.kept else own

    @property
    def digested_columns(self) -> tuple[Column, ...]:
        """The columns whose values must be the source's: those that are moved, and generated ones that are stored, for
        their expressions may depend on a session's time zone or sql_mode. Those that say of when rows are do not."""
        times = {column.name for column in self.history.period} if self.history else ()
        kept = (column for column in self.columns if column.persistent and column.name not in times)
        return (*self.stored_columns, *kept)

    @property
    def time_clause(self) -> str:
        """What follows the table's name, and its partitions, where its rows are read: which versions of them."""
        return " FOR SYSTEM_TIME ALL" if self.history and self.history.kept else ""

    @property
    def transactional(self) -> bool:
        """Whether a load into such a table can be rolled back."""
        return self.engine.lower() in {"innodb", "rocksdb", "tokudb", "ndbcluster"}

    def column(self, name: str) -> Column:
        """The column of this name; KeyError if there is none."""
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(name)


@dataclass(frozen=True)
class SequenceState:
    """The one row of a sequence. ``next_value`` is the first that no cache has taken; ``cycles`` is 0 or 1, ``rounds``
    how often it began anew."""

    next_value: int
    minimum: int
    maximum: int
    start: int
    increment: int
    cache: int
    cycles: int
    rounds: int


@dataclass(frozen=True)
class StoredObject:
    """A view, routine, trigger, event or sequence: its text and the session state it was created under.

    ``database_collation`` is the default that the database had then: parameters and variables of routines took theirs
    from it. ``table`` is the table of a trigger. ``time_zone`` is an event's, ``state`` a
    sequence's.
    """

    kind: ObjectKind
    name: TableName
    definition: str
    sql_mode: str
    charset: str
    collation: str
    database_collation: str = ""
    table: str = ""
    time_zone: str = ""
    state: SequenceState | None = None

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"


@dataclass(frozen=True)
class Catalog:
    """All that a run selected on the source, in the order of their names. ``server`` is what that is, ``identity``
    which one, empty if nobody knows. ``lasting`` has, by their quoted names, the `lasting` identities of tables."""

    server: str
    schemas: tuple[Schema, ...]
    tables: tuple[Table, ...]
    objects: tuple[StoredObject, ...]
    identity: str = ""
    lasting: Mapping[str, str] = field(default_factory=dict)

    @property
    def named_in_files(self) -> list[TableName]:
        """What has files of its own in a dump directory, in an order that gives the same file names each time."""
        return [
            *(table.name for table in self.tables),
            *(stored.name for stored in self.of_kind("view")),
            *(stored.name for stored in self.of_kind("sequence")),
        ]

    def of_kind(self, kind: ObjectKind) -> Iterator[StoredObject]:
        """The objects of one kind, in their order of creation."""
        return (found for found in self.objects if found.kind == kind)
