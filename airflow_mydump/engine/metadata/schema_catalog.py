"""Reads the databases of a server and their defaults."""

from __future__ import annotations

from airflow_mydump.engine.metadata.catalog import Schema
from airflow_mydump.engine.server.session import Session


def read_schemas(session: Session) -> dict[str, Schema]:
    """All databases that the account may see, by name. Raises ServerError."""
    rows = session.text_rows(
        "SELECT SCHEMA_NAME, DEFAULT_CHARACTER_SET_NAME, DEFAULT_COLLATION_NAME FROM information_schema.SCHEMATA"
    )
    return {name: Schema(name, charset, collation) for name, charset, collation in rows}
