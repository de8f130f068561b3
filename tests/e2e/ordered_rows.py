"""The rows of a database as a client gets them, sorted here: no checksum, no plan and no server's comparison."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from pymysql.constants import FIELD_TYPE

from tests.integration.pair import rows_of

if TYPE_CHECKING:
    from sandbox.server import Server


def ordered_rows(server: Server, database: str) -> dict[str, list[str]]:
    """Every base table's rows, in an order that does not depend on the server."""
    tables = rows_of(server, f"SHOW FULL TABLES FROM {database} WHERE table_type = 'BASE TABLE'")
    return {table: _rows(server, f"SELECT * FROM {database}.{table}") for table, _ in tables}


def _rows(server: Server, query: str) -> list[str]:
    with server.connect() as connection, connection.cursor() as cursor:
        cursor.execute(query)
        documents = [column[1] == FIELD_TYPE.JSON for column in cursor.description]
        return sorted(repr([*map(_meant, row, documents)]) for row in cursor)


def _meant(value: Any, is_document: bool) -> Any:
    # MySQL keeps the zeros at the end of a number in a document, which no text brings over: 1.50 arrives as 1.5
    return json.dumps(json.loads(value), sort_keys=True) if is_document and value is not None else value
