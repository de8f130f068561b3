"""One run of the soak: a random database, a random operation on it, random faults, until it is done and compared.

Everything is drawn from the seed and the run's number, so that a run can be repeated; only what the machine's timing
decides differs.
"""

from __future__ import annotations

import shutil
import threading
from collections import Counter
from dataclasses import dataclass, field
from random import Random
from typing import TYPE_CHECKING

import pymysql

from tests.faults.fault import Moment
from tests.faults.step_gate import StepGate
from tests.integration.contents import assert_same_contents, assert_same_definitions
from tests.integration.pair import run_sql
from tests.soak.arming import ALTERING, Armed, draw_faults
from tests.soak.data_set import make_data_set

if TYPE_CHECKING:
    from pathlib import Path

    from tests.faults.command import Command, Ended
    from tests.faults.scene import Scene
    from tests.faults.step_gate import Step

_LONGEST_COMMAND = 150.0
_TRIES_AFTER_THE_LAST_FAULT = 3


class Defect(AssertionError):
    """The package did what it must not do."""


@dataclass
class Result:
    """What became of a run: the faults that struck, how often a command was started, and how each ended."""

    operation: str = ""
    struck: Counter[str] = field(default_factory=Counter)
    endings: Counter[str] = field(default_factory=Counter)
    anew: bool = False

    @property
    def commands(self) -> int:
        return sum(self.endings.values())


@dataclass(frozen=True)
class _Plan:
    """What a run does: the commands in their order, each with its arguments but for the run key."""

    database: str
    folder: Path
    operation: str
    options: tuple[object, ...]
    loading: tuple[object, ...]

    @property
    def dump(self) -> Path:
        return self.folder / "dump"

    @property
    def work(self) -> Path:
        return self.folder / "work"

    def commands(self, run_key: str) -> dict[str, tuple[object, ...]]:
        run = ("--work-directory", self.work, "--run-key", run_key)
        if self.operation == "copy":
            return {"copy": ("copy", "--schemas", self.database, *self.options, *self.loading, *run)}
        return {
            "dump": ("dump", "--schemas", self.database, "--output", self.dump, *self.options),
            "load": ("load", "--input", self.dump, *self.loading, *run),
        }


class Trial:
    """A run with this number of the soak with this seed."""

    def __init__(self, scene: Scene, seed: int, number: int, consistencies: tuple[str, ...]) -> None:
        self._scene = scene
        self._random = Random(f"{seed}/{number}")
        self._number = number
        self._consistencies = consistencies
        self._armed: list[Armed] = []
        self.result = Result()
        self.log: list[str] = []

    def run(self) -> Result:
        """Do it; raises Defect when something is lost, doubled, altered, left or hangs."""
        folder = self._scene.folder / f"run-{self._number}"
        folder.mkdir()
        plan = self._plan(folder)
        operations = tuple(plan.commands(""))
        self._armed = draw_faults(self._random, operations)
        away = any("crash" in armed.name for armed in self._armed)
        data_set = make_data_set(self._random, self._scene.server("source"), plan.database, transactional=away)
        self.log.append(f"{plan.operation} {plan.options} of {len(data_set.tables)} tables; {self._armed}")
        try:
            run_key = "soak"
            for operation in operations:
                run_key = self._complete(plan, operation, run_key)
            self._compare(plan.database)
        finally:
            self._scene.heal()
            for server in (self._scene.server("source"), self._scene.server("target")):
                run_sql(server, f"DROP DATABASE IF EXISTS {plan.database}")
        shutil.rmtree(folder)
        return self.result

    def _plan(self, folder: Path) -> _Plan:
        random = self._random
        operation = random.choice(("copy", "dump and load"))
        consistency = random.choice(self._consistencies)
        threads: tuple[object, ...] = ("--threads", random.choice((1, 2, 3)))
        options: tuple[object, ...] = (*threads, "--chunk-bytes", random.choice(("16K", "32K", "128K", "64M")))
        if consistency:
            options = (*options, "--consistency", consistency)
        loading: tuple[object, ...] = ("--if-exists", random.choice(("truncate", "drop")))
        if operation != "copy":
            loading = (*loading, *threads)
        self.result.operation = f"{operation} {consistency}".strip()
        return _Plan(f"soak_{self._number}", folder, operation, options, loading)

    def _complete(self, plan: _Plan, operation: str, run_key: str) -> str:
        """Run a command until it says that it is complete; returns the run key it needed in the end."""
        tries = 0
        while True:
            arguments = plan.commands(run_key)[operation]
            fired = sum(self.result.struck.values())
            ended = self._try(plan, operation, arguments)
            tries = 0 if sum(self.result.struck.values()) > fired else tries + 1
            if ended.status == 0:
                return run_key
            self._require_clear(ended)
            # A target that somebody altered stays altered until it is emptied, and that is a run of its own.
            altered = tries and any(name in ALTERING for name in self.result.struck)
            if altered or "anew" in ended.err or "another key" in ended.err:
                run_key, self.result.anew = f"{run_key}-again", True
            if tries > _TRIES_AFTER_THE_LAST_FAULT:
                raise Defect(f"{operation} does not end well though nothing is done to it any more: {ended.err}")

    def _try(self, plan: _Plan, operation: str, arguments: tuple[object, ...]) -> Ended:
        waiting = [armed for armed in self._armed if armed.operation == operation]
        lock = threading.Lock()
        commands: list[Command] = []
        begun = threading.Event()

        def arrived(step: Step) -> None:
            begun.wait()
            for armed in waiting:
                with lock:
                    strikes = armed in self._armed and armed.reaches(step)
                    if strikes:
                        self._armed.remove(armed)
                if strikes:
                    self._strike(armed, Moment(self._scene, commands[0], plan.database, plan.dump, step))

        def later(armed: Armed) -> None:
            with lock:
                if armed not in self._armed or not commands[0].running:
                    return
                self._armed.remove(armed)
            self._strike(armed, Moment(self._scene, commands[0], plan.database, plan.dump, None))

        with StepGate(arrived) as gate:
            commands.append(self._scene.start(*arguments, gate=gate.address))
            begun.set()
            timers = [threading.Timer(armed.seconds, later, (armed,)) for armed in waiting if armed.seconds is not None]
            for timer in timers:
                timer.start()
            ended = commands[0].wait(_LONGEST_COMMAND)
            for timer in timers:
                timer.cancel()
                timer.join()
        self._scene.heal()
        self.result.endings["complete" if ended.status == 0 else "killed" if ended.status < 0 else "failed"] += 1
        self.log.append(f"{operation}: {ended.status} {ended.err.strip()}")
        folders = [plan.folder] if ended.status == 0 else []
        self._scene.assert_nothing_left(commands[0], *folders)
        return ended

    def _strike(self, armed: Armed, moment: Moment) -> None:
        try:
            armed.strike(moment)
        except (pymysql.Error, OSError) as error:
            self.log.append(f"{armed} did not strike, another fault was in its way: {error}")
            return
        self.result.struck[armed.name] += 1
        self.log.append(f"{armed} struck")

    def _require_clear(self, ended: Ended) -> None:
        if ended.status > 0 and (ended.err.count("\n") != 1 or not ended.err.startswith("airflow_mydump: ")):
            raise Defect(f"a failure is not told in one sentence: {ended.err}")

    def _compare(self, database: str) -> None:
        pair = self._scene.pair
        try:
            assert_same_contents(pair.source, pair.target, database)
            assert_same_definitions(pair.source, pair.target, database)
        except AssertionError as error:
            raise Defect(f"complete, and not equal: {error}") from error
