"""Random databases: tables of any shape and size, with keys or without, and some objects around them."""

from __future__ import annotations

import json
import string
import struct
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

    from sandbox.server import Server

_TEXT = string.ascii_letters + string.digits + " '\"\\\t\n\r\x00\x1f,;äß€中🐬"
_LONGEST_ROW = 200_000


@dataclass(frozen=True)
class _Kind:
    """A column's type, and how to draw a value of it."""

    definition: str
    draw: Callable[[Random], Any]


def _text(most: int) -> Callable[[Random], str]:
    return lambda random: "".join(random.choices(_TEXT, k=random.randint(0, most)))


def _bytes(most: int) -> Callable[[Random], bytes]:
    return lambda random: random.randbytes(random.randint(0, most))


def _float(random: Random) -> float:
    value: float = struct.unpack("f", struct.pack("f", random.uniform(-1e6, 1e6)))[0]
    return value


def _moment(random: Random) -> datetime:
    return datetime(2001, 1, 1) + timedelta(microseconds=random.randrange(10**15))


def _json(random: Random) -> str:
    return json.dumps({"n": random.randrange(1000), "s": _text(20)(random), "l": [None, True]})


_KINDS = (
    _Kind("INT", lambda random: random.randrange(-(2**31), 2**31)),
    _Kind("BIGINT UNSIGNED", lambda random: random.choice((0, 2**64 - 1, random.randrange(2**64)))),
    _Kind("TINYINT", lambda random: random.randrange(-128, 128)),
    _Kind("DECIMAL(30,8)", lambda random: Decimal(random.randrange(-(10**20), 10**20)).scaleb(-8)),
    _Kind("FLOAT", _float),
    _Kind("DOUBLE", lambda random: random.uniform(-1e300, 1e300)),
    _Kind("VARCHAR(60) CHARACTER SET utf8mb4", _text(60)),
    _Kind("CHAR(10) CHARACTER SET latin1", lambda random: random.choice(("", "a", "é" * 10, "x y"))),
    _Kind("TEXT CHARACTER SET utf8mb4", _text(300)),
    _Kind("VARBINARY(80)", _bytes(80)),
    _Kind("BLOB", _bytes(500)),
    _Kind("DATE", lambda random: date(1000, 1, 1) + timedelta(days=random.randrange(3_000_000))),
    _Kind("DATETIME(6)", _moment),
    _Kind("TIMESTAMP(3) NULL", lambda random: _moment(random).replace(microsecond=7000)),
    _Kind(
        "TIME(2)", lambda random: f"{random.choice(('', '-'))}{random.randrange(838)}:15:{random.randrange(60):02}.25"
    ),
    _Kind("YEAR", lambda random: random.choice((0, 1901, 2155))),
    _Kind("ENUM('a','b','','ü')", lambda random: random.choice("abü")),
    _Kind("SET('x','y','z')", lambda random: random.choice(("", "x", "x,z", "x,y,z"))),
    _Kind("BIT(9)", lambda random: random.randrange(512)),
    _Kind("JSON", _json),
)
_KEYS = ("none", "serial", "sparse", "text", "composite", "nullable")


@dataclass(frozen=True)
class DataSet:
    """What was made: the tables' names, and whether all of them can be rolled back."""

    database: str
    tables: tuple[str, ...]


def make_data_set(random: Random, server: Server, database: str, transactional: bool) -> DataSet:
    """Make the database anew; with ``transactional``, all its tables are."""
    tables = tuple(f"t{number}" for number in range(random.randint(1, 6)))
    with server.connect() as connection, connection.cursor() as cursor:
        cursor.execute("SET sql_mode = 'NO_AUTO_VALUE_ON_ZERO', foreign_key_checks = 0, time_zone = '+00:00'")
        cursor.execute(f"DROP DATABASE IF EXISTS {database}")
        cursor.execute(f"CREATE DATABASE {database} DEFAULT CHARACTER SET utf8mb4")
        cursor.execute(f"USE {database}")
        for name in tables:
            _make_table(random, cursor, name, transactional)
        tables = (*tables, *_make_child(random, cursor))
        for statement in _objects(random, tables):
            cursor.execute(statement)
        cursor.execute("FLUSH TABLES")  # a server that is killed loses what MyISAM has not written yet
    return DataSet(database, tables)


