"""Runs commands that faults happen to, again and again until they are complete, and looks at every ending.

What must be: a command is complete, or fails with one sentence, or was killed; the same command goes on where it was;
in the end source and target are equal; and nothing of a command is left for long.
"""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pymysql

from tests.faults.fault import Moment
from tests.faults.step_gate import StepGate
from tests.integration.contents import assert_same_contents, assert_same_definitions
from tests.integration.writers import require_one_moment

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from tests.faults.armed import Armed
    from tests.faults.command import Command, Ended
    from tests.faults.scene import Scene
    from tests.faults.step_gate import Step

_LONGEST_SECONDS = 150.0
"""What a command may take at most; one that takes longer hangs."""

_TRIES_AFTER_THE_LAST_FAULT = 3


class Defect(AssertionError):
    """The package did what it must not do."""


@dataclass(frozen=True)
class Operations:
    """What is done: ``copy``, or ``dump`` and ``load``, each with options of its own.

    ``bank`` is a second database that is moved, if there is one: writers never leave it alone (`writers`).
    """

    database: str
    folder: Path
    options: Mapping[str, Sequence[object]]
    bank: str = ""

    @property
    def dump(self) -> Path:
        """The dump directory."""
        return self.folder / "dump"

    def arguments(self, operation: str, run_key: str) -> tuple[object, ...]:
        """The command line of one operation."""
        given = (operation, *self.options[operation])
        run = ("--work-directory", self.folder / "work", "--run-key", run_key)
        schemas = ("--schemas", ",".join(filter(None, (self.database, self.bank))))
        if operation == "dump":
            return (*given, *schemas, "--output", self.dump)
        if operation == "load":
            return (*given, "--input", self.dump, *run)
        return (*given, *schemas, *run)


@dataclass
class Ordeal:
    """A run of ``operations`` under the faults in ``armed``.

    ``struck`` counts the faults that struck, ``endings`` how commands ended, ``log`` tells what happened in what order.
    ``anew`` is whether a run had to be begun under another key.
    """

    scene: Scene
    operations: Operations
    armed: list[Armed]
    struck: Counter[str] = field(default_factory=Counter)
    endings: Counter[str] = field(default_factory=Counter)
    log: list[str] = field(default_factory=list)
    anew: bool = False

    def run(self) -> None:
        """Raises Defect, or what else was not as it must be."""
        run_key = "one"
        for operation in self.operations.options:
            run_key = self._complete(operation, run_key)
        pair, database = self.scene.pair, self.operations.database
        try:
            assert_same_contents(pair.source, pair.target, database)
            assert_same_definitions(pair.source, pair.target, database)
            if self.operations.bank:
                require_one_moment(pair.target, self.operations.bank)
        except AssertionError as error:
            raise Defect(f"complete, and not equal: {error}") from error

    def _complete(self, operation: str, run_key: str) -> str:
        """Run a command until it says that it is complete; returns the run key it needed in the end."""
        quiet = 0
        while True:
            before = self.struck.total()
            ended = self._try(operation, self.operations.arguments(operation, run_key))
            if ended.status == 0 or _ended_too_late_to_tell(ended):
                return run_key
            if ended.status > 0 and (ended.err.count("\n") != 1 or not ended.err.startswith("airflow_mydump: ")):
                raise Defect(f"a failure is not told in one sentence: {ended.err}")
            quiet = 0 if self.struck.total() > before else quiet + 1
            if quiet > _TRIES_AFTER_THE_LAST_FAULT:
                raise Defect(f"{operation} does not end well though nothing is done to it any more: {ended.err}")
            if self._must_begin_anew(ended, quiet):
                run_key, self.anew = f"{run_key}-again", True

    def _must_begin_anew(self, ended: Ended, quiet: int) -> bool:
        # A target that somebody altered stays altered until it is emptied, and that is a run of its own.
        altered = quiet and any(name.startswith("alter") for name in self.struck)
        return bool(altered) or "anew" in ended.err or "another key" in ended.err

    def _try(self, operation: str, arguments: Sequence[object]) -> Ended:
        attempt = _Attempt(self, operation)
        with StepGate(attempt.arrived) as gate:
            command = self.scene.start(*arguments, gate=gate.address)
            attempt.begin(command)
            ended = command.wait(_LONGEST_SECONDS)
            attempt.end()
        self.log.append(f"{operation}: {ended.status} {ended.err.strip()}")
        self.scene.heal()
        self.endings["complete" if ended.status == 0 else "killed" if ended.status < 0 else "failed"] += 1
        self.scene.assert_nothing_left(command, *([self.operations.folder] if ended.status == 0 else []))
        return ended


def _ended_too_late_to_tell(ended: Ended) -> bool:
    # Killed after its last step: the dump is complete, and whoever asks for it again means another one.
    return "has a complete dump in it" in ended.err


class _Attempt:
    """One start of a command: who is told of its steps, and has the clock, lets the faults happen."""

    def __init__(self, ordeal: Ordeal, operation: str) -> None:
        self._ordeal = ordeal
        self._waiting = [armed for armed in ordeal.armed if armed.operation == operation]
        self._lock = threading.Lock()
        self._begun = threading.Event()
        self._timers: list[threading.Timer] = []

    def begin(self, command: Command) -> None:
        self._command = command
        self._begun.set()
        for armed in self._waiting:
            if armed.seconds is not None:
                self._timers.append(threading.Timer(armed.seconds, self._due, (armed,)))
                self._timers[-1].start()

    def end(self) -> None:
        for timer in self._timers:
            timer.cancel()
            timer.join()

    def arrived(self, step: Step) -> None:
        self._begun.wait()
        for armed in self._waiting:
            if armed.reaches(step):
                self._strike(armed, step)

    def _due(self, armed: Armed) -> None:
        if self._command.running:
            self._ordeal.scene.meanwhile(lambda: self._strike(armed, None))

    def _strike(self, armed: Armed, step: Step | None) -> None:
        ordeal = self._ordeal
        with self._lock:
            if armed not in ordeal.armed:
                return
            ordeal.armed.remove(armed)
        operations = ordeal.operations
        try:
            armed.strike(Moment(ordeal.scene, self._command, operations.database, operations.dump, step))
        except (pymysql.Error, OSError) as error:
            ordeal.log.append(f"{armed} did not strike, another fault was in its way: {error}")
            return
        ordeal.struck[armed.name] += 1
        ordeal.log.append(f"{armed} struck")
