"""Whether a source's definitions are still those that a run was planned with.

Rows are read by the columns that the plan knows. A column that was added since is not among them, and no checksum
misses it.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import msgspec

from airflow_mydump.engine.errors import IncompleteRunError
from airflow_mydump.engine.metadata.catalog import Catalog, Partition, StoredObject, Table
from airflow_mydump.engine.phases.prefetch import prefetch_metadata
from airflow_mydump.engine.selection.selection import Selection
from airflow_mydump.engine.server.endpoint import Endpoint
from airflow_mydump.engine.server.server_name import session_with
from airflow_mydump.engine.server.session_state import metadata

_COUNTER = re.compile(r"(?<=\s)AUTO_INCREMENT=\d+ ")


@dataclass(frozen=True)
class Definitions:
    """What a run was planned with: a selection, and by the name of each table and other object in it, what tells its
    definition from any other; ``server`` is the identity of the server."""

    selection: Selection
    digests: Mapping[str, str]
    server: str = ""


def definitions_of(catalog: Catalog, selection: Selection) -> Definitions:
    """The definitions of all that a catalog holds, without what writers change: counters, sizes, sequences' values.

    Not their texts alone: columns, keys and partitions are read a moment before or after the text, and one that was
    altered in between is neither what the one says nor what the other does.
    """
    found = {f"table {table.name}": _digest(_without_figures(table)) for table in catalog.tables}
    for stored in catalog.objects:
        found[str(stored)] = "" if stored.kind == "sequence" else _digest(stored)
    return Definitions(selection, found, catalog.identity)


def _without_figures(table: Table) -> Table:
    return replace(
        table,
        definition=_COUNTER.sub("", table.definition),
        rows=0,
        data_bytes=0,
        file_bytes=0,
        partitions=tuple(Partition(partition.name, 0, 0) for partition in table.partitions),
    )


def require_unchanged(source: Endpoint, before: Definitions) -> None:
    """Read the definitions again, and raise IncompleteRunError naming what was altered, dropped or made since, or that
    another server answers.

    Raises SelectionError, PreflightError, ConnectError, ServerError.
    """
    with session_with(source, metadata, before.server):
        pass
    # that nothing is left is one of the changes
    catalog = prefetch_metadata(source, replace(before.selection, allow_empty=True))
    now = definitions_of(catalog, before.selection)
    changes = list(_changes(before.digests, now.digests))
    if changes:
        more = f"; and {len(changes) - 10} more" if len(changes) > 10 else ""
        raise IncompleteRunError(
            f"definitions on the source changed since the run was planned: {'; '.join(changes[:10])}{more}; start the "
            "run anew"
        )


def _changes(before: Mapping[str, str], now: Mapping[str, str]) -> Iterator[str]:
    for name, definition in before.items():
        if name not in now:
            yield f"{name} was dropped"
        elif now[name] != definition:
            yield f"{name} was altered"
    yield from (f"{name} was made" for name in now if name not in before)


def _digest(defined: Table | StoredObject) -> str:
    return hashlib.sha256(msgspec.json.encode(defined)).hexdigest()[:32]
