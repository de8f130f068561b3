"""The hook: an Airflow connection of the MySQL provider's type as the engine's `Endpoint`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow.providers.mysql.hooks.mysql import MySqlHook

from airflow_mydump.engine.errors import ConfigurationError
from airflow_mydump.engine.server.endpoint import Endpoint, parse_ssl_mode

if TYPE_CHECKING:
    from airflow.sdk import Connection


class MydumpHook(MySqlHook):
    """Logs in as the MySQL provider does (password, TLS files, socket), with the engine's defaults.

    The engine opens its own connections; `get_conn` stays the provider's. In the connection's extra, ``ssl_mode``
    is one of DISABLED, REQUIRED, VERIFY_CA, VERIFY_IDENTITY (the default where a network is crossed) and ``ssl``
    may hold ``ca``, ``cert`` and ``key``.
    """

    def get_endpoint(self) -> Endpoint:
        """The connection as an `Endpoint`.

        Raises ConfigurationError naming the connection if it is not of type mysql, has an unusable ssl_mode or asks for
        an IAM token, and AirflowNotFoundException if there is none of this name.
        """
        connection_id = self.get_conn_id()
        connection = self.get_connection(connection_id)
        if connection.conn_type != self.conn_type:
            raise ConfigurationError(
                f"connection {connection_id} has type {connection.conn_type!r}; this package needs {self.conn_type!r}"
            )
        if connection.extra_dejson.get("iam"):
            # It is good for a quarter of an hour, and a run makes connections for as long as it lasts.
            raise ConfigurationError(
                f"connection {connection_id} asks for an IAM token (iam in its extra), which would end during a run; "
                "use an account with a password"
            )
        return endpoint_of(connection_id, connection, self)


def endpoint_of(connection_id: str, connection: Connection, hook: MySqlHook) -> Endpoint:
    """What the MySQL provider would connect to, as an `Endpoint`. Raises ConfigurationError."""
    settings = hook._get_conn_config_mysql_client(connection)
    ssl = settings.get("ssl") or {}
    try:
        ssl_mode = parse_ssl_mode(settings.get("ssl_mode"))
    except ConfigurationError as error:
        raise ConfigurationError(f"connection {connection_id}: {error}") from None
    return Endpoint(
        host=settings["host"],
        port=settings["port"],
        user=settings["user"] or "",
        password=settings["passwd"],
        unix_socket=settings.get("unix_socket"),
        ssl_mode=ssl_mode,
        ssl_ca=ssl.get("ca"),
        ssl_cert=ssl.get("cert"),
        ssl_key=ssl.get("key"),
    )
