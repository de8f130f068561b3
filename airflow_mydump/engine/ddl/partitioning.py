"""How a definition partitions a table."""

from __future__ import annotations

import re

from airflow_mydump.engine.metadata.catalog import Table

_BY_KEY = re.compile(r"PARTITION BY (?:LINEAR )?KEY ")


def is_hashed_by_key(table: Table) -> bool:
    """Whether its server hashes a key to place the rows: a server of the other vendor places them otherwise."""
    return _BY_KEY.search(table.definition) is not None
