"""SQL modes that servers of one vendor have alone."""

from __future__ import annotations

MODES_WITHOUT_EFFECT = frozenset(
    {
        "NO_AUTO_CREATE_USER", "NO_KEY_OPTIONS", "NO_FIELD_OPTIONS", "NO_TABLE_OPTIONS", "IGNORE_BAD_TABLE_OPTIONS",
        "MYSQL323", "MYSQL40", "MAXDB", "POSTGRESQL", "DB2", "MSSQL",
    }
)  # fmt: skip
"""SQL modes that the other vendor does not have and that change nothing in a routine's body; dropped."""

MODES_REFUSED = frozenset(
    {"ORACLE", "EMPTY_STRING_IS_NULL", "SIMULTANEOUS_ASSIGNMENT", "TIME_ROUND_FRACTIONAL", "TIME_TRUNCATE_FRACTIONAL"}
)
"""SQL modes that the other vendor does not have and that change what a body does; refused by name."""
