"""A server with tables to be cut, and what tests ask about the chunks."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from sandbox.server import Server

from airflow_mydump.engine.phases.prefetch import prefetch_metadata
from airflow_mydump.engine.plan.plan import PlannedTable
from airflow_mydump.engine.plan.planner import CutTable, Cutting, cut
from airflow_mydump.engine.selection.selection import Selection
from airflow_mydump.engine.server.endpoint import Endpoint
from airflow_mydump.engine.server.session import Session
from airflow_mydump.engine.server.session_state import metadata, reading

if TYPE_CHECKING:
    from sandbox.server import Flavor

    from airflow_mydump.engine.metadata.catalog import Table

DATABASE = "tenant"


class ChunkServer:
    """One server with a database `tenant`, two sessions on it, and a table `d` of the digits 0 to 999."""

    def __init__(self, flavor: Flavor) -> None:
        self.flavor = flavor
        self.server = Server(flavor, {"innodb-lock-wait-timeout": "5"})

    def __enter__(self) -> ChunkServer:
        self.server.__enter__()
        self.endpoint = Endpoint(self.server.host, self.server.port, self.server.user, self.server.password)
        self.session = Session(self.endpoint, reading)
        self.admin = Session(self.endpoint, metadata)
        digits = ",".join(f"({number})" for number in range(1000))
        self.run(
            f"CREATE DATABASE {DATABASE} DEFAULT CHARACTER SET utf8mb4", f"USE {DATABASE}",
            "CREATE TABLE d (n INT PRIMARY KEY)", f"INSERT INTO d VALUES {digits}",
        )  # fmt: skip
        return self

    def __exit__(self, *error: Any) -> None:
        self.session.close()
        self.admin.close()
        self.server.__exit__(None, None, None)

    def run(self, *statements: str) -> None:
        for statement in statements:
            self.admin.execute(statement)

    def make(self, definition: str, *statements: str, name: str = "t") -> Table:
        """A table, filled by the statements, with fresh statistics."""
        self.run(f"DROP TABLE IF EXISTS `{name}`", f"CREATE TABLE `{name}` {definition}", *statements)
        self.admin.rows(f"ANALYZE TABLE `{name}`")
        return self.table(name)

    def table(self, name: str = "t") -> Table:
        # MySQL shows statistics from a cache that is a day old at most.
        if self.flavor == "mysql":
            self.run("SET GLOBAL information_schema_stats_expiry = 0")
        catalog = prefetch_metadata(self.endpoint, Selection((DATABASE,), include=(name,)))
        return catalog.tables[0]

    def cut(self, table: Table, chunk_bytes: int, **how: Any) -> Cut:
        planned = PlannedTable(0, table, table.name, "create")
        return Cut(self, table, cut(self.session, planned, Cutting(chunk_bytes, **how)))

    def cut_in(self, table: Table, parts: int, **how: Any) -> Cut:
        """Chunks of about so many parts of the table, however small it is."""
        return self.cut(replace(table, file_bytes=0), max(table.data_bytes // parts, 1), **how)

    def rows(self, query: str) -> list[tuple[bytes | None, ...]]:
        return self.session.rows(query)

    def count(self, query: str) -> int:
        return int(self.session.value(f"SELECT COUNT(*) {query}") or 0)


@dataclass
class Cut:
    server: ChunkServer
    table: Table
    cut: CutTable

    @property
    def counts(self) -> list[int]:
        return [self.server.count(chunk.rows_of(self.table.name)) for chunk in self.cut.chunks]

    @property
    def target_rows(self) -> float:
        return sum(chunk.rows for chunk in self.cut.chunks) / len(self.cut.chunks)

    def assert_exact(self) -> None:
        """The chunks' rows are the table's, each once: through the named index and through any other."""
        columns = ", ".join(f"HEX(`{column.name}`)" for column in self.table.columns)
        whole = Counter(self.server.rows(f"SELECT {columns} FROM {self.table.name.sql}"))
        for pinned in (True, False):
            found: Counter[Any] = Counter()
            for chunk in self.cut.chunks:
                found.update(self.server.rows(f"SELECT {columns} {chunk.rows_of(self.table.name, pinned=pinned)}"))
            assert found == whole, self.explain(found, whole)
        ends = [(chunk.lower, chunk.upper) for chunk in self.cut.chunks if chunk.partitions == self._last_partitions]
        assert ends[-1][1] is None
        assert self.cut.chunks[0].lower is None

    @property
    def _last_partitions(self) -> tuple[str, ...]:
        return self.cut.chunks[-1].partitions

    def explain(self, found: Counter[Any], whole: Counter[Any]) -> str:
        lines = [f"{self.cut.reason}; lost {whole - found}, doubled or invented {found - whole}"]
        return "\n".join([*lines, *(chunk.where for chunk in self.cut.chunks)])
