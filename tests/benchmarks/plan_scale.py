"""What planning costs at scale: ``scripts/bench --data plan``.

`simulate` plans 250,000 tables in 1,000,000 chunks against a server that is only a function: it answers the planner's
questions from what statistics would say. Time, memory and balance are the planner's own.

`prefetch` makes real tables on each vendor that is installed, and reads their metadata.
"""

from __future__ import annotations

import random
import re
import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from sandbox.server import Server, available_flavors

from airflow_mydump.engine.identifier import TableName
from airflow_mydump.engine.metadata.catalog import Column, Key, Table
from airflow_mydump.engine.phases.prefetch import prefetch_metadata
from airflow_mydump.engine.plan.bundle_draft import BundleDraft
from airflow_mydump.engine.plan.cut_report import TableCuts, describe_balance
from airflow_mydump.engine.plan.plan import PlannedTable
from airflow_mydump.engine.plan.planner import Cutting, cut
from airflow_mydump.engine.plan_identity import PlanIdentity
from airflow_mydump.engine.selection.selection import Selection
from airflow_mydump.engine.server.endpoint import Endpoint
from airflow_mydump.engine.server.session import Row
from airflow_mydump.engine.workdir import WorkDirectory

CHUNK = 64 << 20
ROW = 200
TARGET = CHUNK // ROW


class SimulatedServer:
    """Answers as InnoDB would for rows numbered from 1 without gaps: estimates are twice the truth, and at most half
    the table."""

    def __init__(self) -> None:
        self.rows_of_table = 0
        self.probes = 0

    def rows(self, sql: str) -> list[Row]:
        self.probes += 1
        low = _bound(sql, ">=", 1)
        high = _bound(sql, "<", self.rows_of_table + 1)
        if sql.startswith("EXPLAIN"):
            found = min(2 * (high - low), self.rows_of_table // 2)
            return [(*(b"x",) * 8, b"%d" % max(found, 1), b"Using where")]
        if "DESC" in sql:
            return [(b"%d" % (high - 1),)]
        behind = re.search(r"LIMIT (\d+), 1", sql)
        place = low + int(behind[1] if behind else 0)
        row: Row = (b"%d" % place, b"1") if "id` >" in sql else (b"%d" % place,)
        return [row] if place < high else []


def _bound(sql: str, operator: str, default: int) -> int:
    found = re.search(rf"`id` {operator} (\d+)", sql)
    return int(found[1]) if found else default


def simulated_tables(tables: int, chunks: int, seed: int) -> Iterator[PlannedTable]:
    """Most tables are smaller than a chunk, one in twenty is large, a few are very large."""
    random_ = random.Random(seed)
    large = tables // 20
    shares = [random_.paretovariate(1.1) for _ in range(large)]
    per_share = (chunks - (tables - large)) / sum(shares)
    columns = tuple(
        Column(name, "bigint" if name == "id" else "varchar", "bigint", False, False, name == "id", 80, "utf8mb4", "x")
        for name in ("id", "name", "street", "city", "email", "created", "changed", "remark")
    )
    for number in range(tables):
        wanted = shares[number // 20] * per_share if number % 20 == 0 and number // 20 < large else 0
        rows = int(wanted * TARGET) if wanted >= 1 else random_.randrange(TARGET)
        name = TableName(f"tenant_{number // 6250}", f"table_{number}")
        table = Table(
            name, "InnoDB", rows, rows * ROW, columns, ("id",), "", (Key("PRIMARY", ("id",)),), (), rows * ROW * 5 // 4
        )
        yield PlannedTable(number, table, name, "create")


def simulate(tables: int, chunks: int) -> None:
    server = SimulatedServer()
    started = time.perf_counter()
    with tempfile.TemporaryDirectory() as directory, BundleDraft() as draft:
        reasons: dict[str, int] = {}
        largest = 0
        for planned in simulated_tables(tables, chunks, 1):
            server.rows_of_table = planned.table.rows
            found = cut(server, planned, Cutting(CHUNK))  # type: ignore[arg-type]
            draft.add(planned, found)
            cuts = TableCuts.of(planned, found)
            largest = max(largest, cuts.largest)
            reasons[cuts.reason] = reasons.get(cuts.reason, 0) + 1
        cut_at = time.perf_counter()
        print(f"{tables:,} tables in {draft.chunks:,} chunks with {server.probes:,} probes: {cut_at - started:.1f} s")
        identity = PlanIdentity("benchmark", draft.fingerprint(()))
        work = WorkDirectory.at(directory)
        bundles = list(draft.write(work, "plan", identity, 100, 512))
        size = sum(file.stat().st_size for file in Path(directory).rglob("*") if file.is_file())
    print(f"packed and written: {time.perf_counter() - cut_at:.1f} s, {size / 1e6:.0f} MB of bundle files")
    print(describe_balance([bundle.weight for bundle in bundles]))
    print(f"largest chunk {largest / CHUNK:.2f} of the size wanted; reasons: {reasons}")
    print(f"all: {time.perf_counter() - started:.1f} s, peak {_peak_megabytes()} MB resident")


def _peak_megabytes() -> int:
    # ru_maxrss would be the parent's, where this process was forked from a larger one.
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(re.findall(r"VmHWM:\s+(\d+)", status)[0]) // 1024


def prefetch(tables: int, rounds: int) -> None:
    for flavor in available_flavors():
        with Server(flavor, {"innodb-flush-log-at-trx-commit": "0", "skip-log-bin": None}) as server:
            with server.connect() as connection, connection.cursor() as cursor:
                cursor.execute("CREATE DATABASE tenant")
                for number in range(tables):
                    cursor.execute(
                        f"CREATE TABLE tenant.table_{number} (id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY, "
                        "code VARCHAR(40) NOT NULL, name VARCHAR(160), price DECIMAL(12,4), at DATETIME(6) NOT NULL, "
                        "remark TEXT, UNIQUE KEY (code), KEY (at, price))"
                    )
            endpoint = Endpoint(server.host, server.port, server.user, server.password)
            times = []
            for _ in range(rounds):
                started = time.perf_counter()
                catalog = prefetch_metadata(endpoint, Selection(("tenant",)))
                times.append(time.perf_counter() - started)
            print(
                f"{catalog.server}: {len(catalog.tables):,} tables prefetched in {statistics.median(times):.2f} s "
                f"(median of {rounds}; first {times[0]:.2f} s), peak {_peak_megabytes()} MB"
            )
