"""The faults that are done to a command while it runs: each a function of the scene, the command and its step."""

from __future__ import annotations

import os
import random
import signal
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import pymysql

from tests.integration.pair import run_sql

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.faults.command import Command
    from tests.faults.scene import Scene, Side
    from tests.faults.step_gate import Step


@dataclass(frozen=True)
class Moment:
    """When and where a fault strikes.

    ``dump`` is the dump directory, if there is one; ``step`` is None for a fault that strikes at a time, not at a step.
    """

    scene: Scene
    command: Command
    database: str
    dump: Path
    step: Step | None

    @property
    def table(self) -> str:
        """The table of the step, or the one that every data set has."""
        found = self.step.table if self.step and self.step.schema == self.database else ""
        return f"`{self.database}`.`{found or 't0'}`"


def kill_worker(moment: Moment) -> None:
    """SIGKILL for the process that announces the step, else for any worker."""
    workers = moment.command.workers
    if moment.step:
        moment.command.kill(moment.step.process)
    elif workers:
        moment.command.kill(random.choice(workers))


def kill_command(moment: Moment) -> None:
    """SIGKILL for the command; its workers have to notice."""
    moment.command.kill()


def kill_all(moment: Moment) -> None:
    """SIGKILL for the command and its workers, as the kernel does to a container."""
    for process in moment.command.processes:
        moment.command.kill(process)


def freeze(moment: Moment) -> None:
    """SIGSTOP for a worker, which goes on after a while as if no time had passed."""
    victims = [moment.step.process] if moment.step else moment.command.workers
    if victims:
        victim = random.choice(victims)
        with suppress(ProcessLookupError):
            os.kill(victim, signal.SIGSTOP)
        moment.scene.meanwhile(lambda: _after(random.uniform(0.3, 2.0), lambda: _thaw(victim)))


