"""Names of databases and tables, and the only place where SQL is quoted."""

from __future__ import annotations

from dataclasses import dataclass


def quote(name: str) -> str:
    """A name as a quoted SQL identifier, whatever characters it holds."""
    return "`" + name.replace("`", "``") + "`"


def literal(text: str) -> str:
    """A string as an SQL literal, for sessions of this package: they pin sql_mode, so backslash escapes."""
    return "'" + text.replace("\\", "\\\\").replace("'", "''") + "'"


def hex_literal(value: bytes) -> str:
    """Bytes as a hexadecimal SQL literal, which no sql_mode or character set can change."""
    return "0x" + value.hex() if value else "''"


@dataclass(frozen=True, order=True)
class TableName:
    """A table, view, routine, trigger or event, with the database it is in."""

    schema: str
    name: str

    @property
    def sql(self) -> str:
        """The qualified, quoted name."""
        return f"{quote(self.schema)}.{quote(self.name)}"

    def __str__(self) -> str:
        return f"{self.schema}.{self.name}"
