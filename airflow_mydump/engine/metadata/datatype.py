"""The rule for each column type: how a value is read, loaded and digested.

A type that is not listed is refused; it is never guessed.
"""

from __future__ import annotations

import re

from airflow_mydump.engine.errors import PreflightError
from airflow_mydump.engine.identifier import quote
from airflow_mydump.engine.metadata.catalog import Column, Table

_NUMBERS = frozenset({"tinyint", "smallint", "mediumint", "int", "bigint", "decimal", "double"})
_TIMES = frozenset({"date", "datetime", "timestamp", "time", "year"})
_STRINGS = frozenset({"char", "varchar", "tinytext", "text", "binary", "varbinary", "tinyblob", "blob"})
_MEMBERS = frozenset({"enum", "set"})
_TYPED_STRINGS = frozenset({"uuid", "inet4", "inet6"})
"""MariaDB's types that take a binary string for their internal bytes, and so must be given text."""
_LONG_STRINGS = frozenset({"mediumtext", "longtext", "mediumblob", "longblob", "vector"})
_GEOMETRIES = frozenset(
    {
        "geometry", "point", "linestring", "polygon", "multipoint", "multilinestring", "multipolygon",
        "geometrycollection", "geomcollection",
    }
)  # fmt: skip
_SUPPORTED = (
    _NUMBERS | _TIMES | _STRINGS | _MEMBERS | _TYPED_STRINGS | _LONG_STRINGS | _GEOMETRIES | {"float", "bit", "json"}
)

_BINARY_STRINGS = frozenset({"binary", "varbinary", "tinyblob", "blob", "mediumblob", "longblob", "bit", "vector"})

_UNBOUNDED_BYTES = 1 << 32
INTEGERS = frozenset({"tinyint", "smallint", "mediumint", "int", "bigint"})


def require_supported(table: Table) -> None:
    """Raise PreflightError naming the first column whose type has no rule, or a table without a column to load."""
    if not table.stored_columns and not table.structure_only:
        raise PreflightError(f"{table.name} has generated columns only, so its rows cannot be loaded; exclude it")
    for column in table.columns:
        if column.data_type not in _SUPPORTED:
            raise PreflightError(
                f"{table.name}: column {column.name} has type {column.column_type}, for which there is no rule; "
                "exclude the table"
            )


def largest_bytes(column: Column) -> int:
    """An upper bound of the bytes that one value takes as text."""
    if column.data_type in _LONG_STRINGS or column.data_type in _GEOMETRIES or column.data_type == "json":
        return _UNBOUNDED_BYTES
    return max(column.octet_length, 80)


def holds_any_bytes(column: Column) -> bool:
    """Whether any byte is as likely in the column's values as another."""
    return column.data_type in _BINARY_STRINGS or column.data_type in _GEOMETRIES


def is_moved_by_number(column: Column) -> bool:
    """Whether the text of a value does not tell it from all others: of a SET with a member '', it is '' with that one
    and with none."""
    return column.data_type == "set" and "" in _MEMBER.findall(column.column_type)


_MEMBER = re.compile("'((?:[^']|'')*)'")


def read_expression(column: Column) -> str:
    """The select-list expression that yields a value's bytes without loss.

    FLOAT as text has six digits and loses the rest; as DOUBLE it has all of them.
    """
    name = quote(column.name)
    if is_moved_by_number(column):
        return f"CAST({name} AS UNSIGNED)"
    return f"CAST({name} AS DOUBLE)" if column.data_type == "float" else name


def load_expression(column: Column, variable: str, null_literal: str) -> str | None:
    """What LOAD DATA's SET clause assigns from the user variable; None where the column takes the field as is."""
    value = stored_expression(column, f"NULLIF({variable}, {null_literal})" if column.nullable else variable)
    return None if value == variable else value


def stored_expression(column: Column, value: str) -> str:
    """What is assigned to a column for an expression of binary text."""
    if column.data_type == "json" or column.data_type in _TYPED_STRINGS:
        # MySQL rejects JSON whose character set is binary (error 3144).
        return f"CONVERT({value} USING utf8mb4)"
    if is_moved_by_number(column):
        return f"CAST({value} AS UNSIGNED)"
    return value


def digest_expressions(column: Column) -> tuple[str | None, str]:
    """A length and a value expression, which together tell every two values of the column apart.

    The length is None where the value's own alphabet (digits, signs, colons) cannot be mistaken for a
    separator or for the N that stands for NULL. Long strings enter as their SHA-256: the digest of a row must not
    outgrow max_allowed_packet, beyond which the server would make it NULL.
    """
    name = quote(column.name)
    if column.data_type == "json":
        return None, _or_null(column, f"SHA2({_json_meaning(name)}, 256)")
    if column.data_type in _LONG_STRINGS or column.data_type in _GEOMETRIES:
        return None, _or_null(column, f"SHA2({name}, 256)")
    if column.data_type in _TYPED_STRINGS:
        # As text: on a target of another vendor it is one.
        return _or_null(column, f"LENGTH({name})"), f"CAST(CONVERT({name} USING utf8mb4) AS BINARY)"
    if column.data_type in _STRINGS:
        # As stored: strings of unrelated character sets in one expression are an error to the server (1271).
        return _or_null(column, f"LENGTH({name})"), f"CAST({name} AS BINARY)"
    if column.data_type == "float":
        # MySQL cuts a computed DOUBLE to 22 characters, one less than a negative one may have.
        return None, _or_null(column, _floating(name, f"ABS(CAST({name} AS DOUBLE))"))
    if column.data_type == "double":
        return None, _or_null(column, _floating(name, name))
    if column.data_type == "bit" or column.data_type in _MEMBERS:
        # By number: the error value of an ENUM looks like a member '', and a 64-bit SET is no DOUBLE.
        return None, _or_null(column, f"CAST({name} AS UNSIGNED)")
    return None, _or_null(column, read_expression(column))


def _floating(name: str, exact: str) -> str:
    """A number as its sign, its digits and its magnitude: MariaDB prints 0.0000000007 within an expression where MySQL
    prints 7e-10, and both have the same digits. The sign is that of a zero too.
    """
    digits = f"TRIM(LEADING '-' FROM SUBSTRING_INDEX({exact}, 'e', 1))"
    magnitude = f"IFNULL(ROUND(1000 * LOG10(ABS({name}))) + 0, '')"
    return f"CONCAT(LEFT({name}, 1) = '-', TRIM(BOTH '0' FROM REPLACE({digits}, '.', '')), 'e', {magnitude})"


def _json_meaning(name: str) -> str:
    """What is left of a JSON value that travels as text, if that is the same value to the server; else its own text.

    MySQL stores DECIMALs in JSON that functions made: 32.2500 comes back as the DOUBLE 32.25, which is equal, but one
    with more digits than a DOUBLE has comes back as another number, and then both sides must not look alike.
    """
    parsed_again = f"CAST(CONVERT({name} USING utf8mb4) AS JSON)"
    return f"IF({name} = {parsed_again}, {parsed_again}, {name})"


def _or_null(column: Column, expression: str) -> str:
    return f"IFNULL({expression}, 'N')" if column.nullable else expression
