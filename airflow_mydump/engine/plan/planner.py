"""Cuts tables into chunks, and says why each was cut as it was."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from airflow_mydump.engine.chunking.chunk import Bound, Chunk, key_range
from airflow_mydump.engine.chunking.chunk_key import PRIMARY, ChunkKey, choose_key
from airflow_mydump.engine.chunking.glue import glue
from airflow_mydump.engine.chunking.key_reader import KeyReader
from airflow_mydump.engine.chunking.key_type import key_literal, line_of
from airflow_mydump.engine.chunking.key_walk import KeyWalk, Piece
from airflow_mydump.engine.chunking.table_sample import not_empty, row_bytes
from airflow_mydump.engine.errors import ServerError
from airflow_mydump.engine.metadata.catalog import Partition, Table
from airflow_mydump.engine.plan.plan import PlannedTable
from airflow_mydump.engine.server.session import Session

DEFAULT_CHUNK_BYTES = 64 << 20

Strategy = Literal["adaptive", "uniform"]
"""``adaptive`` follows the rows; ``uniform`` cuts even ranges between a key's smallest and largest value, for two
queries a table."""

_FILE_OF_FEW_ROWS = 1 << 20
"""An InnoDB file has some 100 KB without any row, and then grows by extents."""
_CALIBRATION_BYTES = 4 << 20
_FEWEST_ESTIMATED = 8
_TRUSTED_BIAS = (0.5, 4.0)


@dataclass(frozen=True)
class Cutting:
    """How to cut. ``max_key_prefix_length`` limits the columns of a key that bounds are made of; 0 is no limit."""

    chunk_bytes: int = DEFAULT_CHUNK_BYTES
    strategy: Strategy = "adaptive"
    max_key_prefix_length: int = 0


@dataclass(frozen=True)
class CutTable:
    """A table's chunks in key order, why they are what they are, and the queries that it took."""

    chunks: tuple[Chunk, ...]
    reason: str
    probes: int = 0


STRUCTURE_ONLY = CutTable((), "structure only")
"""For a table of which no rows are taken."""


def cut_tables(
    session: Session, tables: Sequence[PlannedTable], cutting: Cutting
) -> Iterator[tuple[PlannedTable, CutTable]]:
    """Every table with its chunks, in the order of the tables. ``session`` as in `planner.cut`. Raises ServerError."""
    # Statistics that know of no row may be older than the rows; files tell, where the account may see them.
    doubted = [planned.table.name for planned in tables if not planned.table.rows and not planned.table.file_bytes]
    unseen = not_empty(session, doubted)
    for planned in tables:
        yield planned, cut(session, planned, cutting, planned.table.name in unseen)


def cut(session: Session, planned: PlannedTable, cutting: Cutting, unseen: bool = False) -> CutTable:
    """The chunks of a table, in key order: disjoint, complete, each of about ``cutting.chunk_bytes``.

    Tables smaller than a chunk cost no query at all. ``unseen`` says that the table has rows which its statistics do
    not know of. ``session`` must be in the `session_state.reading` state; nothing is locked. Raises ServerError.
    """
    table = planned.table
    key = choose_key(table, cutting.max_key_prefix_length)
    if not table.transactional:
        return _whole(planned, None, f"{table.engine} cannot roll a chunk back")
    if table.data_bytes < cutting.chunk_bytes and not (unseen or _outgrown(table, cutting.chunk_bytes)):
        return _whole(planned, key, "smaller than a chunk")
    if key is None and not table.partitions:
        return _whole(planned, None, "no primary key, no unique key without nullable columns, no partitions")
    try:
        return _Cut(session, planned, key, cutting).cut()
    except ServerError as error:
        raise error.during(f"cannot cut {table.name} into chunks") from error


def _outgrown(table: Table, chunk_bytes: int) -> bool:
    """Whether a table's files say that its statistics are old; indexes alone rarely are three times the rows."""
    return table.file_bytes >= max(chunk_bytes, _FILE_OF_FEW_ROWS) and table.file_bytes > 4 * table.data_bytes


def _whole(planned: PlannedTable, key: ChunkKey | None, reason: str) -> CutTable:
    table = planned.table
    # In the order that the rows are stored in, which is the order that loads fastest.
    names, index = (key.names, key.index) if key and key.index == PRIMARY else ((), "")
    partitions = planned.partitions
    return CutTable(
        (Chunk(planned.number, 0, table.data_bytes, table.rows, names, index, partitions=partitions),), reason
    )


@dataclass(frozen=True)
class _Share:
    """Rows that are cut by themselves: all of a table, or a partition. ``rows`` and ``data_bytes`` are estimates."""

    partitions: tuple[str, ...]
    rows: int
    data_bytes: int


