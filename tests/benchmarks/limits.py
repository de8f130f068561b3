"""What a server and its drivers can do without any tool, on one table, in one session: the limits of every tool."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from sandbox.server import Flavor, Server

from airflow_mydump.engine.chunking.chunk import Chunk
from airflow_mydump.engine.ddl.create_table import parse_table
from airflow_mydump.engine.framing.frame import Delimiters
from airflow_mydump.engine.framing.frame_reader import read_frames, select_rows
from airflow_mydump.engine.identifier import TableName
from airflow_mydump.engine.loading.loader import Loader
from airflow_mydump.engine.phases.prefetch import prefetch_metadata
from airflow_mydump.engine.selection.selection import Selection
from airflow_mydump.engine.server.endpoint import Endpoint
from airflow_mydump.engine.server.session import Session
from airflow_mydump.engine.server.session_state import metadata, reading
from airflow_mydump.engine.verification.checksum import Digestible
from tests.benchmarks.datasets import large
from tests.benchmarks.measure import Cost, stopwatch, typical

if TYPE_CHECKING:
    from airflow_mydump.engine.metadata.catalog import Table

_COPY = TableName("bench_copy", "sbtest1")


def print_limits(flavor: Flavor, rows: int, runs: int) -> None:
    """Measure and print medians for one table of so many rows; the binary log is off."""
    with Server(flavor, {"skip-log-bin": None, "secure-file-priv": ""}) as server:
        steps = _Steps(server, rows)
        measured: dict[str, list[Cost]] = {}
        for _ in range(runs):
            for name, step in steps.all().items():
                with stopwatch([server.pid]) as costs:
                    step()
                measured.setdefault(name, []).extend(costs)
        print(
            f"\nlimits, {flavor} {server.version}, one table of {rows:,} rows of 190 bytes, one session, no binary log"
        )
    print("| step | seconds | rows/s | our CPU s | server's CPU s |\n| --- | ---: | ---: | ---: | ---: |")
    for name, found in measured.items():
        cost = typical(found)
        print(f"| {name} | {cost.wall:.2f} | {rows / cost.wall:,.0f} | {cost.cpu:.2f} | {cost.servers:.2f} |")


class _Steps:
    """Each step does one part of a copy. Those that load begin with an empty table, without its secondary key."""

    def __init__(self, server: Server, rows: int) -> None:
        self._endpoint = Endpoint(server.host, server.port, server.user, server.password)
        database = large(server, rows)
        catalog = prefetch_metadata(self._endpoint, Selection((database,)))
        self._table: Table = next(table for table in catalog.tables if table.name.name == "sbtest1")
        self._definition = parse_table(self._table.name, self._table.definition)
        self._stored = Digestible(self._table.name, self._table, Chunk(0, 0, 0))
        self._delimiters = Delimiters.for_rows_of(self._table)
        self._file = server.installation.inside(server.directory / "tmp" / "rows")
        self._admin = Session(self._endpoint, metadata)
        self._admin.execute(f"CREATE DATABASE {_COPY.schema}")
        self._admin.execute(f"SELECT * FROM {self._table.name.sql} INTO OUTFILE '{self._file}'")
        with Session(self._endpoint, reading) as session:
            self._frames = list(read_frames(session, self._stored, self._delimiters))

    def all(self) -> dict[str, Callable[[], None]]:
        """The steps by their names, in the order of a row's way."""
        return {
            "fetch alone, mysqlclient": self.fetch,
            "fetch and frame": self.frame,
            "LOAD DATA INFILE by the server, its own file and format": self.load_by_itself,
            "load, frames in memory": self.load,
            "fetch, frame and load": self.move,
            "the secondary key": self.add_key,
        }

    def fetch(self) -> None:
        with Session(self._endpoint, reading) as session:
            for _ in session.stream(select_rows(self._stored), 1000):
                pass

    def frame(self) -> None:
        with Session(self._endpoint, reading) as session:
            for _ in read_frames(session, self._stored, self._delimiters):
                pass

    def load_by_itself(self) -> None:
        self._make_empty()
        self._admin.execute(f"LOAD DATA INFILE '{self._file}' INTO TABLE {_COPY.sql}")

    def load(self) -> None:
        self._make_empty()
        with Loader(self._endpoint) as loader:
            loader.begin()
            loader.load(_COPY, self._table, self._delimiters, self._frames)
            loader.commit()

    def move(self) -> None:
        self._make_empty()
        with Session(self._endpoint, reading) as session, Loader(self._endpoint) as loader:
            loader.begin()
            loader.load(_COPY, self._table, self._delimiters, read_frames(session, self._stored, self._delimiters))
            loader.commit()

    def add_key(self) -> None:
        self._admin.execute(f"ALTER TABLE {_COPY.sql} ADD {self._definition.keys[0].clause}")

    def _make_empty(self) -> None:
        self._admin.execute(f"DROP TABLE IF EXISTS {_COPY.sql}")
        deferred = [key.name for key in self._definition.keys]
        self._admin.execute(self._definition.create_statement(_COPY, deferred))
