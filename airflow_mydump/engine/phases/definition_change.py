"""Whether a source's definitions are still those that a run was planned with.

Rows are read by the columns that the plan knows. A column that was added since is not among them, and no checksum
misses it.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

import msgspec

from airflow_mydump.engine.ddl.create_table import REFERENCED
from airflow_mydump.engine.errors import IncompleteRunError
from airflow_mydump.engine.identifier import TableName, quote
from airflow_mydump.engine.metadata.catalog import Catalog, Partition, StoredObject, Table
from airflow_mydump.engine.metadata.lasting_identity import read_clock
from airflow_mydump.engine.metadata.table_identity import read_identities
from airflow_mydump.engine.phases.prefetch import prefetch_metadata
from airflow_mydump.engine.selection.selection import Selection
from airflow_mydump.engine.server.endpoint import Endpoint
from airflow_mydump.engine.server.session import Session
from airflow_mydump.engine.server.session_state import metadata

_COUNTER = re.compile(r"(?<=\s)AUTO_INCREMENT=\d+ ")

DEFINITIONS = "definitions.json.zst"
"""Where a plan has its definitions."""


@dataclass(frozen=True)
class Proof:
    """What proves that a table's definition is the one that was read: that it still has a `lasting` identity, and so
    have the tables it references, which its text changes with. Their names are quoted."""

    name: TableName
    identity: str
    references: tuple[str, ...] = ()


@dataclass(frozen=True)
class Definitions:
    """What a run was planned with: a selection, and by the name of each table and other object in it, what tells its
    definition from any other; ``server`` is the identity of the server. Where there are ``proofs``, by quoted names,
    the definition of a table need not be read again."""

    selection: Selection
    digests: Mapping[str, str]
    server: str = ""
    proofs: Mapping[str, Proof] = field(default_factory=dict)


def definitions_of(catalog: Catalog, selection: Selection) -> Definitions:
    """The definitions of all that a catalog holds, without what writers change: counters, sizes, sequences' values.

    Not their texts alone: columns, keys and partitions are read a moment before or after the text, and one that was
    altered in between is neither what the one says nor what the other does.
    """
    found = {_told(table.name): _digest(_without_figures(table)) for table in catalog.tables}
    for stored in catalog.objects:
        found[str(stored)] = "" if stored.kind == "sequence" else _digest(stored)
    proofs = {
        table.name.sql: Proof(table.name, catalog.lasting[table.name.sql], _references(table))
        for table in catalog.tables
        if table.name.sql in catalog.lasting
    }
    return Definitions(selection, found, catalog.identity, proofs)


def _told(table: TableName) -> str:
    dotted = "." in table.schema or "." in table.name
    return f"table {table.sql if dotted else table}"


def _references(table: Table) -> tuple[str, ...]:
    """The tables that a definition may reference, quoted; what a comment names is harmless among them."""
    return tuple(
        f"{found['schema'] or quote(table.name.schema)}.{found['name']}"
        for found in REFERENCED.finditer(table.definition)
    )


def _without_figures(table: Table) -> Table:
    return replace(
        table,
        definition=_COUNTER.sub("", table.definition),
        rows=0,
        data_bytes=0,
        file_bytes=0,
        partitions=tuple(Partition(partition.name, 0, 0) for partition in table.partitions),
    )


def require_unchanged(source: Endpoint, before: Definitions) -> Mapping[TableName, str]:
    """Raise IncompleteRunError naming what was altered, dropped or made on the source since, or that another server
    answers; returns the identities that proved tables unchanged, as they are now.

    Raises SelectionError, PreflightError, ConnectError, ServerError.
    """
    source = source.on(before.server)
    with Session(source, metadata) as session:
        proved = _proved(session, before.proofs)
    # that nothing is left is one of the changes
    catalog = prefetch_metadata(source, replace(before.selection, allow_empty=True), proved)
    now = definitions_of(catalog, before.selection).digests
    proved_names = set(map(_told, proved))
    unproved = {name: digest for name, digest in before.digests.items() if name not in proved_names}
    changes = list(_changes(unproved, now))
    if changes:
        more = f"; and {len(changes) - 10} more" if len(changes) > 10 else ""
        raise IncompleteRunError(
            f"definitions on the source changed since the run was planned: {'; '.join(changes[:10])}{more}; start the "
            "run anew"
        )
    return proved


def _proved(session: Session, proofs: Mapping[str, Proof]) -> dict[TableName, str]:
    if not proofs or not read_clock(session):
        return {}
    identities = read_identities(session, [proof.name for proof in proofs.values()])
    same = {name for name, proof in proofs.items() if identities.get(proof.name) == proof.identity}
    proved = (proofs[name] for name in same if same.issuperset(proofs[name].references))
    return {proof.name: proof.identity for proof in proved}


def _changes(before: Mapping[str, str], now: Mapping[str, str]) -> Iterator[str]:
    for name, definition in before.items():
        if name not in now:
            yield f"{name} was dropped"
        elif now[name] != definition:
            yield f"{name} was altered"
    yield from (f"{name} was made" for name in now if name not in before)


def _digest(defined: Table | StoredObject) -> str:
    return hashlib.sha256(msgspec.json.encode(defined)).hexdigest()[:32]
