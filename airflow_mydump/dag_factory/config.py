"""What a user says about a migration: frozen dataclasses, checked when they are made.

Every message names the config and the field that is wrong.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import get_args

from airflow_mydump.dag_factory.requirement import require
from airflow_mydump.engine.consistency.settings import Consistency
from airflow_mydump.engine.ddl.definer import Definers
from airflow_mydump.engine.errors import ConfigurationError, SelectionError
from airflow_mydump.engine.ledger_guard import require_ledger
from airflow_mydump.engine.plan.adaptation import Adaptation
from airflow_mydump.engine.plan.plan import IfExists
from airflow_mydump.engine.plan.planner import Strategy
from airflow_mydump.engine.preflight.foreign_key import ForeignKeys
from airflow_mydump.engine.retry import Patience
from airflow_mydump.engine.selection.pattern import require_pattern
from airflow_mydump.engine.selection.selection import LEDGER_SCHEMA, Content, HistoryChoice
from airflow_mydump.engine.size import parse_size
from airflow_mydump.engine.translation.choice import TranslationChoice


@dataclass(frozen=True)
class SourceConfig:
    """The server to read from, and the databases on it.

    :param conn_id: connection of type ``mysql``
    :param schemas: databases, by exact name
    """

    conn_id: str
    schemas: Sequence[str]

    def __post_init__(self) -> None:
        require(self, "conn_id", bool(self.conn_id), "names no connection")
        require(self, "schemas", not isinstance(self.schemas, str), "is a list of names, not one string")
        require(self, "schemas", bool(self.schemas), "names no database")


@dataclass(frozen=True)
class TargetConfig:
    """The server to write to.

    :param conn_id: connection of type ``mysql``
    :param rename: other names for databases, from source to target
    :param if_exists: what to do with tables that the target has: ``truncate`` (default), ``drop``, ``skip``, ``fail``
    :param emit_assets: whether each database that was moved gets an event of its `tenant_asset`, for DAGs that wait
    :param binlog: whether the target writes the run to its binary log, and so to its replicas
    :param ledger: the target's database in which runs are recorded. All that fill the same tables need the same
    :param keep_ledger: whether all that a complete run recorded in the ledger stays there; else one row does
    :param definers: ``keep`` (default) the definers of views, routines, triggers and events, ``strip`` them, so that
        the target's account becomes the definer, or give others: ``{"old@host": "new@host"}``
    :param rewrite_names: whether bodies get the new name of a renamed database; None refuses a run where one names it
    :param foreign_keys: what to do with those to tables that are not selected: ``refuse`` the run (default), or
        ``keep`` them where the target has the table
    :param users: globs of the source's accounts (``app_*@%``) to be made, with their roles and privileges; those that
        the target has are left as they are. Not for a restore
    :param collations: on a target of the other vendor, its collation for one of the source
    :param types: on a target of the other vendor, what becomes of a type that it has not: ``{"uuid": "char(36)"}``
    """

    conn_id: str
    rename: Mapping[str, str] = field(default_factory=dict)
    if_exists: IfExists = "truncate"
    binlog: bool = True
    ledger: str = LEDGER_SCHEMA
    keep_ledger: bool = False
    definers: Definers = "keep"
    rewrite_names: bool | None = None
    foreign_keys: ForeignKeys = "refuse"
    users: Sequence[str] = ()
    emit_assets: bool = True
    collations: Mapping[str, str] = field(default_factory=dict)
    types: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        require(self, "conn_id", bool(self.conn_id), "names no connection")
        choices = get_args(IfExists)
        require(self, "if_exists", self.if_exists in choices, f"is not one of {', '.join(choices)}")
        require(self, "users", not isinstance(self.users, str), "is a list of globs, not one string")
        try:
            require_ledger(self.ledger)
            _ = self.adaptation
        except ConfigurationError as error:
            raise ConfigurationError(f"TargetConfig.{error}") from None
        try:
            TranslationChoice(self.collations, self.types)
        except ConfigurationError as error:
            raise ConfigurationError(f"TargetConfig.types: {error}") from None

    @property
    def adaptation(self) -> Adaptation:
        """How definitions are adapted, in the engine's words."""
        return Adaptation(self.definers, self.rewrite_names, self.foreign_keys)