def _make_table(random: Random, cursor: Any, name: str, transactional: bool) -> None:
    kinds = random.choices(_KINDS, k=random.randint(1, 9))
    key = random.choice(_KEYS)
    columns = [f"c{number} {kind.definition}" for number, kind in enumerate(kinds)]
    engine = "InnoDB" if transactional or random.random() < 0.9 else "MyISAM"
    extra = [f"KEY s{number} (c{number}{_prefix(kind)})" for number, kind in enumerate(kinds) if _indexed(random, kind)]
    key_columns, key_clauses = _key(key)
    cursor.execute(f"CREATE TABLE {name} ({', '.join([*key_columns, *columns, *key_clauses, *extra])}) ENGINE={engine}")
    rows = [
        (*values, *(None if random.random() < 0.1 else kind.draw(random) for kind in kinds))
        for values in _key_values(random, key, random.choice((0, 1, 7, 60, 400, 1200)))
    ]
    if rows and key == "none":
        rows += random.choices(rows, k=len(rows) // 5)  # doubled rows, which only their number tells apart
    if rows:
        marks = ", ".join(["%s"] * len(rows[0]))
        cursor.executemany(f"INSERT INTO {name} VALUES ({marks})", rows)
    _make_long(random, cursor, name, kinds)
    cursor.execute(f"ANALYZE TABLE {name}")
    cursor.fetchall()


def _make_child(random: Random, cursor: Any) -> tuple[str, ...]:
    """Two tables that refer to each other and to themselves, now and then."""
    if random.random() < 0.6:
        return ()
    cursor.execute("CREATE TABLE parent (id INT PRIMARY KEY, c0 VARCHAR(9), favourite INT)")
    cursor.execute(
        "CREATE TABLE child (id INT PRIMARY KEY, c0 INT, sibling INT, FOREIGN KEY (c0) REFERENCES parent (id), "
        "CONSTRAINT brother FOREIGN KEY (sibling) REFERENCES child (id) ON DELETE SET NULL)"
    )
    cursor.execute("ALTER TABLE parent ADD FOREIGN KEY (favourite) REFERENCES child (id) ON UPDATE CASCADE")
    rows = random.choice((1, 300))
    for table in ("parent", "child"):
        values = [(number, number, rows - 1 - number) for number in range(rows)]
        cursor.executemany(f"INSERT INTO {table} VALUES (%s, %s, %s)", values)
        cursor.execute(f"ANALYZE TABLE {table}")
        cursor.fetchall()
    return ("parent", "child")


def _make_long(random: Random, cursor: Any, name: str, kinds: list[_Kind]) -> None:
    """Give a table one row that is longer than a chunk, now and then."""
    for number, kind in enumerate(kinds):
        if kind.definition == "BLOB" and random.random() < 0.2:
            cursor.execute(f"ALTER TABLE {name} MODIFY c{number} LONGBLOB")
            cursor.execute(f"UPDATE {name} SET c{number} = %s LIMIT 1", (random.randbytes(_LONGEST_ROW),))


def _indexed(random: Random, kind: _Kind) -> bool:
    return random.random() < 0.15 and kind.definition != "JSON"


def _prefix(kind: _Kind) -> str:
    return "(20)" if kind.definition.startswith(("TEXT", "BLOB", "VARBINARY", "VARCHAR")) else ""


def _key(key: str) -> tuple[list[str], list[str]]:
    """The columns and clauses of a table's key."""
    if key == "serial":
        return ["id INT AUTO_INCREMENT PRIMARY KEY"], []
    if key == "sparse":
        return ["id BIGINT UNSIGNED PRIMARY KEY"], []
    if key == "text":
        return ["id VARCHAR(40) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PRIMARY KEY"], []
    if key == "composite":
        return ["a INT NOT NULL", "b SMALLINT NOT NULL"], ["PRIMARY KEY (a, b)"]
    if key == "nullable":
        return ["id INT"], ["UNIQUE KEY u (id)"]
    return [], []


def _key_values(random: Random, key: str, rows: int) -> list[tuple[Any, ...]]:
    if key == "serial":
        return [(number,) for number in range(rows)]
    if key == "sparse":
        return [(number,) for number in random.sample(range(2**62), rows)]
    if key == "text":
        return [(f"{number:x}-{random.choice('aäZ ')}{number}",) for number in range(rows)]
    if key == "composite":
        return [(number // 7, number % 7) for number in range(rows)]
    if key == "nullable":
        return [(None if number % 5 == 0 else number,) for number in range(rows)]
    return [()] * rows


def _objects(random: Random, tables: tuple[str, ...]) -> list[str]:
    table = random.choice(tables)
    chosen = (
        f"CREATE VIEW v AS SELECT * FROM {table}",
        f"CREATE TRIGGER r BEFORE UPDATE ON {table} FOR EACH ROW SET @seen = 1",
        "CREATE PROCEDURE p() SELECT 1",
        "CREATE FUNCTION f(n INT) RETURNS INT DETERMINISTIC NO SQL RETURN n + 1",
    )
    return [statement for statement in chosen if random.random() < 0.4]
