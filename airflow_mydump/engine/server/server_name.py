"""What a server calls itself, so that another one that answers at its address is noticed."""

from __future__ import annotations

from airflow_mydump.engine.server.session import Session


def server_name(session: Session) -> str:
    """Host name, port and identity of a server. Raises ServerError.

    MySQL has an identity of its own, MariaDB (10.11) the data directory and the number that replication knows it by.
    """
    identity = (
        "@@GLOBAL.server_uuid" if session.flavor.has_server_uuid else "CONCAT_WS(' ', @@GLOBAL.server_id, @@datadir)"
    )
    ((host, port, name),) = session.text_rows(f"SELECT @@GLOBAL.hostname, @@GLOBAL.port, {identity}")
    return f"{host}:{port} ({name})"
