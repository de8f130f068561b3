"""The engine and the command line work where Airflow is not installed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
IMPORT_ALL = """
import importlib, pkgutil, sys

class NoAirflow:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] == "airflow":
            raise ImportError(f"{name} must not be imported")

sys.meta_path.insert(0, NoAirflow())
import airflow_mydump.engine, airflow_mydump.options
names = ["airflow_mydump.cli", "airflow_mydump.progress_bar"]
for package in (airflow_mydump.engine, airflow_mydump.options):
    names += [found.name for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")]
for name in names:
    importlib.import_module(name)
print(len(names), [name for name in sys.modules if name.split(".")[0] == "airflow"])
"""


def test_engine_and_command_line_import_no_airflow() -> None:
    done = subprocess.run([sys.executable, "-c", IMPORT_ALL], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    count, _, modules = done.stdout.strip().partition(" ")
    assert int(count) >= len([*(ROOT / "airflow_mydump/engine").rglob("*.py")]) - 2
    assert modules == "[]"
