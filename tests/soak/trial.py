"""One run of the soak: a random database, a random operation on it, random faults, until it is done and compared.

Everything is drawn from the seed and the run's number, so that a run can be repeated; only what the machine's timing
decides differs.
"""

from __future__ import annotations

import random
import shutil
from typing import TYPE_CHECKING

from tests.faults import replication
from tests.faults.ordeal import Defect, Operations, Ordeal
from tests.integration.pair import run_sql
from tests.integration.writers import Writers, make_bank
from tests.soak.data_set import make_data_set
from tests.soak.draw import draw_faults

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sandbox.server import Server

    from tests.faults.scene import Scene

MODES = ("snapshot", "locked", "replica", "none")


class Trial:
    """The run with this number of the soak with this seed."""

    def __init__(self, scene: Scene, seed: int, number: int, consistencies: Sequence[str]) -> None:
        self._scene = scene
        self._random = drawn = random.Random(f"{seed}/{number}")
        folder = scene.folder / f"run-{seed}-{number}"
        folder.mkdir()
        self._mode = drawn.choice(consistencies)
        kinds = drawn.choice((("copy",), ("dump", "load")))
        self.name = " ".join([*kinds, self._mode])
        operations = Operations(
            f"soak_{number}",
            folder,
            {kind: self._options(kind) for kind in kinds},
            bank="" if self._mode == "none" else f"bank_{number}",
        )
        self.ordeal = Ordeal(scene, operations, draw_faults(drawn, kinds))

    def run(self) -> None:
        """Do it; raises Defect, or what else was not as it must be."""
        operations = self.ordeal.operations
        random.seed(operations.database)  # what the faults draw when they strike
        # What MyISAM had written and not flushed is gone with the server, whoever wrote it.
        crash = any("crash" in armed.name for armed in self.ordeal.armed)
        self.ordeal.log.append(f"{dict(operations.options)}, {self.ordeal.armed}")
        make_data_set(self._random, self._written, operations.database, transactional=crash)
        try:
            if operations.bank:
                self._run_beside_writers(operations.bank)
            else:
                self.ordeal.run()
        finally:
            self._scene.heal()
            for server in (self._written, self._scene.server("target")):
                for database in (operations.database, f"bank_{operations.database.removeprefix('soak_')}"):
                    run_sql(server, f"DROP DATABASE IF EXISTS {database}")
        shutil.rmtree(operations.folder)

    @property
    def _written(self) -> Server:
        """The server that the data comes to first."""
        primary = self._scene.primary if self._mode == "replica" else None
        return primary or self._scene.server("source")

    def _run_beside_writers(self, bank: str) -> None:
        run_sql(self._written, f"CREATE DATABASE {bank}")
        make_bank(self._written, bank)
        if self._scene.primary:
            replication.catch_up(self._scene.primary, self._scene.server("source"))
        with Writers(self._written, bank, tireless=True):
            self.ordeal.run()
        if self._mode == "replica" and self._scene.primary:
            self._scene.heal()
            try:
                replication.catch_up(self._scene.primary, self._scene.server("source"))
            except AssertionError as error:
                raise Defect(f"the applier was left behind: {error}") from error

    def _options(self, operation: str) -> list[object]:
        drawn = self._random
        options: list[object] = ["--threads", drawn.choice((1, 2, 3))]
        if operation != "load":
            options += ["--chunk-bytes", drawn.choice(("16K", "32K", "128K", "64M"))]
            options += ["--consistency", self._mode]
        if operation != "dump":
            options += ["--if-exists", drawn.choice(("truncate", "drop"))]
            options += drawn.choice(([], ["--no-defer-keys"]))
        return options
