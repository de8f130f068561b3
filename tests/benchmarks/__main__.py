"""Compares copies, dumps and restores with every peer found on PATH; run it with ``scripts/bench``."""

from __future__ import annotations

import argparse
import shutil
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

from sandbox.server import Flavor, Server

from tests.benchmarks.contenders import Contender, Task, Work, found
from tests.benchmarks.datasets import DATASETS
from tests.benchmarks.limits import print_limits
from tests.benchmarks.measure import CommandError, Cost, run, typical
from tests.benchmarks.plan_scale import prefetch, simulate

_PLAN = "plan"
"""Not moved but planned: what 250,000 tables cost the planner."""

_LIMITS = "limits"
"""What servers and drivers can do without any tool: raw fetch, LOAD DATA by the server itself."""

_AGE_SECONDS = 15
"""What real tables are older than: of those that were just made, nothing proves that they are not altered meanwhile."""


def main() -> None:
    """Measure each data set and print tables of medians and ratios."""
    options = _options()
    for name in options.data:
        if name == _PLAN:
            simulate(250_000, 1_000_000)
            prefetch(options.size or 6_111, options.runs)
        elif name == _LIMITS:
            print_limits(options.flavor, options.size or 1_000_000, options.runs)
        else:
            _compare(name, options)


def _compare(name: str, options: argparse.Namespace) -> None:
    make, usual = DATASETS[name]
    flavor: Flavor = options.flavor
    size = options.size or usual
    scratch = Path(tempfile.mkdtemp(prefix="mydump-bench-"))
    try:
        with Server(flavor) as source, Server(flavor) as target:
            logged = "written" if options.binlog else "not written"
            print(
                f"\n{name} ({size:,}), {source.version} to {target.version}, {options.threads} workers, "
                f"the target's binary log {logged}"
            )
            bench = Bench(source, target, make(source, size), options.threads, options.binlog, scratch, name == "small")
            print(f"{bench.rows:,} rows, {bench.bytes / 1e6:,.0f} MB of tables", flush=True)
            time.sleep(_AGE_SECONDS)
            for work in options.work:
                print(f"\n{bench.table(bench.compare(work, options.runs))}", flush=True)
    finally:
        shutil.rmtree(scratch)


