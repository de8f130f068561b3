"""Collects the chunks of a plan, and writes them as data bundles when all are known.

What grows with the number of chunks in memory is some 30 bytes for each; the rest waits in temporary files.
"""

from __future__ import annotations

import hashlib
from array import array
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import msgspec

from airflow_mydump.engine.plan.bundle import PIECE_COST, BundleReference, bundle_count, pack, staggered
from airflow_mydump.engine.plan.plan import PlannedTable
from airflow_mydump.engine.plan.planner import CutTable
from airflow_mydump.engine.plan.spool import Spool
from airflow_mydump.engine.plan_identity import PlanIdentity
from airflow_mydump.engine.workdir import WorkDirectory


@dataclass(frozen=True)
class _RawBundle:
    """A `plan.DataBundle` whose tables and chunks are encoded already."""

    identity: PlanIdentity
    tables: list[msgspec.Raw]
    chunks: list[msgspec.Raw]


class BundleDraft:
    """The tables and chunks of a plan in the making. Use as a context manager."""

    def __init__(self) -> None:
        self._tables, self._chunks = Spool(), Spool()
        self._names: list[str] = []
        self._weights, self._table_of, self._part_of = array("q"), array("L"), array("L")
        self._digest = hashlib.sha256()

    def add(self, planned: PlannedTable, cut: CutTable) -> None:
        """Take a table and its chunks."""
        number = len(self._tables)
        self._digest.update(self._tables.append(planned.without_definition()))
        self._names.append(str(planned.target))
        for chunk in cut.chunks:
            self._digest.update(self._chunks.append(chunk))
            self._weights.append(chunk.weight)
            self._table_of.append(number)
            self._part_of.append(chunk.part)

    def fingerprint(self, others: Iterable[object]) -> str:
        """Names the plan's content, ``others`` included: equal input gives equal fingerprints."""
        digest = self._digest.copy()
        for record in others:
            digest.update(msgspec.json.encode(record, order="deterministic"))
        return digest.hexdigest()[:16]

    @property
    def chunks(self) -> int:
        """Chunks taken so far."""
        return len(self._weights)

    def bundles(self, concurrency: int, most: int) -> Iterator[list[int]]:
        """The numbers of each bundle's chunks in the order of work; at least one bundle.

        Bundles much heavier than most come first, so that none is left for the end alone. The others follow the keys,
        all tables' first chunks before all second ones: rows that arrive in key order fill a table's pages, and
        loaders that take neighbouring bundles work on different tables.
        """
        weight = sum(self._weights) + PIECE_COST * self.chunks
        packed = pack(self._weights, min(bundle_count(concurrency, self.chunks, weight), most))
        heavy = 1.5 * self.weight(range(self.chunks)) / max(1, len(packed))
        packed.sort(key=lambda pieces: self._turn(pieces, heavy))
        for number, pieces in enumerate(packed or [array("L")]):
            yield list(staggered(pieces, self._table_of, number % concurrency / concurrency))

    def _turn(self, pieces: array[int], heavy: float) -> tuple[bool, int, int]:
        weight = self.weight(pieces)
        return weight <= heavy, 0 if weight > heavy else self._part_of[pieces[0]], -weight

    def weight(self, pieces: Iterable[int]) -> int:
        """The bytes of these chunks."""
        return sum(self._weights[piece] for piece in pieces)

    def write(
        self, directory: WorkDirectory, path: str, identity: PlanIdentity, concurrency: int, most: int
    ) -> Iterator[BundleReference]:
        """Write every bundle into a file below ``path`` in the directory."""
        self._tables.settle()
        self._chunks.settle()
        for number, pieces in enumerate(self.bundles(concurrency, most)):
            tables = sorted({self._table_of[piece] for piece in pieces})
            record = _RawBundle(identity, list(map(self._tables.raw, tables)), list(map(self._chunks.raw, pieces)))
            file = f"{path}/data-{number:05}.json.zst"
            directory.write(file, record)
            yield BundleReference(number, file, self.weight(pieces), self._label(pieces, tables))

    def _label(self, pieces: list[int], tables: list[int]) -> str:
        if not pieces:
            return "nothing"
        if len(tables) == 1:
            return f"{self._names[tables[0]]}, {len(pieces)} chunk{'s' if len(pieces) > 1 else ''}"
        heaviest = max(pieces, key=lambda piece: (self._weights[piece], -piece))
        return f"{self._names[self._table_of[heaviest]]} and {len(tables) - 1} more tables"

    def __enter__(self) -> BundleDraft:
        return self

    def __exit__(self, *error: object) -> None:
        self._tables.__exit__()
        self._chunks.__exit__()
