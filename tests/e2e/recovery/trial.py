"""A run that something happens to in the middle, and what must be true in the end."""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import pymysql

from airflow_mydump.engine.event import EventKind
from tests.e2e.dag_run import DagRun
from tests.e2e.gated import gate
from tests.e2e.leftovers import assert_nothing_left
from tests.e2e.ordered_rows import ordered_rows
from tests.e2e.recovery import orders
from tests.faults.replication import applies, catch_up
from tests.integration.contents import assert_same_definitions
from tests.integration.pair import run_sql

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sandbox.airflow import Airflow
    from sandbox.server import Server

    from tests.faults.step_gate import Step

Work = Literal["copy", "dump", "restore"]
Mode = Literal["snapshot", "locked", "replica", "none"]
Moments = Literal["first", "later", "either"]

MODES: tuple[Mode, ...] = ("snapshot", "locked", "replica", "none")
STEPS: dict[Work, EventKind] = {
    "copy": EventKind.CHUNK_COMMITTED,
    "dump": EventKind.CHUNK_DUMPED,
    "restore": EventKind.CHUNK_COMMITTED,
}
PHASES: dict[Work, str] = {"copy": "data_phase", "dump": "dump.dump_phase", "restore": "restore.load_phase"}


@dataclass(frozen=True)
class Trio:
    """The replica, if there is one, is only for the mode that needs it."""

    primary: Server
    replica: Server | None
    target: Server

    @property
    def servers(self) -> list[Server]:
        return [server for server in (self.primary, self.replica, self.target) if server]


@dataclass
class Trial:
    """One DAG, and the servers that it moves rows between."""

    airflow: Airflow
    trio: Trio
    work: Work
    mode: Mode
    kind: str = ""
    """What the DAG is called before its mode and vendor, if it is none of those that wait for everything."""
    pids: set[int] = field(default_factory=set)
    frozen: int = 0

    def __post_init__(self) -> None:
        kind = self.kind or ("copy" if self.work == "copy" else "staged")
        self.dag_id = f"{kind}_{self.mode}_{self.trio.target.flavor}"
        self.phase = PHASES[self.work]
        self.first: dict[str, list[str]] = {}
        self._meanwhile: list[threading.Thread] = []

    @property
    def source(self) -> Server:
        """The server that is read."""
        return self.trio.replica if self.mode == "replica" and self.trio.replica else self.trio.primary

    @contextmanager
    def struck(
        self,
        strike: Callable[[DagRun, Step], None],
        number: int = 12,
        step: EventKind | None = None,
        begin: Callable[[], DagRun] | None = None,
    ) -> Iterator[DagRun]:
        """A run whose source changes at so many steps of the data phase, and to which something happens right then.

        Everything in the run waits at its next step until the strike has returned. ``begin`` starts it if it is no new
        run of the DAG.
        """
        wanted = step or STEPS[self.work]
        seen = 0
        self.prepare()

        def arrived(at: Step) -> None:
            nonlocal seen
            self.pids.add(at.process)
            seen += at.kind == wanted.value
            if seen == number and at.kind == wanted.value:
                self._change()
                strike(run, at)

        with gate(self.airflow, arrived):
            run = begin() if begin else DagRun.triggered(self.airflow, self.dag_id)
            yield run
        for thread in self._meanwhile:
            thread.join(60)
            assert not thread.is_alive()
        assert seen >= number, "nothing has happened to the run"

    def prepare(self) -> None:
        """Nothing is on the target, and what is on the source is known."""
        run_sql(self.trio.target, f"DROP DATABASE IF EXISTS {orders.DATABASE}")
        self.first = ordered_rows(self.trio.primary, orders.DATABASE)
        if self.trio.replica:
            # an earlier test may have failed over it
            who = "REPLICA" if self.trio.replica.flavor == "mysql" else "SLAVE"
            run_sql(self.trio.replica, f"START {who} SQL_THREAD")
            catch_up(self.trio.primary, self.trio.replica)

    def meanwhile(self, deed: Callable[[], None]) -> None:
        """Do something that may take longer than the run."""
        thread = threading.Thread(target=deed, daemon=True)
        thread.start()
        self._meanwhile.append(thread)

    def assert_moved(self, run: DagRun, moments: Moments) -> None:
        """The run is green, and all is there as in one moment, or in any if the mode promises none; nothing is left."""
        assert run.end() == "success", run.states()
        later = ordered_rows(self.trio.primary, orders.DATABASE)
        found = ordered_rows(self.trio.target, orders.DATABASE)
        if self.mode == "none":
            assert orders.without_versions(found) == orders.without_versions(self.first)
        else:
            moment = "first" if found == self.first else "later" if found == later else "none"
            assert moment in (("first", "later") if moments == "either" else (moments,)), f"rows of moment {moment}"
        assert_same_definitions(self.trio.primary, self.trio.target, orders.DATABASE)
        report = run.report("report" if self.work == "copy" else "restore.report")
        assert report["differences"] == []
        assert [tenant["verified"] for tenant in report["tenants"]] == [True]
        self.assert_nothing_left()

    def assert_nothing_left(self) -> None:
        """No process, session, lock, or applier that stands still."""
        assert_nothing_left(self.airflow, *self.trio.servers)
        assert all(map(gone, self.pids))
        assert not self.trio.replica or applies(self.trio.replica)

    def _change(self) -> None:
        if self.mode == "locked":
            self.meanwhile(self._change_when_unlocked)
        else:
            orders.change(self.trio.primary)

    def _change_when_unlocked(self) -> None:
        while True:
            with suppress(pymysql.err.OperationalError):  # the server was killed
                orders.change(self.trio.primary)
                return
            time.sleep(0.2)


def await_true(condition: Callable[[], object], seconds: float) -> None:
    """Return when something is so."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not so after {seconds:.0f} s"
        time.sleep(0.1)


def gone(pid: int) -> bool:
    """Whether a process has ended."""
    return not Path(f"/proc/{pid}").exists() or _is_zombie(pid)


def parent_of(pid: int) -> int:
    """The process that started it; of a task, the one that supervises it."""
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def _is_zombie(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return False
