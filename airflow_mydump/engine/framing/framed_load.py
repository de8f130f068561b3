"""The LOAD DATA statement for framed rows: for the stream that a loader sends, and for files that another tool
loads."""

from __future__ import annotations

from airflow_mydump.engine.framing.frame import Delimiters
from airflow_mydump.engine.identifier import hex_literal, literal, quote
from airflow_mydump.engine.metadata.catalog import Table
from airflow_mydump.engine.metadata.datatype import load_expression


def load_statement(target: str, table: Table, delimiters: Delimiters, file: str = "stream") -> str:
    """The statement that loads framed rows into the table with this quoted name, from the file of this name."""
    expressions = [
        load_expression(column, f"@c{number}", hex_literal(delimiters.null))
        for number, column in enumerate(table.stored_columns)
    ]
    through_set = any(expressions)
    fields, assignments = [], []
    for number, (column, expression) in enumerate(zip(table.stored_columns, expressions, strict=True)):
        # MariaDB (10.11) forgets NO_AUTO_VALUE_ON_ZERO for a counter that a SET clause does not name: 0 would change.
        if expression is None and through_set and column.auto_increment:
            expression = f"@c{number}"
        fields.append(f"@c{number}" if expression else quote(column.name))
        if expression:
            assignments.append(f"{quote(column.name)} = {expression}")
    # The terminators are spelled out: LINES TERMINATED BY '' makes MariaDB add 0x00 after every 0xFF.
    return (
        f"LOAD DATA LOCAL INFILE {literal(file)} INTO TABLE {target} CHARACTER SET binary "
        f"FIELDS TERMINATED BY {hex_literal(delimiters.field)} ESCAPED BY '' "
        f"LINES TERMINATED BY {hex_literal(delimiters.line)} "
        f"({', '.join(fields)})" + (f" SET {', '.join(assignments)}" if assignments else "")
    )
