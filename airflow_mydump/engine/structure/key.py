"""A key as its table's definition says it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from airflow_mydump.engine.ddl.sql_lexer import string_value
from airflow_mydump.engine.structure.expression import Expression, read_expression
from airflow_mydump.engine.structure.token_cursor import TokenCursor

KeyKind = Literal["primary", "unique", "plain", "fulltext", "spatial"]

_KINDS: dict[str, KeyKind] = {
    "PRIMARY": "primary", "UNIQUE": "unique", "FULLTEXT": "fulltext", "SPATIAL": "spatial",
}  # fmt: skip
_OPTIONS = ("USING", "COMMENT", "INVISIBLE", "IGNORED", "NOT", "VISIBLE", "WITH", "KEY_BLOCK_SIZE", "CLUSTERING")
_IS_KEY = re.compile(r"(?:(?:PRIMARY|UNIQUE|FULLTEXT|SPATIAL) )?KEY\b")


_KEPT = 1 << 14
"""As for columns."""


@dataclass(frozen=True)
class KeyPart:
    """A column, or a prefix of ``prefix`` characters of it, or an expression, in one direction."""

    column: str = ""
    expression: Expression | None = None
    prefix: int = 0
    descending: bool = False

    def __str__(self) -> str:
        text = f"({self.expression})" if self.expression else self.column
        return f"{text}{f'({self.prefix})' if self.prefix else ''}{' DESC' if self.descending else ''}"


@dataclass(frozen=True)
class KeyStructure:
    """A key. ``algorithm`` is empty where the engine's own is meant; ``visible`` is False for MySQL's INVISIBLE and
    MariaDB's IGNORED keys; ``other`` has the options that this version does not know one by one."""

    name: str
    kind: KeyKind
    parts: tuple[KeyPart, ...]
    algorithm: str = ""
    visible: bool = True
    comment: str = ""
    other: tuple[str, ...] = ()


def is_key(element: str) -> bool:
    """Whether an element of a CREATE TABLE statement describes a key."""
    return _IS_KEY.match(element) is not None


@lru_cache(maxsize=_KEPT)
def read_key(element: str) -> KeyStructure:
    """The key that an element of a CREATE TABLE statement describes. Raises DefinitionError."""
    cursor = TokenCursor(element)
    kind = _KINDS.get(cursor.next.text, "plain")
    if kind != "plain":
        cursor.take()
    cursor.expect("KEY")
    name = "PRIMARY" if kind == "primary" else cursor.name()
    parts = _parts(cursor.group())
    algorithm, visible, comment, other = "", True, "", []
    while not cursor.ended:
        if cursor.accept("USING"):
            algorithm = cursor.take().text
        elif cursor.accept("COMMENT"):
            comment = string_value(cursor.take().text)
        elif cursor.accept("INVISIBLE") or cursor.accept("IGNORED"):
            visible = False
        else:
            other.append(" ".join(cursor.until(*_OPTIONS).split()))
    return KeyStructure(name, kind, parts, algorithm, visible, comment, tuple(other))


def _parts(text: str) -> tuple[KeyPart, ...]:
    cursor, parts = TokenCursor(text), []
    while not cursor.ended:
        if cursor.sees("("):
            column, expression = "", read_expression(cursor.group())
        else:
            column, expression = cursor.name(), None
        prefix = int(cursor.group()) if cursor.sees("(") else 0
        descending = cursor.accept("DESC")
        cursor.accept("ASC")
        cursor.accept(",")
        parts.append(KeyPart(column, expression, prefix, descending))
    return tuple(parts)
