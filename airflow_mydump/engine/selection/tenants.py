"""Which databases a server has that are somebody's."""

from __future__ import annotations

from airflow_mydump.engine.selection.selection import SYSTEM_SCHEMAS
from airflow_mydump.engine.server.session import Session


def user_databases(session: Session) -> list[str]:
    """The databases that the account sees, without the server's own, by name. Raises ServerError."""
    rows = session.text_rows("SELECT SCHEMA_NAME FROM information_schema.SCHEMATA")
    return sorted(name for (name,) in rows if name.lower() not in SYSTEM_SCHEMAS)
