"""Fills a server with tenants: a believable shop each, unequal in size, the same for the same seed.

The tables, rows and other objects are SQL, in sandbox/shop/. The server makes the rows itself.
"""

from __future__ import annotations

import re
import string
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from pymysql.cursors import Cursor

    from sandbox.server import Server

#: What the demo shows.
DEMO_TENANTS = ("tenant_alpine", "tenant_baltic", "tenant_coral", "tenant_delta")
DEMO_TABLES = 300
DEMO_ROWS = 1_000_000

_SHOP = Path(__file__).parent / "shop"
_STATEMENT_END = re.compile(r";\n(?:\n|\Z)")
_TABLES = len(re.findall(r"^CREATE TABLE ", (_SHOP / "tables.sql").read_text(), re.MULTILINE))
#: The tables whose rows rows.sql lists one by one, and change_log, which is empty.
_LISTED_ROWS = {"countries": 24, "settings": 7, "departments": 8, "warehouses": 4}
#: Of all rows, those in the first tenant's stock_movements.
_SKEW = 0.4
_LAST_MONTH = (2026, 10)


@dataclass(frozen=True)
class Tenant:
    """What a tenant holds."""

    name: str
    months: int
    movements: int
    rows: int

    @property
    def tables(self) -> int:
        """Base tables; views do not count."""
        return _TABLES + self.months


def fill(
    server: Server,
    tenants: Sequence[str] = DEMO_TENANTS,
    tables: int = DEMO_TABLES,
    rows: int = DEMO_ROWS,
    seed: int = 1,
) -> tuple[Tenant, ...]:
    """Create these schemas with exactly so many tables and rows in all, and say what each got.

    The first tenant's stock_movements has two fifths of all rows. Raises ValueError when tables or rows are
    too few for the shop, and the driver's error when a schema exists.
    """
    planned = plan(tenants, tables, rows)
    # two at a time: the server's work is the bottleneck, and small machines have two cores
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda tenant: _fill_tenant(server, tenant, seed), planned))
    return planned


def plan(tenants: Sequence[str], tables: int, rows: int) -> tuple[Tenant, ...]:
    """Return how the tables and rows are shared out; raises ValueError."""
    months = tables - _TABLES * len(tenants)
    if months < 0:
        raise ValueError(f"{len(tenants)} tenants need {_TABLES * len(tenants)} tables at least: ask for more.")
    large = int(rows * _SKEW)
    planned = []
    for index, name in enumerate(tenants):
        share = _split(rows - large, len(tenants), index)
        movements = share // 25 + (large if index == 0 else 0)
        whole = share + (large if index == 0 else 0)
        planned.append(Tenant(name, _split(months, len(tenants), index), movements, whole))
    for tenant in planned:
        _counts(tenant)
    return tuple(planned)


def _split(total: int, parts: int, index: int) -> int:
    """Return the size of part `index` when `total` is split as evenly as whole numbers allow."""
    return total // parts + (index < total % parts)


def _counts(tenant: Tenant) -> dict[str, int]:
    """Return each table's rows; page_views takes what is left, so that the sum is the tenant's."""
    rest = tenant.rows - tenant.movements
    orders = max(rest // 10, 5)
    customers = max(rest // 25, 10)
    products = max(rest // 60, 10)
    counts = {
        "currency_rates": max(rest // 500, 8),
        "translations": max(rest // 400, 8),
        "employees": max(rest // 600, 8),
        "suppliers": max(rest // 1000, 5),
        "categories": max(rest // 2000, 12),
        "products": products,
        "price_history": 2 * products,
        "stock_levels": 2 * products,
        "stock_movements": tenant.movements,
        "customers": customers,
        "customer_addresses": 2 * customers,
        "orders": orders,
        "order_lines": orders // 5 * 15,
        "invoices": orders * 4 // 5,
        "payments": orders * 7 // 10,
        "shipments": orders // 2,
        "shipment_lines": orders // 4,
        "documents": max(rest // 1000, 3),
        "login_attempts": rest // 40,
        "legacy_contacts": max(rest // 1000, 3),
        "audits": rest // 20 if tenant.months else 0,
    }
    counts["page_views"] = tenant.rows - sum(counts.values()) - sum(_LISTED_ROWS.values())
    if counts["page_views"] < 0:
        raise ValueError(f"{tenant.rows} rows are too few for {tenant.name}: ask for some thousands per tenant.")
    return counts


def _fill_tenant(server: Server, tenant: Tenant, seed: int) -> None:
    # the servers' defaults are strict; these rows must not depend on what a test configured
    modes = "STRICT_TRANS_TABLES,NO_ENGINE_SUBSTITUTION"
    with server.connect(sql_mode=modes) as connection, connection.cursor() as cursor:
        cursor.execute("SET time_zone = '+00:00', sql_log_bin = 0, foreign_key_checks = 0")
        cursor.execute(f"CREATE DATABASE {tenant.name} CHARACTER SET utf8mb4")
        cursor.execute(f"USE {tenant.name}")
        counts = _counts(tenant)
        _make_numbers(cursor, max(counts.values()), f"{seed}/{tenant.name}")
        names = {**counts, "tenant": tenant.name}
        _run(cursor, "tables", names)
        cursor.execute("START TRANSACTION")
        _run(cursor, "rows", names)
        cursor.execute("COMMIT")
        _fill_months(cursor, tenant.months, counts)
        _run(cursor, "objects", names)


def _make_numbers(cursor: Cursor, rows: int, salt: str) -> None:
    """Create a temporary table of 1 … rows with four random numbers each, the same for the same salt."""
    cursor.execute(
        "CREATE TEMPORARY TABLE numbers (n BIGINT NOT NULL PRIMARY KEY,"
        " r1 BIGINT NOT NULL, r2 BIGINT NOT NULL, r3 BIGINT NOT NULL, r4 BIGINT NOT NULL)"
    )
    words = ", ".join(f"CONV(SUBSTR(hash, {8 * index + 1}, 8), 16, 10)" for index in range(4))
    cursor.execute(
        "INSERT INTO numbers WITH RECURSIVE thousand (i) AS"
        " (SELECT 0 UNION ALL SELECT i + 1 FROM thousand WHERE i < 999),"
        " counted (n) AS (SELECT a.i * 1000 + b.i + 1 FROM thousand a JOIN thousand b"
        " WHERE a.i <= %(rows)s DIV 1000),"
        " hashed (n, hash) AS"
        " (SELECT n, SHA2(CONCAT(n, '/', %(salt)s), 256) FROM counted WHERE n <= %(rows)s)"
        f" SELECT n, {words} FROM hashed ORDER BY n",
        {"rows": rows, "salt": salt},
    )


def _fill_months(cursor: Cursor, months: int, counts: Mapping[str, int]) -> None:
    for index, (year, month) in enumerate(_months_back(months)):
        names: dict[str, Any] = {
            "audit": f"audit_{year}_{month:02}",
            "month": f"{year}-{month:02}",
            "audit_rows": _split(counts["audits"], months, index),
            "employees": counts["employees"],
        }
        _run(cursor, "month", names)


def _months_back(months: int) -> Iterator[tuple[int, int]]:
    last = _LAST_MONTH[0] * 12 + _LAST_MONTH[1] - 1
    for count in range(last, last - months, -1):
        yield count // 12, count % 12 + 1


def _run(cursor: Cursor, file: str, names: Mapping[str, Any]) -> None:
    text = string.Template((_SHOP / f"{file}.sql").read_text(encoding="utf-8")).substitute(names)
    for statement in _STATEMENT_END.split(text):
        if statement.strip():
            cursor.execute(statement)
