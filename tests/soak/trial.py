"""One run of the soak: a random database, a random operation on it, random faults, until it is done and compared.

Everything is drawn from the seed and the run's number, so that a run can be repeated; only what the machine's timing
decides differs.
"""

from __future__ import annotations

import random
import shutil
from typing import TYPE_CHECKING

from tests.faults.ordeal import Operations, Ordeal
from tests.integration.pair import run_sql
from tests.soak.data_set import make_data_set
from tests.soak.draw import draw_faults

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.faults.scene import Scene


class Trial:
    """The run with this number of the soak with this seed."""

    def __init__(self, scene: Scene, seed: int, number: int, consistencies: Sequence[str]) -> None:
        self._scene = scene
        self._random = drawn = random.Random(f"{seed}/{number}")
        folder = scene.folder / f"run-{seed}-{number}"
        folder.mkdir()
        consistency = drawn.choice(consistencies)
        kinds = drawn.choice((("copy",), ("dump", "load")))
        self.name = " ".join([*kinds, consistency]).strip()
        operations = Operations(f"soak_{number}", folder, {kind: self._options(kind, consistency) for kind in kinds})
        self.ordeal = Ordeal(scene, operations, draw_faults(drawn, kinds))

    def run(self) -> None:
        """Do it; raises Defect, or what else was not as it must be."""
        operations = self.ordeal.operations
        random.seed(operations.database)  # what the faults draw when they strike
        # What MyISAM had written and not flushed is gone with the server, whoever wrote it.
        crash = any("crash" in armed.name for armed in self.ordeal.armed)
        self.ordeal.log.append(f"{dict(operations.options)}, {self.ordeal.armed}")
        make_data_set(self._random, self._scene.server("source"), operations.database, transactional=crash)
        try:
            self.ordeal.run()
        finally:
            self._scene.heal()
            for server in (self._scene.server("source"), self._scene.server("target")):
                run_sql(server, f"DROP DATABASE IF EXISTS {operations.database}")
        shutil.rmtree(operations.folder)

    def _options(self, operation: str, consistency: str) -> list[object]:
        drawn = self._random
        options: list[object] = ["--threads", drawn.choice((1, 2, 3))]
        if operation != "load":
            options += ["--chunk-bytes", drawn.choice(("16K", "32K", "128K", "64M"))]
            options += ["--consistency", consistency] if consistency else []
        if operation != "dump":
            options += ["--if-exists", drawn.choice(("truncate", "drop"))]
            options += drawn.choice(([], ["--no-defer-keys"]))
        return options
