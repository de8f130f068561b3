"""What a server calls itself, so that another one that answers at its address is noticed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow_mydump.engine.errors import IncompleteRunError
from airflow_mydump.engine.server.flavor import Flavor

if TYPE_CHECKING:
    from airflow_mydump.engine.server.session import Session

_ADDRESS = "CONCAT(@@GLOBAL.hostname, ':', @@GLOBAL.port"


def identity_expression(flavor: Flavor) -> str:
    """What tells a server from all others, as an SQL expression.

    MySQL has a name that is made with its data directory, and goes wherever that goes. MariaDB (10.11) has none: it is
    told by its host, port, data directory and the number that replication knows it by.
    """
    if flavor.has_server_uuid:
        return "@@GLOBAL.server_uuid"
    return f"{_ADDRESS}, ' (', @@GLOBAL.server_id, ' ', @@GLOBAL.datadir, ')')"


def name_expression(flavor: Flavor) -> str:
    """Host name, port and identity of a server, for people, as an SQL expression."""
    if flavor.has_server_uuid:
        return f"{_ADDRESS}, ' (', @@GLOBAL.server_uuid, ')')"
    return identity_expression(flavor)


def server_name(session: Session) -> str:
    """Host name, port and identity of a server, for people. Raises ServerError."""
    (name,) = session.texts(f"SELECT {name_expression(session.flavor)}")
    return name


def server_identity(session: Session) -> str:
    """What tells a server from all others. Raises ServerError."""
    (identity,) = session.texts(f"SELECT {identity_expression(session.flavor)}")
    return identity


def require_server(session: Session, identity: str) -> None:
    """Raise IncompleteRunError unless the session is with the server of this identity, if one is given; ServerError."""
    if identity and server_identity(session) != identity:
        raise IncompleteRunError(
            f"the run was planned on the server {identity}, and {server_name(session)} answers at {session.endpoint} "
            "now, which may hold other rows; start the run anew"
        )
