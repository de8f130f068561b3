"""Says how a plan's tables were cut, and why, in words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from airflow_mydump.engine.identifier import TableName
from airflow_mydump.engine.plan.plan import PlannedTable
from airflow_mydump.engine.plan.planner import CutTable


@dataclass(frozen=True, slots=True)
class TableCuts:
    """How one table was cut: rows and bytes as estimated, the largest chunk's bytes, the reason, and the queries."""

    table: TableName
    rows: int
    bytes: int
    chunks: int
    largest: int
    reason: str
    probes: int
    where: str = ""

    @classmethod
    def of(cls, planned: PlannedTable, cut: CutTable) -> TableCuts:
        """Sum a table's chunks up."""
        return cls(
            planned.table.name,
            sum(chunk.rows for chunk in cut.chunks),
            sum(chunk.weight for chunk in cut.chunks),
            len(cut.chunks),
            max((chunk.weight for chunk in cut.chunks), default=0),
            cut.reason,
            cut.probes,
            planned.where,
        )


def describe_tables(cuts: Iterable[TableCuts], most: int) -> Iterator[str]:
    """A line for each of the tables with the most chunks, at most ``most``, and one for each reason among the rest."""
    ordered = sorted(cuts, key=lambda cut: (-cut.chunks, -cut.bytes, cut.table))
    for cut in ordered[:most]:
        where = f", where {cut.where}" if cut.where else ""
        yield (
            f"{cut.table}: {_many(cut.chunks, 'chunk')} of about {cut.rows:,} rows and {megabytes(cut.bytes)}, largest "
            f"{megabytes(cut.largest)}; {cut.reason}{where}"
        )
    rest: dict[str, list[TableCuts]] = {}
    for cut in ordered[most:]:
        rest.setdefault(cut.reason, []).append(cut)
    for reason, tables in sorted(rest.items()):
        chunks, size = sum(cut.chunks for cut in tables), sum(cut.bytes for cut in tables)
        yield f"{_many(len(tables), 'more table')}: {_many(chunks, 'chunk')}, {megabytes(size)}; {reason}"


def describe_balance(weights: Sequence[int]) -> str:
    """How even the bundles are."""
    total, largest = sum(weights), max(weights, default=0)
    mean = total / len(weights) if weights else 0
    beyond = f", {largest / mean - 1:.0%} over the mean" if mean else ""
    return f"{_many(len(weights), 'bundle')}, {megabytes(total)} in all; the heaviest has {megabytes(largest)}{beyond}"


def megabytes(size: float) -> str:
    """Bytes as people read them."""
    return f"{size / 1e6:,.1f} MB"


def _many(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"
