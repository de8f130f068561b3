"""A chunk: a key range of one table, or some of its partitions, or all of it; the unit of load, retry and
verification."""

from __future__ import annotations

import re
from dataclasses import dataclass

from airflow_mydump.engine.identifier import TableName, quote

Bound = tuple[str, ...]
"""SQL literals for the leading columns of a key, made by `key_type.key_literal`; compared as a row is."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """The rows of a table with ``lower <= key < upper``, in ``partitions`` if any are named.

    No bound means open-ended. The chunks of a table, or of a partition, are disjoint and complete: each begins where
    the one before ends, the first has no lower and the last no upper bound, so a row that appears while the plan is
    made still has a chunk.

    ``table`` is the table's number in the plan, ``part`` the chunk's number in the table, both from 0. ``key`` are
    columns, none of them nullable, and ``index`` is the index that begins with them. A bound may be for fewer columns
    than the key has. ``weight`` (bytes) and ``rows`` are estimates.
    """

    table: int
    part: int
    weight: int
    rows: int = 0
    key: tuple[str, ...] = ()
    index: str = ""
    lower: Bound | None = None
    upper: Bound | None = None
    partitions: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        """Names the chunk within its plan."""
        return f"{self.table}.{self.part}"

    @property
    def where(self) -> str:
        """The condition that selects exactly this chunk's rows from its partitions; empty for all of them."""
        return key_range(self.key, self.lower, self.upper)

    @property
    def order(self) -> str:
        """An ORDER BY clause, with a space before it, for the chunk's rows in key order; empty without a key."""
        return f" ORDER BY {', '.join(map(quote, self.key))}" if self.key else ""

    def rows_of(self, stored_as: TableName, *conditions: str, pinned: bool = True, time: str = "") -> str:
        """The FROM and WHERE clauses for this chunk's rows in the table of this name, on either side.

        ``conditions`` are further conditions that rows must meet; each stands in parentheses of its own, so that an
        OR in one of them cannot reach beyond it. ``pinned`` names the index, so that no estimate can make the server
        read the whole table for each chunk. ``time`` is the table's `catalog.Table.time_clause`.
        """
        index = f" FORCE INDEX ({quote(self.index)})" if pinned and self.index else ""
        terms = [f"({condition})" for condition in (self.where, *conditions) if condition]
        where = f" WHERE {' AND '.join(terms)}" if terms else ""
        return f"FROM {stored_as.sql}{partition_clause(self.partitions)}{time}{index}{where}"

    def describe(self) -> str:
        """The range in words, for messages and logs."""
        where = f"partitions {', '.join(self.partitions)}" if self.partitions else ""
        if self.lower is None and self.upper is None:
            return where or "all rows"
        key = ", ".join(self.key)
        ends = (f"from ({', '.join(self.lower)})" if self.lower else "", _before(self.upper))
        return " ".join(part for part in (where, f"key ({key})", *ends) if part)


def _before(upper: Bound | None) -> str:
    return f"to before ({', '.join(upper)})" if upper else "to the end"


def without_bounds(text: str) -> str:
    """A message without the key values that `Chunk.describe` put into it, for more readers than the log has.

    None of the literals that `key_type.key_literal` makes has a parenthesis.
    """
    return re.sub(r"\b(from|to before) \([^()]*\)", r"\1 (…)", text)


def partition_clause(partitions: tuple[str, ...]) -> str:
    """What follows a table's name to read only these partitions; empty for none named."""
    return f" PARTITION ({', '.join(map(quote, partitions))})" if partitions else ""


def key_range(key: tuple[str, ...], lower: Bound | None, upper: Bound | None) -> str:
    """The condition ``lower <= key < upper``, written out column by column.

    Row constructors would be shorter, but neither server reads an index range for them (MariaDB 10.11 and MySQL 9.7
    both scanned the whole index); for the written-out form both read exactly the rows in the range. Columns in which
    both bounds agree stand alone in front.
    """
    if lower is None or upper is None:
        return " AND ".join(_beyond(key, bound, op) for bound, op in ((lower, ">"), (upper, "<")) if bound)
    shared = 0
    while shared < min(len(lower), len(upper)) - 1 and lower[shared] == upper[shared]:
        shared += 1
    equal = [f"{quote(column)} = {value}" for column, value in zip(key, lower[:shared], strict=False)]
    rest = key[shared:]
    return " AND ".join([*equal, _beyond(rest, lower[shared:], ">"), _beyond(rest, upper[shared:], "<")])


def _beyond(key: tuple[str, ...], bound: Bound, operator: str) -> str:
    """``key >= bound`` for the operator ``>``, ``key < bound`` for ``<``, in parentheses where it is an OR."""
    terms = []
    last = len(bound) - 1
    for depth, value in enumerate(bound):
        equal = [f"{quote(key[above])} = {bound[above]}" for above in range(depth)]
        strict = ">=" if operator == ">" and depth == last else operator
        terms.append(" AND ".join([*equal, f"{quote(key[depth])} {strict} {value}"]))
    return terms[0] if len(terms) == 1 else "(" + " OR ".join(f"({term})" for term in terms) + ")"