@dataclass(frozen=True)
class Bench:
    """Two servers, a database on the source, and how it is to be moved."""

    source: Server
    target: Server
    database: str
    threads: int
    binlog: bool
    scratch: Path
    many_files: bool

    @property
    def rows(self) -> int:
        """The rows that there are to move."""
        return rows_in(self.source, self.database)

    @property
    def bytes(self) -> int:
        """The size of the source's tables without their secondary keys."""
        return _number(
            self.source,
            f"SELECT SUM(DATA_LENGTH) FROM information_schema.TABLES WHERE TABLE_SCHEMA = '{self.database}'",
        )

    def compare(self, work: Work, runs: int) -> dict[str, list[Cost]]:
        """Let the contenders take turns, so that they share the machine's moods; one that fails or loses rows is left
        out and named."""
        costs: dict[str, list[Cost]] = {}
        contenders = found(self.source.flavor, work, self.many_files)
        for turn in range(runs):
            for contender in list(contenders):
                try:
                    cost = self._one(work, contender, turn)
                except CommandError as error:
                    print(f"{contender.name} is left out: {error}", flush=True)
                    contenders.remove(contender)
                else:
                    costs.setdefault(contender.name, []).append(cost)
        return costs

    def _one(self, work: Work, contender: Contender, turn: int) -> Cost:
        prepared = self.scratch / work / str(abs(hash(contender.name)))
        task = self._task(prepared if contender.prepare else self.scratch / "dump")
        if contender.prepare and not turn:
            for command in contender.prepare(task):
                run(command, [])
            _require_rows(self.rows, dumped_rows(prepared), contender.name)
        if work != "dump":
            self._empty()
        cost = Cost(0, 0, 0)
        for command in contender.commands(task):
            cost += run(command, [self.source.pid, self.target.pid])
        if work == "dump":
            _require_rows(self.rows, dumped_rows(task.dump), contender.name)
        else:
            _require_rows(self.rows, rows_in(self.target, self.database), contender.name)
        return cost

    def _put_away(self, *folders: Path) -> None:
        """Small files stay until the end: for five minutes after thousands were removed, ext4 makes new ones ten times
        slower, whoever does."""
        for folder in filter(Path.exists, folders):
            for file in folder.rglob("*"):
                if file.is_file() and file.stat().st_size > 1 << 20:
                    file.unlink()
            folder.rename(Path(tempfile.mkdtemp(dir=self.scratch)) / folder.name)

    def _task(self, dump: Path) -> Task:
        self._put_away(self.scratch / "dump", self.scratch / "work")
        dump.parent.mkdir(parents=True, exist_ok=True)
        scratch = self.scratch / "work"
        return Task(self.source, self.target, self.database, self.threads, self.binlog, scratch, dump)

    def _empty(self) -> None:
        with self.target.connect() as connection, connection.cursor() as cursor:
            cursor.execute("SET foreign_key_checks = 0")
            cursor.execute(f"DROP DATABASE IF EXISTS {self.database}")

    def table(self, costs: dict[str, list[Cost]]) -> str:
        """The medians, and how they compare with ours, which come first."""
        ours = typical(next(iter(costs.values())))
        rows, megabytes = self.rows, self.bytes / 1e6
        lines = [
            "| who | seconds | ours / theirs | rows/s | MB/s | client CPU s | servers' CPU s | all CPU, ours / theirs "
            "| peak MB | runs |",
            "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
        ]
        for name, runs in costs.items():
            cost = typical(runs)
            who = name.replace("|", "into")
            lines.append(
                f"| {who} | {cost.wall:.1f} | {ours.wall / cost.wall:.2f} | {rows / cost.wall:,.0f} "
                f"| {megabytes / cost.wall:.0f} | {cost.cpu:.1f} | {cost.servers:.1f} "
                f"| {(ours.cpu + ours.servers) / (cost.cpu + cost.servers):.2f} | {cost.memory:.0f} | {len(runs)} |"
            )
        return "\n".join(lines)


def rows_in(server: Server, database: str) -> int:
    """All rows of all tables of a database, counted."""
    with server.connect() as connection, connection.cursor() as cursor:
        cursor.execute("SELECT TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA = %s", (database,))
        total = 0
        for (name,) in cursor.fetchall():
            cursor.execute(f"SELECT COUNT(*) FROM `{database}`.`{name}`")
            total += cursor.fetchall()[0][0]
    return total


def dumped_rows(dump: Path) -> int | None:
    """The rows that a dump directory says it has; None for a text."""
    metadata = dump / "metadata"
    if not metadata.exists():
        return None
    lines = metadata.read_text(encoding="utf-8", errors="replace").splitlines()
    return sum(int(line.partition("=")[2]) for line in lines if line.replace(" ", "").startswith("rows="))


def _require_rows(expected: int, found_rows: int | None, who: str) -> None:
    """Who is fast because rows were lost is no peer: mydumper 1.0.1 writes none from MySQL 9.7, and says nothing."""
    if found_rows is not None and found_rows != expected:
        raise CommandError(f"it moved {found_rows:,} of {expected:,} rows")


def _number(server: Server, query: str) -> int:
    with server.connect() as connection, connection.cursor() as cursor:
        cursor.execute(query)
        return int(cursor.fetchall()[0][0])


def _options(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser("scripts/bench", description=__doc__)
    parser.add_argument("--flavor", choices=get_args(Flavor), default="mariadb")
    parser.add_argument(
        "--data", choices=(*DATASETS, _LIMITS, _PLAN), action="append", help="which data set; repeatable, default all"
    )
    parser.add_argument("--work", choices=get_args(Work), action="append", help="repeatable, default all")
    parser.add_argument("--size", type=int, help="rows of a large table, or number of small tables")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--binlog", action="store_true", help="let the target write its binary log, for all contenders")
    options = parser.parse_args(arguments)
    options.data = options.data or [*DATASETS, _LIMITS, _PLAN]
    options.work = options.work or list(get_args(Work))
    return options


if __name__ == "__main__":
    main()
