"""Which tables names stood for in the moment that rows belong to: noted, and proved where they are read."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache

from airflow_mydump.engine.consistency.kept_session import KeptSession
from airflow_mydump.engine.consistency.moment import Moment
from airflow_mydump.engine.errors import IncompleteRunError, SnapshotError
from airflow_mydump.engine.identifier import TableName
from airflow_mydump.engine.metadata.table_identity import is_numbered, read_identities
from airflow_mydump.engine.plan.cut_report import TableCuts
from airflow_mydump.engine.plan.noted_table import WHEN_PLANNED, NotedTable, noted_file
from airflow_mydump.engine.plan.plan import DataBundle
from airflow_mydump.engine.server.endpoint import Endpoint
from airflow_mydump.engine.server.renewed import asked
from airflow_mydump.engine.server.session_state import metadata
from airflow_mydump.engine.workdir import WorkDirectory

_TOLD = 5


def note_tables(source: Endpoint, record: WorkDirectory, epoch: str, tables: Sequence[TableName]) -> bool:
    """Note which tables the names stand for now, as those of a moment; returns whether all have a number of InnoDB's.

    Raises ConnectError, ServerError.
    """
    return all(map(is_numbered, _note(source, record, noted_file(epoch), tables)))


def note_cut_tables(source: Endpoint, record: WorkDirectory, cuts: Sequence[TableCuts]) -> None:
    """Note the tables whose rows will be read in several moments, a chunk in each. Raises ConnectError, ServerError."""
    _note(source, record, WHEN_PLANNED, [cut.table for cut in cuts if cut.chunks > 1])


def _note(source: Endpoint, record: WorkDirectory, file: str, tables: Sequence[TableName]) -> Collection[str]:
    found = asked(source, metadata, read_identities, tables)
    record.write_lines(file, (NotedTable(name, identity) for name, identity in found.items()))
    return found.values()


def require_noted(
    source: Endpoint, record: WorkDirectory, epoch: str, tables: Sequence[TableName], seen: Mapping[TableName, str]
) -> None:
    """Raise SnapshotError naming a table that is not the one any more that was noted; ConnectError, ServerError.

    ``seen`` are identities that were just read.
    """
    if changed := _changed(source, _noted_before(record, epoch), tables, seen):
        raise SnapshotError(
            f"on the source {changed} is not the table any more that had the name in the moment of the snapshot: it "
            "was renamed, altered, exchanged, emptied or rebuilt; what was read is thrown away when all workers are "
            "tried again, in a new snapshot"
        )


def require_cut_tables(source: Endpoint, record: WorkDirectory) -> None:
    """Raise IncompleteRunError naming a table whose chunks may be of two tables; ConnectError, ServerError."""
    noted = _noted(record, WHEN_PLANNED)
    if changed := _changed(source, noted, list(noted), {}):
        raise IncompleteRunError(
            f"on the source {changed} is not the table any more that had the name when the run was planned, and its "
            "chunks were read one by one: it was renamed, altered, exchanged, emptied or rebuilt; start the run anew"
        )


@lru_cache(maxsize=1)
def _noted_before(record: WorkDirectory, epoch: str) -> Mapping[TableName, str]:
    """What was noted for a moment: once, and a worker asks for each of its bundles."""
    return _noted(record, noted_file(epoch))


def _noted(record: WorkDirectory, file: str) -> Mapping[TableName, str]:
    return {table.name: table.identity for table in record.read_lines(file, NotedTable)}


def _changed(
    source: Endpoint, noted: Mapping[TableName, str], wanted: Sequence[TableName], seen: Mapping[TableName, str]
) -> str:
    """Those of the tables that are not what was noted; in words."""
    now = dict(seen)
    if unseen := [name for name in wanted if name not in seen]:
        now |= asked(source, metadata, read_identities, unseen)
    changed = [str(name) for name in wanted if name not in noted or now.get(name) != noted[name]]
    more = f" and {len(changed) - _TOLD} more" if len(changed) > _TOLD else ""
    return f"{', '.join(changed[:_TOLD])}{more}"


@contextmanager
def holding_noted(
    source: Endpoint, record: WorkDirectory, moment: Moment, bundle: DataBundle, session: KeptSession
) -> Iterator[None]:
    """Read a bundle inside: its tables are those of the moment, proved when nobody can give their names away any more.

    Only a snapshot's need be: locked tables keep their names, and where a replica's applier is paused its position
    tells. Raises SnapshotError naming a table, ConnectError, ServerError.
    """
    if moment.mode != "snapshot":
        yield
        return
    tables = snapshot_tables(bundle)
    with session.holding(tables):
        require_noted(source, record, moment.epoch, tables, {})
        yield


def snapshot_tables(bundle: DataBundle) -> list[TableName]:
    """The tables of a bundle that a snapshot has rows of."""
    return [planned.table.name for planned in bundle.tables if planned.table.transactional]
