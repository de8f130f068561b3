"""Prefetch-metadata: reads all that a run needs to know of the source, in a constant number of bulk queries.

Only definitions are read one by one, because servers show them in no other way.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence

from airflow_mydump.engine.catalog import Catalog, Column, ObjectKind, Schema, StoredObject, Table
from airflow_mydump.engine.chunk_key import PRIMARY
from airflow_mydump.engine.datatype import require_supported
from airflow_mydump.engine.definition import Definitions
from airflow_mydump.engine.endpoint import Endpoint
from airflow_mydump.engine.errors import PreflightError, SelectionError
from airflow_mydump.engine.identifier import TableName, literal, quote
from airflow_mydump.engine.key_catalog import in_order_of_definition, read_keys, without_misordered
from airflow_mydump.engine.selection import Selection
from airflow_mydump.engine.session import Session
from airflow_mydump.engine.session_state import metadata
from airflow_mydump.engine.storage_catalog import read_file_bytes, read_partitions

_MOVABLE = {"BASE TABLE", "VIEW"}


def prefetch_metadata(source: Endpoint, selection: Selection) -> Catalog:
    """The catalog of everything selected.

    Raises SelectionError when a database does not exist or nothing is selected, PreflightError when something
    selected cannot be moved faithfully, ConnectError, ServerError.
    """
    with Session(source, metadata) as session:
        schemas = _schemas(session, selection)
        names = _Names(session, selection)
        return Catalog(
            server=str(session.flavor),
            schemas=schemas,
            tables=tuple(_tables(session, selection, names)),
            objects=(
                *_routines(session, selection),
                *_views(session, names),
                *_triggers(session, selection, names),
                *_events(session, selection),
            ),
        )


def _schemas(session: Session, selection: Selection) -> tuple[Schema, ...]:
    rows = session.text_rows(
        "SELECT SCHEMA_NAME, DEFAULT_CHARACTER_SET_NAME, DEFAULT_COLLATION_NAME "
        f"FROM information_schema.SCHEMATA WHERE SCHEMA_NAME IN ({_list(selection.schemas)})"
    )
    found = {row[0]: Schema(*row) for row in rows}
    if absent := [name for name in selection.schemas if name not in found]:
        raise SelectionError(
            f"the source {session.endpoint} has no database {absent[0]}, or its account may not see it"
        )
    return tuple(found[name] for name in selection.schemas)


class _Names:
    """The selected tables and views, and the rows of information_schema.TABLES behind them."""

    def __init__(self, session: Session, selection: Selection) -> None:
        rows = session.text_rows(
            "SELECT TABLE_SCHEMA, TABLE_NAME, TABLE_TYPE, ENGINE, TABLE_ROWS, DATA_LENGTH, CREATE_OPTIONS "
            f"FROM information_schema.TABLES WHERE TABLE_SCHEMA IN ({_list(selection.schemas)}) "
            "ORDER BY TABLE_SCHEMA, TABLE_NAME"
        )
        taken = [(TableName(row[0], row[1]), row) for row in rows]
        self.left_out = [name for name, _ in taken if not selection.takes(name)]
        taken = [(name, row) for name, row in taken if selection.takes(name)]
        if not taken:
            raise SelectionError("the selection holds no table or view; check the names and globs")
        for name, row in taken:
            if row[2] not in _MOVABLE:
                raise PreflightError(f"{name} is a {row[2].lower()}, which cannot be moved yet; exclude it")
        self.tables = {name: row for name, row in taken if row[2] == "BASE TABLE"}
        self.views = [name for name, row in taken if row[2] == "VIEW"]
        self.columns = _columns(session, selection)


def _columns(session: Session, selection: Selection) -> dict[TableName, tuple[Column, ...]]:
    rows = session.text_stream(
        "SELECT TABLE_SCHEMA, TABLE_NAME, COLUMN_NAME, DATA_TYPE, COLUMN_TYPE, IS_NULLABLE, EXTRA, "
        "CHARACTER_OCTET_LENGTH, CHARACTER_SET_NAME, COLLATION_NAME "
        f"FROM information_schema.COLUMNS WHERE TABLE_SCHEMA IN ({_list(selection.schemas)}) "
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
                auto_increment="auto_increment" in extra.lower(),
                octet_length=int(octets or 0),
                charset=charset,
                collation=collation,
            )
        )
    return {name: tuple(found) for name, found in columns.items()}


def _tables(session: Session, selection: Selection, names: _Names) -> Iterable[Table]:
    with Definitions(session.endpoint, list(names.tables)) as reading:
        keys = read_keys(session, selection.schemas)
        partitioned = any("partitioned" in row[6] for row in names.tables.values())
        partitions = read_partitions(session, selection.schemas) if partitioned else {}
        files = read_file_bytes(session, selection.schemas)
        definitions = reading.texts()
    for (name, (_, _, _, engine, rows, data_bytes, _)), definition in zip(
        names.tables.items(), definitions, strict=True
    ):
        usable = in_order_of_definition(keys.get(name, ()), definition)
        table = Table(
            name=name,
            engine=engine,
            rows=int(rows or 0),
            data_bytes=int(data_bytes or 0),
            columns=names.columns[name],
            primary_key=usable[0].columns if usable and usable[0].name == PRIMARY else (),
            definition=_readable(name, definition),
            keys=tuple(without_misordered(key, names.columns[name], session.flavor) for key in usable),
            partitions=partitions.get(name, ()),
            file_bytes=files.get(name, 0),
        )
        require_supported(table)
        yield table


def _views(session: Session, names: _Names) -> Iterable[StoredObject]:
    for name in names.views:
        # In its own database a view's text names its tables without a database, so it can be renamed.
        session.execute(f"USE {quote(name.schema)}")
        _, statement, charset, collation = session.text_rows(f"SHOW CREATE VIEW {name.sql}")[0]
        # Only a warning tells that a view names what is not there (1356); creating it would fail when all is moved.
        if any(number == "1356" for _, number, _ in session.text_rows("SHOW WARNINGS")):
            raise PreflightError(
                f"view {name} does not work on the source, it names what is not there: drop or exclude it"
            )
        if (missing := _left_out(names, name.schema, statement)) is not None:
            raise PreflightError(
                f"view {name} reads {missing}, which is not selected: take it too, or exclude the view"
            )
        yield StoredObject("view", name, _readable(name, statement), "", charset, collation)


def _left_out(names: _Names, schema: str, statement: str) -> TableName | None:
    """A table or view that a view's text reads, as SHOW CREATE VIEW writes it, and that the selection leaves out."""
    for table in names.left_out:
        written = quote(table.name) if table.schema == schema else table.sql
        if re.search(rf"\b(?:from|join)\s+\(*{re.escape(written)}", statement, re.IGNORECASE):
            return table
    return None