def _thaw(process: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(process, signal.SIGCONT)


def crash(side: Side) -> Callable[[Moment], None]:
    """SIGKILL for the server, which comes back."""
    return lambda moment: moment.scene.crash(side)


def absence(side: Side) -> Callable[[Moment], None]:
    """SIGKILL for the server, which is away for some seconds."""

    def strike(moment: Moment) -> None:
        server = moment.scene.server(side)
        server.kill()
        moment.scene.meanwhile(lambda: _after(random.uniform(1, 8), server.start))

    return strike


def reset(side: Side) -> Callable[[Moment], None]:
    """RST for all connections."""

    def strike(moment: Moment) -> None:
        moment.scene.proxy(side).reset()

    return strike


def cut(side: Side) -> Callable[[Moment], None]:
    """RST for all connections in the middle of a packet, some bytes later."""
    return lambda moment: moment.scene.proxy(side).cut_after(random.randrange(20_000))


def stall(side: Side) -> Callable[[Moment], None]:
    """Silence for a while, after which all that was held back arrives."""

    def strike(moment: Moment) -> None:
        proxy = moment.scene.proxy(side)
        proxy.stall()
        moment.scene.meanwhile(lambda: _after(random.uniform(0.2, 0.8), proxy.resume))

    return strike


def half_open(side: Side) -> Callable[[Moment], None]:
    """Silence for a while, after which the connections turn out to be gone."""

    def strike(moment: Moment) -> None:
        proxy = moment.scene.proxy(side)
        proxy.stall()
        moment.scene.meanwhile(lambda: _after(random.uniform(0.2, 0.8), proxy.reset, proxy.resume))

    return strike


def refuse(side: Side) -> Callable[[Moment], None]:
    """No connection, neither old nor new, for a while."""

    def strike(moment: Moment) -> None:
        proxy = moment.scene.proxy(side)
        proxy.refuse()
        moment.scene.meanwhile(lambda: _after(random.uniform(0.2, 1.5), proxy.heal))

    return strike


def delay(side: Side) -> Callable[[Moment], None]:
    """Latency for every packet, to the end of the command."""

    def strike(moment: Moment) -> None:
        moment.scene.proxy(side).latency = random.uniform(0.001, 0.01)

    return strike


def kill_sessions(side: Side, what: Literal["CONNECTION", "QUERY"]) -> Callable[[Moment], None]:
    """KILL by an administrator: errors 1317, 2013, 1053 …"""
    return lambda moment: moment.scene.kill_sessions(side, what)


def crowd(side: Side) -> Callable[[Moment], None]:
    """Too many connections for a while (error 1040), and none of the old ones left."""

    def strike(moment: Moment) -> None:
        server = moment.scene.server(side)
        victims = moment.scene.sessions(side)
        for _ in range(12):
            moment.scene.hold(side, random.uniform(0.3, 1.5), "SELECT 1")
        with server.connect() as connection, connection.cursor() as cursor:
            cursor.execute("SET GLOBAL max_connections = 10")
            for victim in victims:
                with suppress(pymysql.Error):  # gone by itself
                    cursor.execute(f"KILL CONNECTION {victim}")

    return strike


def lock_ledger(moment: Moment) -> None:
    """Another session has the ledger's rows locked for a while."""
    moment.scene.hold("target", random.uniform(0.1, 0.6), "SELECT * FROM airflow_mydump.ledger FOR UPDATE")


def storm(moment: Moment) -> None:
    """Sessions that lock the ledger's and the table's rows in one order and the other: deadlocks (error 1213)."""
    ledger = "SELECT * FROM airflow_mydump.ledger ORDER BY item {} LIMIT 20 FOR UPDATE"
    rows = f"DELETE FROM {moment.table} WHERE 1 = 0"
    for _ in range(3):
        moment.scene.hold("target", 0.05, ledger.format("ASC"), rows, ledger.format("DESC"))
        moment.scene.hold("target", 0.05, rows, ledger.format("DESC"), ledger.format("ASC"))


def lock_table(side: Side) -> Callable[[Moment], None]:
    """Another session has the table locked for a while."""
    return lambda moment: moment.scene.hold(side, random.uniform(0.1, 0.6), f"LOCK TABLES {moment.table} WRITE")


def read_table(side: Side) -> Callable[[Moment], None]:
    """Another session reads the table in a transaction, which keeps everybody from altering or dropping it."""
    return lambda moment: moment.scene.hold(side, random.uniform(0.1, 0.6), f"SELECT * FROM {moment.table} LIMIT 1")


def forbid_writes(moment: Moment) -> None:
    """The target is read-only for a while, as after a failover (error 1290)."""
    moment.scene.allow_writes("target", False)
    moment.scene.meanwhile(lambda: _after(random.uniform(0.1, 0.6), lambda: moment.scene.allow_writes("target", True)))


def alter_rows_that_come(moment: Moment) -> None:
    """A trigger on the target changes some of the values that are loaded; it goes with the command."""
    trigger = f"`{moment.database}`.altering"
    run_sql(
        moment.scene.server("target"),
        f"CREATE TRIGGER {trigger} BEFORE INSERT ON {moment.table} FOR EACH ROW "
        "SET NEW.c0 = IF(RAND() < 0.3, NULL, NEW.c0)",
    )
    moment.scene.afterwards(lambda: run_sql(moment.scene.server("target"), f"DROP TRIGGER IF EXISTS {trigger}"))


def alter_a_row(moment: Moment) -> None:
    """Somebody changes, deletes or adds a row of the target after it was loaded."""
    table = moment.table
    statement = random.choice(
        (
            f"UPDATE {table} SET c0 = NULL WHERE c0 IS NOT NULL LIMIT 1",
            f"DELETE FROM {table} LIMIT 1",
            f"INSERT INTO {table} (c0) VALUES (NULL)",
        )
    )
    # Who waits here waits for a worker that waits for this fault to be over.
    run_sql(moment.scene.server("target"), "SET innodb_lock_wait_timeout = 1, lock_wait_timeout = 1", statement)


def damage_a_file(moment: Moment) -> None:
    """A file of the dump is changed, cut off, lost, or another's content; it is whole again when the command ended."""
    files = sorted(path for path in moment.dump.rglob("*") if path.is_file() and path.stat().st_size)
    victim, other = random.choice(files), random.choice(files)
    whole = victim.read_bytes()
    moment.scene.afterwards(lambda: victim.write_bytes(whole))
    place = random.randrange(len(whole))
    damages: tuple[Callable[[], object], ...] = (
        lambda: victim.write_bytes(
            whole[:place] + bytes([whole[place] ^ random.randrange(1, 256)]) + whole[place + 1 :]
        ),
        lambda: victim.write_bytes(whole[:place]),
        lambda: victim.write_bytes(whole + whole[:1]),
        victim.unlink,
        lambda: victim.write_bytes(other.read_bytes()),
    )
    random.choice(damages)()


def start_again(moment: Moment) -> None:
    """The same command is started while it runs, as by a scheduler that takes it for dead."""
    twin = moment.scene.start(*moment.command.arguments)
    moment.scene.meanwhile(lambda: _end(twin))


def _end(twin: Command) -> None:
    ended = twin.wait(100)
    assert ended.status == 0 or ended.err.count("\n") == 1, ended.err


def _after(seconds: float, *deeds: Callable[[], object]) -> None:
    time.sleep(seconds)
    for deed in deeds:
        deed()