@dataclass(frozen=True)
class SelectionConfig:
    """What of the databases to take; see `engine.selection`.

    A pattern is a glob on ``table`` or ``database.table``, or ``re:`` and a regular expression for all of
    ``database.table``.

    :param include: patterns of tables and views; none takes all
    :param exclude: patterns of tables and views to leave out
    :param where: SQL conditions by ``database.table``; only rows that meet them are taken
    :param partitions: names of partitions by ``database.table``; only their rows are taken
    :param no_data: patterns of tables whose structure is taken without rows
    :param content: ``all`` (default), ``schema`` for structure without rows, ``data`` for rows into tables that exist
    :param views: whether views are taken
    :param routines: whether procedures and functions are taken
    :param triggers: whether triggers are taken
    :param events: whether events are taken
    :param allow_empty: whether a selection that holds no table is in order
    :param history: what is taken of system-versioned tables: ``current`` rows (default), or ``keep`` for all versions
    """

    include: Sequence[str] = ()
    exclude: Sequence[str] = ()
    where: Mapping[str, str] = field(default_factory=dict)
    partitions: Mapping[str, Sequence[str]] = field(default_factory=dict)
    no_data: Sequence[str] = ()
    content: Content = "all"
    views: bool = True
    routines: bool = True
    triggers: bool = True
    events: bool = True
    allow_empty: bool = False
    history: HistoryChoice = "current"

    def __post_init__(self) -> None:
        for name in ("include", "exclude", "no_data"):
            patterns = getattr(self, name)
            require(self, name, not isinstance(patterns, str), "is a list of patterns, not one string")
            for pattern in patterns:
                try:
                    require_pattern(f"{type(self).__name__}.{name}", pattern)
                except SelectionError as error:
                    raise ConfigurationError(str(error)) from None
        for name in ("where", "partitions"):
            require(self, name, all("." in table for table in getattr(self, name)), "is not by database.table")
        named = self.partitions.values()
        require(
            self, "partitions", all(names and not isinstance(names, str) for names in named), "has no list of names"
        )
        choices = get_args(Content)
        require(self, "content", self.content in choices, f"is not one of {', '.join(choices)}")
        histories = get_args(HistoryChoice)
        require(self, "history", self.history in histories, f"is not one of {', '.join(histories)}")
        require(self, "where", all(condition.strip() for condition in self.where.values()), "has an empty condition")


@dataclass(frozen=True)
class ConsistencyConfig(Consistency):
    """How the rows of different chunks belong together, and what that may cost the source; see `Consistency`."""


@dataclass(frozen=True)
class PlanConfig:
    """How to cut tables into chunks.

    :param chunk_bytes: size of the ranges that large tables are cut into; a number, or text such as ``64M``
    :param max_bundles: the most mapped tasks a phase may have, 1 to 512
    :param defer_keys: whether large tables get their secondary keys after the data, which is faster
    :param strategy: ``adaptive`` (default) follows the rows, ``uniform`` cuts even ranges of the key
    :param max_key_prefix_length: columns of a key that chunks may be bounded by; 0 is all that can be used
    """

    chunk_bytes: int | str = "64M"
    max_bundles: int = 512
    defer_keys: bool = True
    strategy: Strategy = "adaptive"
    max_key_prefix_length: int = 0

    def __post_init__(self) -> None:
        try:
            parse_size(str(self.chunk_bytes))
        except ConfigurationError as error:
            raise ConfigurationError(f"PlanConfig.chunk_bytes: {error}") from None
        require(self, "max_bundles", 1 <= self.max_bundles <= 512, "is not between 1 and 512")
        choices = get_args(Strategy)
        require(self, "strategy", self.strategy in choices, f"is not one of {', '.join(choices)}")
        require(self, "max_key_prefix_length", self.max_key_prefix_length >= 0, "is negative")


@dataclass(frozen=True)
class ExecutionConfig:
    """How the tasks run.

    :param concurrency: mapped tasks of a phase at a time in one run
    :param pool: Airflow pool for every task that works on the servers; caps the load over all DAGs
    :param source_pool: pool for the tasks that read the source, instead of ``pool``
    :param target_pool: pool for the tasks that work on the target alone, instead of ``pool``
    :param retries: times a task is tried again; errors that no retry can cure are not retried
    :param retry_delay: pause before the first of them
    :param attempts: how often a step is tried within a task when a server is away or refuses for a while, see
        `Patience`
    :param first_pause_seconds: pause after the first of these tries; each is twice the one before
    :param longest_pause_seconds: what these pauses grow to
    :param work_directory: path or fsspec URL that all workers see; None is right where all tasks run on one machine
    """

    concurrency: int = 4
    pool: str | None = None
    source_pool: str | None = None
    target_pool: str | None = None
    retries: int = 2
    retry_delay: timedelta = timedelta(seconds=30)
    attempts: int = Patience.attempts
    first_pause_seconds: float = Patience.first_pause_seconds
    longest_pause_seconds: float = Patience.longest_pause_seconds
    work_directory: str | None = None

    def __post_init__(self) -> None:
        require(self, "concurrency", self.concurrency >= 1, "is less than 1")
        require(self, "retries", self.retries >= 0, "is negative")
        try:
            _ = self.patience
        except ConfigurationError as error:
            raise ConfigurationError(f"ExecutionConfig.{error}") from None

    @property
    def patience(self) -> Patience:
        """How long servers are waited for, in the engine's words."""
        return Patience(self.attempts, self.first_pause_seconds, self.longest_pause_seconds)


@dataclass(frozen=True)
class VerifyConfig:
    """How a run proves what it moved.

    :param rows: whether the target's rows are read again and compared with the source's checksums. Without, the graph
        has no verify task, and the report says that rows are not verified
    """

    rows: bool = True