class _Cut:
    """Cuts one table that is larger than a chunk, or may be."""

    def __init__(self, session: Session, planned: PlannedTable, key: ChunkKey | None, cutting: Cutting) -> None:
        self.session, self.planned, self.table, self.key, self.cutting = session, planned, planned.table, key, cutting
        self.probes = 0
        self.how = ""
        self.average = self._average()
        self.target = max(int(cutting.chunk_bytes / self.average), 1)

    def cut(self) -> CutTable:
        chunks: list[Chunk] = []
        for share in self._shares():
            chunks += self._chunks(share, len(chunks))
        by = [f"{len(self.table.partitions)} partitions"] if self.table.partitions else []
        by += [f"{self.key}, {self.how}"] if self.how else []
        return CutTable(tuple(chunks), f"by {', and by '.join(by)}" if by else "smaller than a chunk", self.probes)

    def _average(self) -> float:
        """Bytes a row: from the statistics if they may be right, else from some rows."""
        table = self.table
        known = table.rows and table.data_bytes >= self.cutting.chunk_bytes
        if known and not _outgrown(table, self.cutting.chunk_bytes):
            return max(table.data_bytes / table.rows, 1)
        self.probes += 1
        return max(row_bytes(self.session, table), 1)

    def _shares(self) -> Iterator[_Share]:
        table = self.table
        if not table.partitions:
            trusted = table.rows * self.average >= self.cutting.chunk_bytes
            rows = table.rows if trusted else 0
            yield _Share(self.planned.partitions, rows, table.data_bytes)
            return
        small: list[Partition] = []
        for partition in table.partitions:
            if small and sum(map(_bytes, small)) + _bytes(partition) > self.cutting.chunk_bytes:
                yield _together(small)
                small = []
            small.append(partition)
        yield _together(small)

    def _chunks(self, share: _Share, first: int) -> Iterator[Chunk]:
        known_small = share.partitions and share.data_bytes < self.cutting.chunk_bytes
        pieces = [Piece((), share.rows)]
        if self.key and not known_small and len(share.partitions) < 2:
            pieces = list(self._pieces(self.key, share)) or pieces
        names, index = (self.key.names, self.key.index) if self.key else ((), "")
        if len(pieces) == 1 and (index != PRIMARY or len(share.partitions) > 1):
            names, index = (), ""
        bounds: list[Bound | None] = [None, *(piece.lower for piece in pieces[1:]), None]
        for number, piece in enumerate(pieces):
            yield Chunk(
                self.planned.number, first + number, max(round(piece.rows * self.average), 1), round(piece.rows),
                names, index, bounds[number], bounds[number + 1], share.partitions,
            )  # fmt: skip

    def _pieces(self, key: ChunkKey, share: _Share) -> Iterator[Piece]:
        reader = KeyReader(self.session, self.table.name, key, *share.partitions)
        try:
            if self.cutting.strategy == "uniform" and share.rows and (pieces := self._uniform(reader, key, share)):
                self.how = "in even ranges"
                yield from pieces
                return
            yield from _without_repeats(glue(self._adaptive(reader, key, share), self.target))
        finally:
            self.probes += reader.probes

    def _uniform(self, reader: KeyReader, key: ChunkKey, share: _Share) -> list[Piece]:
        line = line_of(key.columns[0])
        ends = reader.ends(0, "") if line else None
        if line is None or ends is None:
            return []
        low, high = map(line.place, ends)
        span = high - low + 1
        parts = min(-(-share.rows // self.target), span)
        places = (low + span * part // parts for part in range(parts))
        bounds = ((key_literal(key.columns[0], line.value(place)),) for place in places)
        return [Piece(bound, share.rows / parts) for bound in bounds]

    def _adaptive(self, reader: KeyReader, key: ChunkKey, share: _Share) -> Iterable[Piece]:
        # Small pieces, glued afterwards: an estimate is never more than half of what statistics say of the table.
        wanted = min(self.target, max(share.rows // 8, 1)) if share.rows else self.target
        sample = min(wanted, max(int(_CALIBRATION_BYTES / self.average), 1))
        row = reader.key_after(sample)
        if row is None:
            return [Piece((), sample)]
        # An empty range is estimated at one row too: for pieces of a few rows an estimate says nothing.
        bias = self._bias(reader, key, row, sample) if share.rows and wanted >= _FEWEST_ESTIMATED else None
        walked = bias is None or line_of(key.columns[0]) is None
        self.how = "counted over the index" if walked else "by estimates"
        return KeyWalk(reader, key, wanted, share.rows, bias).pieces()

    def _bias(self, reader: KeyReader, key: ChunkKey, row: Sequence[bytes], sample: int) -> float | None:
        """How many rows the optimizer sees for one, from a range whose rows were counted; None if it cannot be
        trusted."""
        bound = tuple(key_literal(column, value) for column, value in zip(key.columns, row, strict=True))
        found = reader.estimate(key_range(key.names, None, bound))
        least, most = _TRUSTED_BIAS
        return found / sample if least <= found / sample <= most else None


def _together(partitions: Sequence[Partition]) -> _Share:
    return _Share(
        tuple(partition.name for partition in partitions),
        sum(partition.rows for partition in partitions),
        sum(partition.data_bytes for partition in partitions),
    )


def _bytes(partition: Partition) -> int:
    return partition.data_bytes


def _without_repeats(pieces: Iterable[Piece]) -> Iterator[Piece]:
    """Pieces whose bound is that of the piece before are empty ranges; their rows are the neighbour's."""
    last: Piece | None = None
    for piece in pieces:
        if last is not None and piece.lower == last.lower:
            last = Piece(last.lower, last.rows + piece.rows)
            continue
        if last is not None:
            yield last
        last = piece
    if last is not None:
        yield last
