"""Runs random copies, dumps and loads under random faults, until the time is over or a defect is found.

Run it with ``scripts/soak``. The first run in which a row is lost, doubled or altered, something is left, or a failure
does not pass ends it, and the command to repeat that run is printed.
"""

from __future__ import annotations

import argparse
import secrets
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from tests.faults.scene import Scene
from tests.soak.trial import MODES, Trial

if TYPE_CHECKING:
    from collections.abc import Sequence


class _Tally:
    """What happened so far."""

    def __init__(self) -> None:
        self.runs: Counter[str] = Counter()
        self.struck: Counter[str] = Counter()
        self.endings: Counter[str] = Counter()
        self.hit = self.anew = 0
        self._begun = time.monotonic()

    def add(self, trial: Trial) -> None:
        ordeal = trial.ordeal
        self.runs[trial.name] += 1
        self.struck += ordeal.struck
        self.endings += ordeal.endings
        self.hit += bool(ordeal.struck)
        self.anew += ordeal.anew

    def lines(self) -> list[str]:
        seconds = time.monotonic() - self._begun
        return [
            f"{sum(self.runs.values())} runs in {seconds:.0f} s ({_listed(self.runs)}), "
            f"{self.hit} of them hit by a fault or more; all equal to their source in the end",
            f"{sum(self.struck.values())} faults: {_listed(self.struck)}",
            f"{sum(self.endings.values())} commands: {_listed(self.endings)}; {self.anew} runs began anew",
        ]


def main() -> int:
    """Return 0 if no defect was found."""
    options = _options()
    seed = secrets.randbelow(10**6) if options.seed is None else options.seed
    tally = _Tally()
    end = time.monotonic() + options.minutes * 60
    with tempfile.TemporaryDirectory(prefix="mydump-soak-") as folder, _scene(options, folder) as scene:
        print(f"{scene.pair.source!r}, seed {seed}", flush=True)
        number = options.first
        while time.monotonic() < end and number < options.first + options.runs:
            trial = Trial(scene, seed, number, tuple(options.consistency))
            try:
                trial.run()
            except BaseException as error:
                _tell(error, trial, seed, number, options)
                print("\n".join(tally.lines()))
                if isinstance(error, Exception):
                    return 1
                raise
            tally.add(trial)
            number += 1
            if number % 50 == 0:
                print("\n".join(tally.lines()), flush=True)
    print("\n".join(tally.lines()))
    return 0


def _scene(options: argparse.Namespace, folder: str) -> Scene:
    return Scene(options.vendor, Path(folder), replicated="replica" in options.consistency)


def _tell(error: BaseException, trial: Trial, seed: int, number: int, options: argparse.Namespace) -> None:
    print(f"\nRun {number} of seed {seed}: {type(error).__name__}: {error}", file=sys.stderr)
    for line in trial.ordeal.log:
        print(f"  {line}", file=sys.stderr)
    modes = "".join(f" --consistency {mode}" for mode in options.consistency)
    print(
        f"Again: scripts/soak --vendor {options.vendor} --seed {seed} --first {number} --runs 1{modes}", file=sys.stderr
    )


def _listed(counts: Counter[str]) -> str:
    return ", ".join(f"{name} {count}" for name, count in sorted(counts.items()))


def _options(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser("scripts/soak", description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--vendor", choices=("mariadb", "mysql"), default="mariadb")
    parser.add_argument("--minutes", type=float, default=20.0, help="how long at most (default %(default)s)")
    parser.add_argument("--runs", type=int, default=10**6, help="how many runs at most")
    parser.add_argument("--seed", type=int, help="what the runs are drawn from (default: drawn itself, and printed)")
    parser.add_argument("--first", type=int, default=0, metavar="N", help="the number of the first run (default 0)")
    parser.add_argument(
        "--consistency",
        action="append",
        default=[],
        choices=MODES,
        help="a mode to draw from (default: all); repeatable",
    )
    options = parser.parse_args(arguments)
    options.consistency = options.consistency or MODES
    return options


if __name__ == "__main__":
    sys.exit(main())
