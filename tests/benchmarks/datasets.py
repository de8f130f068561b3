"""What is moved in the benchmarks; made by the server itself, equal on every machine."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sandbox.server import Server

_DIGITS = "(SELECT 0 AS d UNION SELECT 1 UNION SELECT 2 UNION SELECT 3 UNION SELECT 4 UNION SELECT 5 " + (
    "UNION SELECT 6 UNION SELECT 7 UNION SELECT 8 UNION SELECT 9)"
)


def large(server: Server, rows: int) -> str:
    """Two tables as sysbench makes them, of ``rows`` rows each, and a mixed one of half as many; their database."""
    with server.connect() as connection, connection.cursor() as cursor:
        cursor.execute("CREATE DATABASE bench_large")
        cursor.execute("USE bench_large")
        cursor.execute(f"CREATE TABLE numbers (n INT PRIMARY KEY) SELECT {_number()} AS n FROM {_digits(6)}")
        for name in ("sbtest1", "sbtest2"):
            cursor.execute(
                f"CREATE TABLE {name} (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, k INT NOT NULL, "
                "c CHAR(120) NOT NULL, pad CHAR(60) NOT NULL, KEY k_1 (k))"
            )
            cursor.execute(
                f"INSERT INTO {name} SELECT n + 1, CRC32(n) % 1000000, "
                "CONCAT(SHA2(n, 256), LEFT(SHA2(n + 1, 256), 55)), LEFT(SHA2(n + 2, 256), 59) "
                f"FROM numbers WHERE n < {rows}"
            )
        cursor.execute(
            "CREATE TABLE mixed (id BIGINT UNSIGNED NOT NULL PRIMARY KEY, label VARCHAR(80), body TEXT, data JSON, "
            "hash VARBINARY(32), amount DECIMAL(18,4), ratio DOUBLE, share FLOAT, day DATE, at DATETIME(6), "
            "state ENUM('new','open','closed'))"
        )
        cursor.execute(
            "INSERT INTO mixed SELECT n + 1, IF(n % 7, CONCAT('label ', n), NULL), "
            "REPEAT(CONCAT(n, ' text '), n % 20), "
            "IF(n % 3, JSON_OBJECT('n', n, 'tags', JSON_ARRAY('a', 'ü')), NULL), UNHEX(SHA2(n, 256)), n * 1.25, n / 7, "
            "n / 3, '2026-01-01' + INTERVAL n % 365 DAY, '2026-01-01' + INTERVAL n SECOND, 1 + n % 3 "
            f"FROM numbers WHERE n < {rows // 2}"
        )
        cursor.execute("DROP TABLE numbers")
        cursor.execute("ANALYZE TABLE sbtest1, sbtest2, mixed")
    return "bench_large"


def small(server: Server, tables: int) -> str:
    """A tenant of many small tables with secondary and foreign keys; the database's name."""
    with server.connect() as connection, connection.cursor() as cursor:
        cursor.execute("CREATE DATABASE bench_small")
        cursor.execute("USE bench_small")
        for number in range(tables):
            parent = max(0, number - 1 - number % 7)
            key = f", CONSTRAINT fk_{number} FOREIGN KEY (parent) REFERENCES t{parent:05} (id)"
            cursor.execute(
                f"CREATE TABLE t{number:05} (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, parent INT, name VARCHAR(80), "
                "amount DECIMAL(12,2), created DATETIME(6), note TEXT, KEY name (name), KEY parent (parent)"
                f"{key if number and number % 3 == 0 else ''})"
            )
            refers_to = 1 if _has_rows(parent) else "NULL"
            rows = ", ".join(
                f"({refers_to}, 'name {row}', {row}.5, '2026-01-01', {'NULL' if row % 3 else repr('x' * row)})"
                for row in range(1 + number % 20)
            )
            if _has_rows(number):
                cursor.execute(f"INSERT INTO t{number:05} (parent, name, amount, created, note) VALUES {rows}")
    return "bench_small"


DATASETS: dict[str, tuple[Callable[[Server, int], str], int]] = {"large": (large, 1_000_000), "small": (small, 6_111)}
"""Name -> how to make it, and its usual size: rows of a large table, number of small tables."""


def _has_rows(number: int) -> bool:
    return number % 10 < 7


def _digits(places: int) -> str:
    return ", ".join(f"{_DIGITS} AS d{place}" for place in range(places))


def _number() -> str:
    return " + ".join(f"d{place}.d * {10**place}" for place in range(6))
