"""Views, routines, triggers and events in the parts that may differ: their heads piece by piece, their bodies whole."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from airflow_mydump.engine.ddl.definer import definer_of
from airflow_mydump.engine.errors import DefinitionError, DumpError
from airflow_mydump.engine.identifier import quote
from airflow_mydump.engine.metadata.catalog import ObjectKind, StoredObject
from airflow_mydump.engine.metadata.sequence import options_of
from airflow_mydump.engine.structure.column import ColumnStructure, read_column
from airflow_mydump.engine.structure.token_cursor import TokenCursor

_CHARACTERISTICS = (
    ("LANGUAGE", "SQL"), ("NOT", "DETERMINISTIC"), ("DETERMINISTIC",), ("CONTAINS", "SQL"), ("NO", "SQL"),
    ("READS", "SQL", "DATA"), ("MODIFIES", "SQL", "DATA"), ("SQL", "SECURITY", "DEFINER"),
    ("SQL", "SECURITY", "INVOKER"),
)  # fmt: skip
_CHECK_OPTIONS = ("WITH CASCADED CHECK OPTION", "WITH LOCAL CHECK OPTION", "WITH CHECK OPTION")


@dataclass(frozen=True)
class ObjectPart:
    """A part of an object's definition or of the state it was created in; ``shown`` whether its text may be told."""

    name: str
    text: str
    shown: bool = True


def read_parts(stored: StoredObject) -> tuple[ObjectPart, ...]:
    """The parts of an object, the same names for all of one kind. Raises DefinitionError."""
    if stored.kind == "sequence":
        return (_sequence(stored),)
    cursor = TokenCursor(stored.definition, stored.sql_mode)
    _skip_to_kind(cursor, stored.kind)
    parts = [
        ObjectPart("definer", definer_of(stored)),
        *_READERS[stored.kind](cursor, stored),
        ObjectPart("character set", stored.charset),
        ObjectPart("collation", stored.collation),
    ]
    if stored.kind != "view":
        parts.append(ObjectPart("sql_mode", ",".join(sorted(stored.sql_mode.split(",")))))
        parts.append(ObjectPart("database's collation", stored.database_collation))
    if stored.kind == "event":
        parts.append(ObjectPart("time zone", stored.time_zone))
    return tuple(parts)


def _sequence(stored: StoredObject) -> ObjectPart:
    try:
        return ObjectPart("options", options_of(stored.definition))
    except DumpError as error:
        raise DefinitionError(str(error)) from None


def _skip_to_kind(cursor: TokenCursor, kind: ObjectKind) -> None:
    """Leave CREATE, the definer, the kind and the name behind, but for what stands before a view."""
    cursor.expect("CREATE")
    if cursor.accept("OR"):
        cursor.expect("REPLACE")
    if kind == "view":
        return
    if not cursor.sees(kind.upper()):
        cursor.until(kind.upper())  # the definer, where there is one
    cursor.expect(kind.upper())
    _skip_name(cursor)


def _skip_name(cursor: TokenCursor) -> None:
    cursor.accept("IF", "NOT", "EXISTS")
    cursor.name()
    while cursor.accept("."):
        cursor.name()


def _view(cursor: TokenCursor, stored: StoredObject) -> list[ObjectPart]:
    algorithm, security = "UNDEFINED", "DEFINER"
    while not cursor.accept("VIEW"):
        if cursor.accept("ALGORITHM", "="):
            algorithm = cursor.take().text
        elif cursor.accept("SQL", "SECURITY"):
            security = cursor.take().text
        else:
            cursor.take()  # the definer
    _skip_name(cursor)
    # MariaDB 10.11 names the view's own database before columns if the definer does not exist (note 1449).
    body = cursor.rest().replace(f"{quote(stored.name.schema)}.", "")
    option = next((found for found in _CHECK_OPTIONS if body.upper().endswith(f" {found}")), "")
    body = body[: len(body) - len(option)].rstrip() if option else body
    return [
        ObjectPart("algorithm", algorithm),
        ObjectPart("security", security),
        ObjectPart("check option", "WITH CASCADED CHECK OPTION" if option == "WITH CHECK OPTION" else option),
        ObjectPart("query", body, shown=False),
    ]


