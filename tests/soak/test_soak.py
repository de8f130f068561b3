"""The soak runs: three runs of it for each vendor."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sandbox.server import ServerNotInstalledError

from tests.faults.scene import Scene, flavors
from tests.soak.trial import Trial

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("flavor", flavors())
def test_random_runs_under_random_faults_end_equal(flavor: str, tmp_path: Path) -> None:
    try:
        scene = Scene(flavor, tmp_path)  # type: ignore[arg-type]
    except ServerNotInstalledError as error:
        pytest.skip(str(error))
    with scene:
        trials = [Trial(scene, seed=1, number=number, consistencies=("snapshot",)) for number in range(3)]
        for trial in trials:
            trial.run()
    assert sum(trial.ordeal.struck.total() for trial in trials) > 0
