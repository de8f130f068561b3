"""Compares copying with every peer found on PATH; run it with ``scripts/bench``."""

from __future__ import annotations

import argparse
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

from sandbox.server import Server

from tests.benchmarks.contenders import Contender, Task, found
from tests.benchmarks.datasets import DATASETS
from tests.benchmarks.measure import CommandError, Cost, run, typical
from tests.benchmarks.plan_scale import prefetch, simulate

_PLAN = "plan"
"""Not moved but planned: what 250,000 tables cost the planner."""


def main() -> None:
    """Measure each data set and print a table of medians and ratios."""
    options = _options()
    for name in options.data:
        if name == _PLAN:
            simulate(250_000, 1_000_000)
            prefetch(options.size or 6_111, options.runs)
            continue
        make, usual = DATASETS[name]
        with Server(options.flavor) as source, Server(options.flavor) as target:
            size = options.size or usual
            print(f"\n{name} ({size:,}), {source.version} to {target.version}, {options.threads} workers")
            database = make(source, size)
            costs = _compare(source, target, database, options.threads, options.runs)
            print(_table(costs))


def _compare(source: Server, target: Server, database: str, threads: int, runs: int) -> dict[str, list[Cost]]:
    """Let the contenders take turns, so that they share the machine's moods; one that fails is left out and named."""
    costs: dict[str, list[Cost]] = {}
    contenders = found(source.flavor)
    for _ in range(runs):
        for contender in list(contenders):
            _empty(target, database)
            try:
                cost = _run(contender, source, target, database, threads)
            except CommandError as error:
                print(f"{contender.name} failed and is left out: {error}")
                contenders.remove(contender)
                continue
            _require_same(source, target, database, contender.name)
            costs.setdefault(contender.name, []).append(cost)
    return costs


def _run(contender: Contender, source: Server, target: Server, database: str, threads: int) -> Cost:
    scratch = Path(tempfile.mkdtemp(prefix="mydump-bench-"))
    try:
        parts = [run(command, {}) for command in contender.commands(Task(source, target, database, threads, scratch))]
    finally:
        shutil.rmtree(scratch)
    return Cost(sum(part.wall for part in parts), sum(part.cpu for part in parts), max(part.memory for part in parts))


def _empty(target: Server, database: str) -> None:
    with target.connect() as connection, connection.cursor() as cursor:
        cursor.execute("SET foreign_key_checks = 0")
        cursor.execute(f"DROP DATABASE IF EXISTS {database}")


def _require_same(source: Server, target: Server, database: str, who: str) -> None:
    """A peer that is fast because it lost something is no peer: the tables' number must agree."""
    numbers = []
    for server in (source, target):
        with server.connect() as connection, connection.cursor() as cursor:
            cursor.execute("SELECT COUNT(*) FROM information_schema.TABLES WHERE TABLE_SCHEMA = %s", (database,))
            numbers.append(cursor.fetchall())
    if numbers[0] != numbers[1]:
        print(f"{who} moved {numbers[1][0][0]} of {numbers[0][0][0]} tables")


def _table(costs: dict[str, list[Cost]]) -> str:
    ours = typical(next(iter(costs.values())))
    lines = [
        "| who | seconds | ours / theirs | CPU seconds | peak MB | runs |",
        "| --- | ---: | ---: | ---: | ---: | ---: |",
    ]
    for name, runs in costs.items():
        cost = typical(runs)
        lines.append(
            f"| {name} | {cost.wall:.1f} | {ours.wall / cost.wall:.2f} | {cost.cpu:.1f} | {cost.memory:.0f} "
            f"| {len(runs)} |"
        )
    return "\n".join(lines)


def _options(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser("scripts/bench", description=__doc__)
    parser.add_argument("--flavor", choices=("mariadb", "mysql"), default="mariadb")
    parser.add_argument(
        "--data", choices=(*DATASETS, _PLAN), action="append", help="which data set; repeatable, default all"
    )
    parser.add_argument("--size", type=int, help="rows of a large table, or number of small tables")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args(arguments)
    options.data = options.data or [*DATASETS, _PLAN]
    return options


if __name__ == "__main__":
    main()
