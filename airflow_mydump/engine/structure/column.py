"""A column as its table's definition says it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from airflow_mydump.engine.ddl.sql_lexer import string_value
from airflow_mydump.engine.identifier import literal
from airflow_mydump.engine.structure.expression import Expression, read_expression
from airflow_mydump.engine.structure.token_cursor import TokenCursor

_INTEGERS = frozenset({"tinyint", "smallint", "mediumint", "int", "bigint"})
_WITHOUT_LITERAL_DEFAULT = frozenset(
    {
        "tinytext", "text", "mediumtext", "longtext", "tinyblob", "blob", "mediumblob", "longblob", "geometry", "point",
        "linestring", "polygon", "multipoint", "multilinestring", "multipolygon", "geometrycollection",
    }
)  # fmt: skip
_SYNONYMS = {"geomcollection": "geometrycollection", "integer": "int", "dec": "decimal", "numeric": "decimal"}
_ATTRIBUTES = (
    "NOT", "NULL", "DEFAULT", "ON", "AUTO_INCREMENT", "GENERATED", "AS", "INVISIBLE", "VISIBLE", "COMMENT", "CHECK",
    "SRID", "CHARACTER", "COLLATE", "COMPRESSED", "COLUMN_FORMAT", "STORAGE", "WITHOUT", "WITH", "VIRTUAL", "STORED",
    "PERSISTENT", "REF_SYSTEM_ID", "ENGINE_ATTRIBUTE", "SECONDARY_ENGINE_ATTRIBUTE",
)  # fmt: skip
"""The words that begin an attribute, and so end an expression that has no parentheses around it."""


_KEPT = 1 << 14
"""Tables of a tenant share most of their columns: with these remembered, 6,111 tables take 4 s instead of 11."""


@dataclass(frozen=True)
class ColumnStructure:
    """A column. Empty where it has none: ``charset``, ``collation``, ``comment``, ``srid``.

    ``default`` None means that there is no DEFAULT clause; ``NULL`` is one. ``other`` has the attributes that this
    version does not know one by one.
    """

    name: str
    position: int
    type: str
    nullable: bool = True
    default: Expression | None = None
    on_update: Expression | None = None
    charset: str = ""
    collation: str = ""
    generated: Expression | None = None
    stored: bool = False
    auto_increment: bool = False
    invisible: bool = False
    comment: str = ""
    check: Expression | None = None
    srid: str = ""
    other: tuple[str, ...] = ()

    @property
    def data_type(self) -> str:
        """The bare type, such as ``varchar``."""
        return self.type.partition(" ")[0].partition("(")[0]


@lru_cache(maxsize=_KEPT)
def read_column(element: str, position: int) -> ColumnStructure:
    """The column that an element of a CREATE TABLE statement describes. Raises DefinitionError."""
    cursor = TokenCursor(element)
    name, kind = cursor.name(), _type(cursor)
    reader = _Attributes(cursor)
    reader.read()
    found = reader.found
    if kind == "timestamp" or kind.startswith("timestamp("):
        found.setdefault("nullable", False)  # only NULL, which is always printed, makes it nullable
    if found.get("nullable", True) and "generated" not in found and kind in _WITHOUT_LITERAL_DEFAULT:
        # MySQL prints no DEFAULT NULL for the types that can have no literal as a default.
        found.setdefault("default", read_expression("NULL"))
    return ColumnStructure(name, position, kind, **found)


def _type(cursor: TokenCursor) -> str:
    """The type in its one canonical form: no display widths, members in the same quotes."""
    word = cursor.name().lower()
    word = _SYNONYMS.get(word, word)
    arguments = _type_arguments(cursor) if cursor.sees("(") else ()
    words = []
    while cursor.sees("UNSIGNED") or cursor.sees("ZEROFILL") or cursor.sees("PRECISION"):
        words.append(cursor.take().text.lower())
    # MySQL 8 prints the width of an integer only where it has an effect, and for what others take for BOOL.
    shown = word not in _INTEGERS | {"year"} or "zerofill" in words or (word == "tinyint" and arguments == ("1",))
    return " ".join([f"{word}({','.join(arguments)})" if arguments and shown else word, *words])


def _type_arguments(cursor: TokenCursor) -> tuple[str, ...]:
    inner = TokenCursor(cursor.group())
    found = []
    while not inner.ended:
        token = inner.take()
        if token.kind == "string":
            found.append(literal(string_value(token.text)))
        elif token.text != ",":
            found.append(token.text)
    return tuple(found)


class _Attributes:
    """What stands behind a column's type, as arguments for `ColumnStructure`."""

    def __init__(self, cursor: TokenCursor) -> None:
        self.found: dict[str, Any] = {}
        self._cursor = cursor
        self._readers: dict[str, Callable[[], None]] = {
            "NOT": self._not_null,
            "NULL": lambda: self._set("nullable", True),
            "DEFAULT": lambda: self._set("default", self._value()),
            "ON": self._on_update,
            "CHARACTER": self._charset,
            "COLLATE": lambda: self._set("collation", collation_name(cursor.name())),
            "AUTO_INCREMENT": lambda: self._set("auto_increment", True),
            "INVISIBLE": lambda: self._set("invisible", True),
            "GENERATED": self._generated,
            "COMMENT": lambda: self._set("comment", string_value(cursor.take().text)),
            "CHECK": lambda: self._set("check", read_expression(cursor.group())),
            "SRID": lambda: self._set("srid", cursor.take().text),
        }

    def read(self) -> None:
        while not self._cursor.ended:
            word = self._cursor.next.text
            reader = self._readers.get(word)
            if reader is None or (word == "GENERATED" and not self._is_expression()):
                self._other(self._cursor.until(*_ATTRIBUTES))
            else:
                self._cursor.take()
                reader()

    def _is_expression(self) -> bool:
        """Whether GENERATED begins an expression, and not a column of a system-versioned table's history."""
        return self._cursor.sees("GENERATED", "ALWAYS", "AS", "(")

    def _set(self, name: str, value: object) -> None:
        self.found[name] = value

    def _other(self, text: str) -> None:
        self.found["other"] = (*self.found.get("other", ()), " ".join(text.split()))

    def _not_null(self) -> None:
        self._cursor.expect("NULL")
        self._set("nullable", False)

    def _on_update(self) -> None:
        self._cursor.expect("UPDATE")
        self._set("on_update", self._value())

    def _charset(self) -> None:
        self._cursor.expect("SET")
        self._set("charset", charset_name(self._cursor.name()))

    def _value(self) -> Expression:
        """A default: MariaDB prints expressions without parentheses, and numbers without the quotes of MySQL."""
        cursor = self._cursor
        if cursor.next.kind == "string":
            text = cursor.take().text
            return Expression(literal(string_value(text)), text)
        text = cursor.until(*_ATTRIBUTES)
        value = read_expression(text)
        number = value.meaning.removeprefix("-").replace(".", "", 1).replace("e", "", 1).replace("+", "").isdigit()
        return Expression(literal(value.meaning), text) if number else value

    def _generated(self) -> None:
        self._cursor.expect("ALWAYS")
        self._cursor.expect("AS")
        self._set("generated", read_expression(self._cursor.group()))
        if self._cursor.accept("STORED") or self._cursor.accept("PERSISTENT"):
            self._set("stored", True)
        else:
            self._cursor.accept("VIRTUAL")


def charset_name(name: str) -> str:
    """A character set's name today: ``utf8`` was utf8mb3's."""
    return "utf8mb3" if name.lower() == "utf8" else name.lower()


def collation_name(name: str) -> str:
    """A collation's name today: ``utf8_bin`` was utf8mb3_bin's."""
    name = name.lower()
    return f"utf8mb3{name.removeprefix('utf8')}" if name.startswith("utf8_") else name
