"""What differs between two tables, or two other objects, named piece by piece."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import fields
from typing import Protocol

from airflow_mydump.engine.metadata.catalog import StoredObject
from airflow_mydump.engine.metadata.sequence import is_behind
from airflow_mydump.engine.server.sql_mode import MODES_WITHOUT_EFFECT
from airflow_mydump.engine.structure.stored_object import ObjectPart, read_parts
from airflow_mydump.engine.structure.table import TableOption, TableStructure

_BY_NAME = (("column", "columns"), ("key", "keys"), ("foreign key", "foreign_keys"), ("CHECK constraint", "checks"))
_OPTIONAL = frozenset({"definer", "database's collation", "returned collation"})
_DEFAULTED = frozenset({"ENGINE", "CHARSET", "COLLATE"})


class _Named(Protocol):
    @property
    def name(self) -> str: ...


def table_differences(expected: TableStructure, actual: TableStructure, terse: bool = False) -> Iterator[str]:
    """Every difference but that of the AUTO_INCREMENT counters and the order of the keys; each begins with the target's
    table.

    ``terse`` means that no server printed the source's definition, so that it may leave to defaults what servers
    always print: engine, character set and collation.
    """
    for kind, attribute in _BY_NAME:
        yield from _compare_named(str(actual.name), kind, getattr(expected, attribute), getattr(actual, attribute))
    yield from _compare_options(str(actual.name), expected.options, actual.options, terse)
    for attribute in ("partitioning", "other"):
        left, right = getattr(expected, attribute), getattr(actual, attribute)
        if left != right:
            yield _difference(f"{actual.name}: {attribute}", left, right)


def object_differences(
    where: str, expected: StoredObject, actual: StoredObject, across: bool = False, fold_names: bool = False
) -> Iterator[str]:
    """Every difference of two objects of one kind; each begins with ``where``.

    What is not expected of definer, collations of database and returned value is not compared: the object was created
    without it. ``across`` vendors the queries of views are not, which each prints in its own way. With ``fold_names``
    the target's server keeps the names of tables in lower case, and rewrote those in views.

    Raises DefinitionError.
    """
    for left, right in zip(read_parts(expected), read_parts(actual), strict=True):
        if left.text == right.text or (left.name in _OPTIONAL and not left.text):
            continue
        if across and _is_one_to_both(left, right):
            continue
        if fold_names and left.name in {"query", "table"} and left.text.lower() == right.text.lower():
            continue
        if left.shown:
            yield _difference(f"{where}: {left.name}", left.text, right.text)
        else:
            yield f"{where}: another {left.name} than on the source"
    if expected.state and actual.state and is_behind(actual.state, expected.state):
        # Ahead is right: the source's may have been read again when all its rows were there.
        yield _difference(f"{where}: next value", expected.state.next_value, actual.state.next_value)


def _is_one_to_both(left: ObjectPart, right: ObjectPart) -> bool:
    """Whether a part that differs may be the same in the words of two vendors."""
    if left.name == "sql_mode":
        # MariaDB adds NO_AUTO_CREATE_USER to TRADITIONAL by itself.
        modes = [set(part.text.split(",")) - MODES_WITHOUT_EFFECT for part in (left, right)]
        return modes[0] == modes[1]
    return left.name == "query" or (left.name in _OPTIONAL and not right.text)


def _compare_named(table: str, kind: str, expected: Sequence[_Named], actual: Sequence[_Named]) -> Iterator[str]:
    theirs = {item.name: item for item in actual}
    for ours in expected:
        if ours.name not in theirs:
            yield f"{table}: {kind} {ours.name} is missing on the target"
        else:
            yield from _compare_fields(f"{table}: {kind} {ours.name}", ours, theirs[ours.name])
    known = {item.name for item in expected}
    for item in actual:
        if item.name not in known:
            yield f"{table}: {kind} {item.name} is on the target only"


def _compare_fields(where: str, expected: _Named, actual: _Named) -> Iterator[str]:
    for field in fields(expected):  # type: ignore[arg-type]  # all that have names here are dataclasses
        left, right = getattr(expected, field.name), getattr(actual, field.name)
        if left != right and not (field.name in ("charset", "collation") and "" in (left, right)):
            yield _difference(f"{where}: {field.name.replace('_', ' ')}", left, right)


def _compare_options(
    table: str, expected: Sequence[TableOption], actual: Sequence[TableOption], terse: bool
) -> Iterator[str]:
    ours = {option.name: option.value for option in expected}
    theirs = {option.name: option.value for option in actual}
    for name in sorted(ours.keys() | theirs.keys()):
        if ours.get(name) != theirs.get(name) and not (terse and name in _DEFAULTED and name not in ours):
            yield _difference(f"{table}: option {name}", ours.get(name), theirs.get(name))


def _difference(what: str, expected: object, actual: object) -> str:
    return f"{what} {_shown(expected)} on the source, {_shown(actual)} on the target"


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        return f"({', '.join(map(str, value))})" if value else "none"
    return "none" if value is None or value == "" else str(value)
