"""What the tests of recovery move: tables whose rows tell of which moment they are, and which are each there once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.integration.pair import run_sql

if TYPE_CHECKING:
    from sandbox.server import Server

DATABASE = "orders"
ROWS = 16_000
CHUNK_BYTES = "64K"
"""About 50 chunks; the table without a key is one of them."""

_DIGITS = " UNION ALL ".join(f"SELECT {digit} AS d" for digit in range(10))
_NUMBERS = (
    f"SELECT a.d + 10 * b.d + 100 * c.d + 1000 * e.d + 10000 * f.d AS n FROM ({_DIGITS}) a, ({_DIGITS}) b, "
    f"({_DIGITS}) c, ({_DIGITS}) e, ({_DIGITS}) f HAVING n < {ROWS}"
)
_VERSIONED = ("with_key", "without_key")


def fill(server: Server) -> None:
    """Tables with a key, without any, and without transactions; keys, a view and a trigger."""
    run_sql(
        server,
        f"CREATE DATABASE {DATABASE}",
        f"USE {DATABASE}",
        "CREATE TABLE with_key (id INT PRIMARY KEY, text VARCHAR(200), version INT, KEY (version, id), KEY (text))",
        "CREATE TABLE without_key (id INT, text VARCHAR(200), version INT)",
        "CREATE TABLE plain (id INT PRIMARY KEY, text VARCHAR(200)) ENGINE=MyISAM",
        f"INSERT INTO with_key SELECT n, REPEAT(SHA2(n, 256), 3), 1 FROM ({_NUMBERS}) numbers",
        "INSERT INTO without_key SELECT id % 500, text, 1 FROM with_key WHERE id < 4000",
        "INSERT INTO plain SELECT id, text FROM with_key WHERE id < 500",
        "CREATE VIEW newest AS SELECT MAX(id) AS id FROM with_key",
        "CREATE TRIGGER set_version BEFORE INSERT ON with_key FOR EACH ROW SET NEW.version = COALESCE(NEW.version, 1)",
        "ANALYZE TABLE with_key, without_key, plain",
    )


def change(server: Server) -> None:
    """Change rows of every chunk, in one transaction: afterwards it is another moment."""
    with server.connect(database=DATABASE, autocommit=False) as connection, connection.cursor() as cursor:
        for table in _VERSIONED:
            cursor.execute(f"UPDATE {table} SET version = version + 1 WHERE id % 32 = 7")
        connection.commit()


def without_versions(rows: dict[str, list[str]]) -> dict[str, list[str]]:
    """The rows without what `change` changes."""
    return {
        table: sorted(row.rpartition(", ")[0] for row in found) if table in _VERSIONED else found
        for table, found in rows.items()
    }