def _routines(session: Session, selection: Selection) -> Iterable[StoredObject]:
    if not selection.takes_whole_schemas:
        return
    rows = session.text_rows(
        "SELECT ROUTINE_TYPE, ROUTINE_SCHEMA, ROUTINE_NAME FROM information_schema.ROUTINES "
        f"WHERE ROUTINE_SCHEMA IN ({_list(selection.schemas)}) ORDER BY ROUTINE_SCHEMA, ROUTINE_NAME"
    )
    _refuse_libraries(session, selection)
    kinds: dict[str, ObjectKind] = {"FUNCTION": "function", "PROCEDURE": "procedure"}
    for kind, schema, routine in rows:
        name = TableName(schema, routine)
        if kind not in kinds:
            raise PreflightError(f"{name} is a {kind.lower()}, which cannot be moved yet; remove it or use include")
        shown = session.text_rows(f"SHOW CREATE {kind} {name.sql}")[0]
        yield _stored(kinds[kind], name, shown[2], shown[1], shown[3], shown[4], shown[5])


def _refuse_libraries(session: Session, selection: Selection) -> None:
    """MySQL 9.2 and later have libraries of JavaScript, which are no routines and in a view of their own."""
    if not session.rows(
        "SELECT 1 FROM information_schema.TABLES WHERE TABLE_SCHEMA = 'information_schema' AND TABLE_NAME = 'LIBRARIES'"
    ):
        return
    for schema, library in session.pairs(
        "SELECT LIBRARY_SCHEMA, LIBRARY_NAME FROM information_schema.LIBRARIES "
        f"WHERE LIBRARY_SCHEMA IN ({_list(selection.schemas)}) ORDER BY LIBRARY_SCHEMA, LIBRARY_NAME"
    ):
        raise PreflightError(
            f"{TableName(schema, library)} is a library, which cannot be moved yet; remove it or use include"
        )


def _triggers(session: Session, selection: Selection, names: _Names) -> Iterable[StoredObject]:
    rows = session.text_rows(
        "SELECT TRIGGER_SCHEMA, TRIGGER_NAME, EVENT_OBJECT_TABLE FROM information_schema.TRIGGERS "
        f"WHERE TRIGGER_SCHEMA IN ({_list(selection.schemas)}) "
        "ORDER BY TRIGGER_SCHEMA, EVENT_OBJECT_TABLE, ACTION_TIMING, EVENT_MANIPULATION, ACTION_ORDER"
    )
    for schema, trigger, table in rows:
        if TableName(schema, table) in names.tables:
            name = TableName(schema, trigger)
            shown = session.text_rows(f"SHOW CREATE TRIGGER {name.sql}")[0]
            yield _stored("trigger", name, shown[2], shown[1], shown[3], shown[4], shown[5], table=table)


def _events(session: Session, selection: Selection) -> Iterable[StoredObject]:
    if not selection.takes_whole_schemas:
        return
    rows = session.text_rows(
        "SELECT EVENT_SCHEMA, EVENT_NAME FROM information_schema.EVENTS "
        f"WHERE EVENT_SCHEMA IN ({_list(selection.schemas)}) ORDER BY EVENT_SCHEMA, EVENT_NAME"
    )
    for schema, event in rows:
        name = TableName(schema, event)
        _, sql_mode, time_zone, statement, charset, collation, database_collation = session.text_rows(
            f"SHOW CREATE EVENT {name.sql}"
        )[0]
        yield _stored("event", name, statement, sql_mode, charset, collation, database_collation, time_zone=time_zone)


def _stored(
    kind: ObjectKind, name: TableName, definition: str, sql_mode: str, charset: str, collation: str,
    database_collation: str, table: str = "", time_zone: str = "",
) -> StoredObject:  # fmt: skip
    if not definition:
        raise PreflightError(f"the source account may not read the definition of {kind} {name}")
    return StoredObject(
        kind, name, _readable(name, definition), sql_mode, charset, collation, database_collation, table, time_zone
    )


def _readable(name: TableName, definition: str) -> str:
    # MariaDB prints the default of a binary column as the raw bytes, which are no text then.
    if any("\udc80" <= character <= "\udcff" for character in definition):
        raise PreflightError(
            f"the definition of {name} holds bytes that are not UTF-8, such as the default of a binary column; "
            "exclude it, or write the default as an expression (0x…)"
        )
    return definition


def _list(names: Sequence[str]) -> str:
    return ", ".join(literal(name) for name in names)
