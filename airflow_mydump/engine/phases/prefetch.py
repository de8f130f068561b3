"""Prefetch-metadata: reads all that a run needs to know of the source, in a constant number of bulk queries.

Only definitions are read one by one, because servers show them in no other way.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from airflow_mydump.engine.chunking.chunk_key import PRIMARY
from airflow_mydump.engine.chunking.key_catalog import in_order_of_definition, read_keys, without_misordered
from airflow_mydump.engine.error_number import NO_SUCH_TABLE
from airflow_mydump.engine.errors import PreflightError, SelectionError, ServerError
from airflow_mydump.engine.identifier import TableName, literal, quote
from airflow_mydump.engine.metadata.catalog import Catalog, Column, ObjectKind, Schema, StoredObject, Table
from airflow_mydump.engine.metadata.datatype import require_supported
from airflow_mydump.engine.metadata.definition import Definitions, readable
from airflow_mydump.engine.metadata.history import VERSIONED, read_history
from airflow_mydump.engine.metadata.lasting_identity import lasting, read_clock
from airflow_mydump.engine.metadata.object_catalog import show_object
from airflow_mydump.engine.metadata.schema_catalog import read_schemas
from airflow_mydump.engine.metadata.schema_condition import by_bytes, in_schemas
from airflow_mydump.engine.metadata.storage_catalog import read_file_bytes, read_partitions
from airflow_mydump.engine.metadata.storage_engine import require_movable
from airflow_mydump.engine.metadata.table_identity import read_identities
from airflow_mydump.engine.selection.selection import MARKER, Selection
from airflow_mydump.engine.server.endpoint import Endpoint
from airflow_mydump.engine.server.flavor import Flavor
from airflow_mydump.engine.server.server_name import server_identity
from airflow_mydump.engine.server.session import Session
from airflow_mydump.engine.server.session_state import metadata

_MOVABLE = {"BASE TABLE", VERSIONED, "VIEW", "SEQUENCE"}


def prefetch_metadata(source: Endpoint, selection: Selection, known: Collection[TableName] = ()) -> Catalog:
    """The catalog of everything selected, without the tables that are ``known`` already; that is fast where all are.

    Raises SelectionError when a database does not exist or nothing is selected, PreflightError when something
    selected cannot be moved faithfully, ConnectError, ServerError.
    """
    with Session(source, metadata) as session:
        source = source.on(server_identity(session))
        clock = read_clock(session)  # first: what is altered while the rest is read has a later time
        schemas = _schemas(session, selection)
        names = _Names(session, selection)
        figures = _figures(session, [name for name in names.tables if name not in known])
        times = {name: figure.made for name, figure in figures.items() if figure.engine == "InnoDB"}
        # Before the texts: the identity of a table that takes a name afterwards proves nothing about the one before it.
        identities = read_identities(session, list(times), times)
        return Catalog(
            server=str(session.flavor),
            schemas=schemas,
            tables=tuple(_tables(session, source, selection, figures)),
            lasting={name.sql: identity for name, identity in lasting(identities, clock).items()},
            objects=(
                *(show_object(session, "sequence", name) for name in names.sequences),
                *_routines(session, selection),
                *_views(session, names),
                *_triggers(session, selection, names),
                *_events(session, selection),
            ),
            identity=source.server,
        )


def _schemas(session: Session, selection: Selection) -> tuple[Schema, ...]:
    found = read_schemas(session)
    if absent := [name for name in selection.schemas if name not in found]:
        raise SelectionError(
            f"the source {session.endpoint} has no database {absent[0]}, or its account may not see it"
        )
    return tuple(found[name] for name in selection.schemas)


class _Names:
    """The selected tables, views and sequences."""

    def __init__(self, session: Session, selection: Selection) -> None:
        # Names alone: MariaDB opens every table to tell more of it.
        rows = session.text_rows(
            "SELECT TABLE_SCHEMA, TABLE_NAME, TABLE_TYPE "
            f"FROM information_schema.TABLES WHERE {in_schemas('TABLE_SCHEMA', selection.schemas)} "
            f"AND TABLE_NAME <> {literal(MARKER)} ORDER BY TABLE_SCHEMA, TABLE_NAME"
        )
        found = [(TableName(schema, name), kind) for schema, name, kind in rows]
        self.left_out = [name for name, _ in found if not selection.takes(name)]
        taken = [(name, kind) for name, kind in found if selection.takes(name)]
        if not taken and not selection.allow_empty:
            raise SelectionError(
                "the selection holds no table or view; check the names and patterns, or say allow_empty"
            )
        for name, kind in taken:
            if kind not in _MOVABLE:
                raise PreflightError(f"{name} is a {kind.lower()}, which cannot be moved yet; exclude it")
        self.tables = dict.fromkeys(name for name, kind in taken if kind in ("BASE TABLE", VERSIONED))
        self.views = [name for name, kind in taken if kind == "VIEW" and selection.takes_views]
        self.sequences = [name for name, kind in taken if kind == "SEQUENCE"]


def _columns(session: Session, schemas: Sequence[str]) -> dict[TableName, tuple[Column, ...]]:
    rows = session.text_stream(
        "SELECT TABLE_SCHEMA, TABLE_NAME, COLUMN_NAME, DATA_TYPE, COLUMN_TYPE, IS_NULLABLE, EXTRA, "
        "CHARACTER_OCTET_LENGTH, CHARACTER_SET_NAME, COLLATION_NAME "
        f"FROM information_schema.COLUMNS WHERE {in_schemas('TABLE_SCHEMA', schemas)} "
        "ORDER BY TABLE_SCHEMA, TABLE_NAME, ORDINAL_POSITION"
    )
    columns: dict[TableName, list[Column]] = defaultdict(list)
    for schema, table, name, data_type, column_type, nullable, extra, octets, charset, collation in rows:
        columns[TableName(schema, table)].append(
            Column(
                name=name,
                data_type=data_type.lower(),
                column_type=column_type,
                nullable=nullable == "YES",
                # MySQL's DEFAULT_GENERATED only says that the default is an expression.
                generated="VIRTUAL GENERATED" in extra or "STORED GENERATED" in extra,
                persistent="STORED GENERATED" in extra,
                auto_increment="auto_increment" in extra.lower(),
                octet_length=int(octets or 0),
                charset=charset,
                collation=collation,
            )
        )
    return {name: tuple(found) for name, found in columns.items()}


def _tables(
    session: Session, source: Endpoint, selection: Selection, figures: Mapping[TableName, _Figures]
) -> Iterable[Table]:
    if not figures:
        return
    schemas = _schemas_of(figures)
    with Definitions(source, list(figures)) as reading:
        columns = _columns(session, schemas)
        keys = read_keys(session, schemas)
        partitioned = any("partitioned" in figure.options for figure in figures.values())
        partitions = read_partitions(session, schemas) if partitioned else {}
        files = read_file_bytes(session, schemas)
        definitions = reading.texts()
    if vanished := figures.keys() - columns.keys():
        raise _vanished(min(vanished))
    for (name, figure), definition in zip(figures.items(), definitions, strict=True):
        if definition is None:
            raise _vanished(name)
        usable = in_order_of_definition(keys.get(name, ()), definition)
        table = Table(
            name=name,
            engine=figure.engine,
            rows=figure.rows,
            data_bytes=figure.bytes,
            columns=columns[name],
            primary_key=usable[0].columns if usable and usable[0].name == PRIMARY else (),
            definition=readable(name, definition),
            keys=tuple(without_misordered(key, columns[name], session.flavor) for key in usable),
            partitions=partitions.get(name, ()),
            file_bytes=files.get(name, 0),
            structure_only=not selection.takes_rows(name),
        )
        if figure.kind == VERSIONED:
            table = _versioned(table, selection, session.flavor)
        table = _narrowed(table, selection)
        require_supported(table)
        require_movable(table)
        yield table


class _Figures(NamedTuple):
    kind: str
    engine: str
    rows: int
    bytes: int
    options: str
    made: str


def _figures(session: Session, tables: Sequence[TableName]) -> dict[TableName, _Figures]:
    """What information_schema.TABLES says of the tables, in their order. Raises ServerError if one is gone."""
    if not tables:
        return {}
    rows = session.text_rows(
        "SELECT TABLE_SCHEMA, TABLE_NAME, TABLE_TYPE, ENGINE, TABLE_ROWS, DATA_LENGTH, CREATE_OPTIONS, CREATE_TIME "
        f"FROM information_schema.TABLES WHERE {in_schemas('TABLE_SCHEMA', _schemas_of(tables))}"
    )
    found = {
        TableName(schema, name): _Figures(kind, engine, int(count or 0), int(octets or 0), options, made)
        for schema, name, kind, engine, count, octets, options, made in rows
    }
    for name in tables:
        if name not in found:
            raise _vanished(name)
    return {name: found[name] for name in tables}


def _vanished(name: TableName) -> ServerError:
    message = f"table {name} was dropped or renamed while its definition was read"
    return ServerError(NO_SUCH_TABLE, message).passing()


def _schemas_of(tables: Iterable[TableName]) -> list[str]:
    return sorted({table.schema for table in tables})


def _narrowed(table: Table, selection: Selection) -> Table:
    """The table with the partitions that are taken, and their share of its size. Raises SelectionError."""
    chosen = selection.partitions.get(str(table.name))
    if chosen is None:
        return table
    by_name = {partition.name: partition for partition in table.partitions}
    if unknown := [name for name in chosen if name not in by_name]:
        raise SelectionError(f"table {table.name} has no partition {unknown[0]}")
    partitions = tuple(partition for partition in table.partitions if partition.name in chosen)
    return replace(
        table,
        partitions=partitions,
        rows=sum(partition.rows for partition in partitions),
        data_bytes=sum(partition.data_bytes for partition in partitions),
        file_bytes=0,
    )


def _versioned(table: Table, selection: Selection, flavor: Flavor) -> Table:
    kept = selection.history == "keep"
    history = read_history(table.name, table.engine, table.definition, table.columns, kept, flavor)
    # Without its partitions: MariaDB 10.11 reads history from a partition where current rows are asked for, and will
    # not read all versions from one (error 4142). Without a primary key if that names several versions of a row.
    return replace(table, history=history, partitions=(), primary_key=() if kept else table.primary_key)


def _views(session: Session, names: _Names) -> Iterable[StoredObject]:
    for name in names.views:
        view = show_object(session, "view", name)
        # Only a warning tells that a view names what is not there (1356); creating it would fail when all is moved.
        if any(number == "1356" for _, number, _ in session.text_rows("SHOW WARNINGS")):
            raise PreflightError(
                f"view {name} does not work on the source, it names what is not there: drop or exclude it"
            )
        if (missing := _left_out(names, name.schema, view.definition)) is not None:
            raise PreflightError(
                f"view {name} reads {missing}, which is not selected: take it too, or exclude the view"
            )
        yield view


def _left_out(names: _Names, schema: str, statement: str) -> TableName | None:
    """A table or view that a view's text reads, as SHOW CREATE VIEW writes it, and that the selection leaves out."""
    for table in names.left_out:
        written = quote(table.name) if table.schema == schema else table.sql
        if re.search(rf"\b(?:from|join)\s+\(*{re.escape(written)}", statement, re.IGNORECASE):
            return table
    return None


