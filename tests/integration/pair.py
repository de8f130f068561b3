"""A source and a target server of one flavor, and the few things that tests do to them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from airflow_mydump.engine.server.endpoint import Endpoint

if TYPE_CHECKING:
    from sandbox.server import Account, Flavor, Server


@dataclass(frozen=True)
class Pair:
    source: Server
    target: Server

    @property
    def flavor(self) -> Flavor:
        return self.source.flavor

    @property
    def is_mysql(self) -> bool:
        return self.flavor == "mysql"


def endpoint(server: Server, account: Account | None = None) -> Endpoint:
    account = account or server.account
    return Endpoint(server.host, server.port, account.user, account.password)


def run_sql(server: Server, *statements: str, database: str | None = None) -> None:
    """Run statements as the administrator, in one session that takes every value as it is given."""
    with server.connect(database=database) as connection, connection.cursor() as cursor:
        cursor.execute("SET sql_mode = 'NO_AUTO_VALUE_ON_ZERO,ALLOW_INVALID_DATES', foreign_key_checks = 0")
        for statement in statements:
            cursor.execute(statement)


def rows_of(server: Server, query: str, database: str | None = None) -> list[tuple[Any, ...]]:
    with server.connect(database=database) as connection, connection.cursor() as cursor:
        cursor.execute(query)
        return list(cursor.fetchall())


def value_of(server: Server, query: str, database: str | None = None) -> Any:
    ((value,),) = rows_of(server, query, database)
    return value