def _trigger(cursor: TokenCursor, stored: StoredObject) -> list[ObjectPart]:
    timing, event = cursor.take().text, cursor.take().text
    cursor.expect("ON")
    table = cursor.name()
    while cursor.accept("."):
        table = cursor.name()
    for word in ("FOR", "EACH", "ROW"):
        cursor.expect(word)
    if cursor.accept("FOLLOWS") or cursor.accept("PRECEDES"):
        cursor.name()  # the order among triggers is looked at where all are known
    return [
        ObjectPart("timing", f"{timing} {event}"),
        ObjectPart("table", table),
        ObjectPart("body", _body(cursor), shown=False),
    ]


def _event(cursor: TokenCursor, stored: StoredObject) -> list[ObjectPart]:
    cursor.expect("ON")
    cursor.expect("SCHEDULE")
    schedule = " ".join(cursor.until("ON", "ENABLE", "DISABLE", "COMMENT", "DO").split())
    preserve = False
    if cursor.accept("ON", "COMPLETION"):
        preserve = not cursor.accept("NOT")
        cursor.expect("PRESERVE")
    status = "ENABLE" if cursor.sees("COMMENT") or cursor.sees("DO") else cursor.until("COMMENT", "DO")
    comment = cursor.until("DO") if cursor.accept("COMMENT") else ""
    cursor.expect("DO")
    return [
        ObjectPart("schedule", schedule),
        ObjectPart("preservation", "ON COMPLETION PRESERVE" if preserve else "ON COMPLETION NOT PRESERVE"),
        ObjectPart("status", status.upper().replace("SLAVE", "REPLICA")),
        ObjectPart("comment", comment),
        ObjectPart("body", _body(cursor), shown=False),
    ]


def _routine(cursor: TokenCursor, stored: StoredObject) -> list[ObjectPart]:
    parameters = cursor.group()
    returns = _return_type(cursor) if cursor.accept("RETURNS") else None
    characteristics = []
    comment = ""
    while True:
        if cursor.accept("COMMENT"):
            comment = cursor.take().text
        elif words := next((words for words in _CHARACTERISTICS if cursor.accept(*words)), None):
            characteristics.append(" ".join(words))
        else:
            break
    return [
        ObjectPart("parameters", " ".join(parameters.split())),
        ObjectPart("return type", f"{returns.type} {returns.charset}".rstrip() if returns else ""),
        ObjectPart("returned collation", returns.collation if returns else ""),
        ObjectPart("characteristics", ", ".join(characteristics)),
        ObjectPart("comment", comment),
        ObjectPart("body", _body(cursor), shown=False),
    ]


def _return_type(cursor: TokenCursor) -> ColumnStructure:
    """What a function returns: a type, read as that of a column without a name."""
    texts = [cursor.name()]
    if cursor.sees("("):
        texts.append(f"({cursor.group()})")
    while not cursor.ended:
        if cursor.sees("UNSIGNED") or cursor.sees("ZEROFILL"):
            texts.append(cursor.take().text)
        elif cursor.accept("CHARSET") or cursor.accept("CHARACTER", "SET"):
            texts.append(f"CHARACTER SET {cursor.name()}")
        elif cursor.accept("COLLATE"):
            texts.append(f"COLLATE {cursor.name()}")
        else:
            break
    return read_column(f"`` {' '.join(texts)}", 0)


def _body(cursor: TokenCursor) -> str:
    # mydumper's form puts a blank behind each semicolon that ends a line within a body.
    return cursor.rest().replace("; \n", ";\n").rstrip("; \n")


_READERS: dict[ObjectKind, Callable[[TokenCursor, StoredObject], list[ObjectPart]]] = {
    "view": _view, "trigger": _trigger, "event": _event, "function": _routine, "procedure": _routine,
}  # fmt: skip