def _routines(session: Session, selection: Selection) -> Iterable[StoredObject]:
    if not selection.takes_routines:
        return
    rows = session.text_rows(
        "SELECT ROUTINE_TYPE, ROUTINE_SCHEMA, ROUTINE_NAME, EXTERNAL_LANGUAGE FROM information_schema.ROUTINES "
        f"WHERE {in_schemas('ROUTINE_SCHEMA', selection.schemas)} ORDER BY ROUTINE_SCHEMA, ROUTINE_NAME"
    )
    _refuse_libraries(session, selection)
    kinds: dict[str, ObjectKind] = {"FUNCTION": "function", "PROCEDURE": "procedure"}
    for kind, schema, routine, language in rows:
        name = TableName(schema, routine)
        if language not in ("", "SQL"):
            raise PreflightError(
                f"{kind.lower()} {name} is written in {language}, which cannot be moved yet; remove it or use include"
            )
        if kind not in kinds:
            raise PreflightError(f"{name} is a {kind.lower()}, which cannot be moved yet; remove it or use include")
        yield show_object(session, kinds[kind], name)


def _refuse_libraries(session: Session, selection: Selection) -> None:
    """MySQL 9.2 and later have libraries of JavaScript, which are no routines and in a view of their own."""
    if not session.rows(
        "SELECT 1 FROM information_schema.TABLES WHERE TABLE_SCHEMA = 'information_schema' AND TABLE_NAME = 'LIBRARIES'"
    ):
        return
    for schema, library in session.pairs(
        "SELECT LIBRARY_SCHEMA, LIBRARY_NAME FROM information_schema.LIBRARIES "
        f"WHERE {in_schemas('LIBRARY_SCHEMA', selection.schemas)} ORDER BY LIBRARY_SCHEMA, LIBRARY_NAME"
    ):
        raise PreflightError(
            f"{TableName(schema, library)} is a library, which cannot be moved yet; remove it or use include"
        )


def _triggers(session: Session, selection: Selection, names: _Names) -> Iterable[StoredObject]:
    if not selection.triggers:
        return
    rows = session.text_rows(
        "SELECT TRIGGER_SCHEMA, TRIGGER_NAME, EVENT_OBJECT_TABLE FROM information_schema.TRIGGERS "
        f"WHERE {in_schemas('TRIGGER_SCHEMA', selection.schemas)} "
        f"ORDER BY TRIGGER_SCHEMA, {by_bytes('EVENT_OBJECT_TABLE')}, ACTION_TIMING, EVENT_MANIPULATION, ACTION_ORDER"
    )
    for schema, trigger, table in rows:
        if TableName(schema, table) in names.tables:
            yield show_object(session, "trigger", TableName(schema, trigger), table)


def _events(session: Session, selection: Selection) -> Iterable[StoredObject]:
    if not selection.takes_events:
        return
    rows = session.text_rows(
        "SELECT EVENT_SCHEMA, EVENT_NAME FROM information_schema.EVENTS "
        f"WHERE {in_schemas('EVENT_SCHEMA', selection.schemas)} ORDER BY EVENT_SCHEMA, EVENT_NAME"
    )
    for schema, event in rows:
        yield show_object(session, "event", TableName(schema, event))
