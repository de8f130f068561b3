"""What the target holds already, and what is to be done about it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

from airflow_mydump.engine.ddl.event_state import disabled, is_enabled
from airflow_mydump.engine.errors import DefinitionError, PreflightError
from airflow_mydump.engine.identifier import TableName, literal
from airflow_mydump.engine.ledger import Actor, removed_objects, table_in, unfinished_tables
from airflow_mydump.engine.metadata.catalog import ObjectKind, StoredObject, Table
from airflow_mydump.engine.metadata.history import VERSIONED
from airflow_mydump.engine.metadata.object_catalog import show_object
from airflow_mydump.engine.metadata.schema_condition import in_schemas
from airflow_mydump.engine.plan.plan import Action, IfExists
from airflow_mydump.engine.plan.recipient import require_recipient
from airflow_mydump.engine.selection.selection import LEDGER_SCHEMA, Content, Selection
from airflow_mydump.engine.server.session import Session
from airflow_mydump.engine.structure.difference import object_differences, table_differences
from airflow_mydump.engine.structure.table import read_table_structure

_ADVICE = "use if_exists=drop to replace it, or remove it"


@dataclass(frozen=True)
class ExistingSchema:
    """The names in one target database. ``tables`` maps a name to its TABLE_TYPE, views included;
    ``triggers`` maps a trigger's name to its table. ``unfinished`` are tables of a run that never ended well,
    ``removed`` the triggers and events that such a run has taken away, by what ``ledger`` says."""

    name: str
    tables: Mapping[str, str]
    triggers: Mapping[str, str]
    objects: frozenset[tuple[ObjectKind, str]]
    unfinished: frozenset[str]
    removed: frozenset[Actor] = frozenset()
    ledger: str = LEDGER_SCHEMA


def read_existing(session: Session, schema: str, ledger: str = LEDGER_SCHEMA) -> ExistingSchema:
    """Look at one target database, which need not exist, and at what ``ledger`` says of it. Raises ServerError."""

    def of_schema(view: str, column: str) -> str:
        return f"FROM information_schema.{view} WHERE {in_schemas(column, [schema])}"

    tables = session.pairs(f"SELECT TABLE_NAME, TABLE_TYPE {of_schema('TABLES', 'TABLE_SCHEMA')}")
    triggers = session.pairs(f"SELECT TRIGGER_NAME, EVENT_OBJECT_TABLE {of_schema('TRIGGERS', 'TRIGGER_SCHEMA')}")
    routines = session.pairs(f"SELECT LOWER(ROUTINE_TYPE), ROUTINE_NAME {of_schema('ROUTINES', 'ROUTINE_SCHEMA')}")
    events = session.text_rows(f"SELECT EVENT_NAME {of_schema('EVENTS', 'EVENT_SCHEMA')}")
    objects: set[tuple[ObjectKind, str]] = {("event", name) for (name,) in events}
    objects |= {("trigger", name) for name, _ in triggers}
    objects |= {("view", name) for name, kind in tables if kind == "VIEW"}
    objects |= {("sequence", name) for name, kind in tables if kind == "SEQUENCE"}
    objects |= {("function" if kind == "function" else "procedure", name) for kind, name in routines}
    return ExistingSchema(
        schema,
        dict(tables),
        dict(triggers),
        frozenset(objects),
        unfinished_tables(session, ledger, schema),
        removed_objects(session, ledger, schema),
        ledger,
    )


def decide_table(
    session: Session, existing: ExistingSchema, table: Table, selection: Selection, if_exists: IfExists,
    may_lack: Collection[str] = (),
) -> Action:  # fmt: skip
    """What the schema phase is to do for a table, by what the target has under its name.

    ``may_lack`` are keys that it may be without and still be truncated, since they are added later.

    Raises PreflightError where the user's choice forbids it or would lose something, ServerError.
    """
    target = selection.target(table.name)
    kind = existing.tables.get(target.name)
    if selection.content == "data":
        require_recipient(session, table, target, kind)
        return "truncate"
    if kind is None:
        return "create"
    if if_exists == "fail":
        raise PreflightError(f"the target already has {target} and if_exists is fail; nothing was changed")
    if kind not in ("BASE TABLE", VERSIONED):
        raise PreflightError(f"the target has a {kind.lower()} named {target}, where a table is to go; remove it")
    if if_exists == "skip":
        if target.name in existing.unfinished:
            raise PreflightError(
                f"{target} was left incomplete by an earlier run, so it cannot be skipped; "
                "resume that run, or use if_exists=truncate"
            )
        return "skip"
    if if_exists == "truncate":
        _require_equal(session, table, selection, may_lack)
        # MariaDB has no TRUNCATE for system-versioned tables (error 4137), and DELETE would leave history.
        return "keep" if table.structure_only else "drop" if table.history else "truncate"
    return if_exists


def decide_object(
    existing: ExistingSchema, stored: StoredObject, target: TableName, content: Content, if_exists: IfExists
) -> bool:
    """Whether a view, routine, trigger, event or sequence is to be left alone: because the target has it, or, where
    data alone is moved, because it has it not (what acts by itself is taken away for the load, and comes back
    after it, or after that of a later run).

    Raises PreflightError where the user's choice forbids it.
    """
    if content == "data":
        removed = {(actor.kind, actor.name.name) for actor in existing.removed}
        return (stored.kind, target.name) not in existing.objects | removed
    there = existing.tables.get(target.name, stored.kind.upper())
    if stored.kind in ("view", "sequence") and there != stored.kind.upper():
        what = "table" if there == "BASE TABLE" else there.lower()
        raise PreflightError(f"the target has a {what} named {target}, where a {stored.kind} is to go; remove it")
    if (stored.kind, target.name) not in existing.objects:
        return False
    if if_exists == "fail":
        raise PreflightError(
            f"the target already has {stored.kind} {target} and if_exists is fail; nothing was changed"
        )
    return if_exists == "skip"


def require_equal_actor(
    session: Session, existing: ExistingSchema, stored: StoredObject, target: TableName, across: bool, fold_names: bool
) -> None:
    """Refuse to replace a trigger or event of the target by one that is not equal, where data alone is moved: it is
    taken away while rows come, and the source's comes back. What an earlier run began to make anew is no other.

    ``stored`` is the source's as it would be made; ``across`` and ``fold_names`` as in `object_differences`.
    Raises PreflightError, ServerError.
    """
    if (stored.kind, target.name) not in existing.objects:
        return
    wanted = [replace(stored, name=target)]
    noted = any((actor.kind, actor.name) == (stored.kind, target) for actor in existing.removed)
    if noted and is_enabled(stored):
        wanted.append(disabled(wanted[0]))
    theirs = show_object(session, stored.kind, target)
    where = f"{stored.kind} {target}"
    try:
        found = [next(object_differences(where, each, theirs, across, fold_names), "") for each in wanted]
    except DefinitionError as error:
        raise PreflightError(f"{where} cannot be compared with the source's: {error}") from error
    if all(found):
        raise PreflightError(
            f"{found[0]}; content=data would leave the source's in place of the target's: make them equal, or drop the "
            f"target's before and make it anew afterwards{', or leave events out' if stored.kind == 'event' else ''}"
        )


def _require_equal(session: Session, table: Table, selection: Selection, may_lack: Collection[str]) -> None:
    """A table may be emptied and kept only if it is what the source's definition would create.

    Foreign keys that it has must be the source's, and so must the keys in ``may_lack``; those that it has not are added
    later. Its counter will be set.
    """
    target = selection.target(table.name)
    theirs = read_table_structure(target, session.text_rows(f"SHOW CREATE TABLE {target.sql}")[0][1])
    ours = read_table_structure(table.name, table.definition, table.columns)
    lacking = set(may_lack) - {key.name for key in theirs.keys}
    ours = replace(
        ours,
        keys=tuple(key for key in ours.keys if key.name not in lacking),
        foreign_keys=tuple(
            replace(key, references=selection.target(key.references))
            for key in ours.foreign_keys
            if any(key.name == other.name for other in theirs.foreign_keys)
        ),
    )
    if difference := next(table_differences(ours, theirs), ""):
        raise PreflightError(
            f"{target} is not defined as {table.name} is, so it cannot be truncated ({difference}); {_ADVICE}"
        )


def require_known_actors(
    existing: ExistingSchema, truncated: frozenset[str], triggers: frozenset[str], events: frozenset[str] | None
) -> None:
    """Refuse triggers on kept tables and events that the source does not have: they would change data while it is
    loaded. Those that the source has are removed for the load and made anew afterwards; those that an earlier run has
    removed and not made anew, and this one would not, are refused as if they were there.

    ``events`` None means that the run does not move events, and that those on the target are the user's affair.

    Raises PreflightError.
    """
    for trigger, table in sorted(existing.triggers.items()):
        if table in truncated and trigger not in triggers:
            raise PreflightError(
                f"table {existing.name}.{table} on the target has trigger {trigger}, which this run does not bring "
                f"from the source and which would fire while data is loaded; {_ADVICE}"
            )
    present = {name for kind, name in existing.objects if kind == "event"}
    if events is not None and truncated and (unknown := sorted(present - events)):
        raise PreflightError(
            f"the target has event {existing.name}.{unknown[0]}, which the source has not and which could change data "
            "while it is loaded; remove it"
        )
    _require_none_lost(existing, truncated, triggers, events or frozenset())


def _require_none_lost(
    existing: ExistingSchema, truncated: frozenset[str], triggers: frozenset[str], events: frozenset[str]
) -> None:
    brought = {("trigger", name) for name in triggers} | {("event", name) for name in events}
    for actor in sorted(existing.removed, key=str):
        found = (actor.kind, actor.name.name)
        # Of an event nobody knows which tables it changes.
        concerned = actor.table in truncated if actor.table else bool(truncated)
        if concerned and found not in brought | existing.objects:
            raise PreflightError(
                f"an earlier run has taken {actor.kind} {actor.name} of the target away and not brought it back, and "
                f"this run does not bring it; let it take the {actor.kind} along, or make it anew on the target "
                "afterwards and say so now: "
                f"DELETE FROM {table_in(existing.ledger).sql} WHERE step = 'removed' AND target_schema = "
                f"{literal(actor.name.schema)} AND target_name = {literal(actor.name.name)}"
            )
