"""The demo migrates its tenants, tells what arrived, and leaves nothing behind."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from sandbox.installation import available_flavors
from sandbox.tenants import DEMO_ROWS, DEMO_TENANTS

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache of its own: the demo of whoever runs the tests is not touched."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="module")
def done(cache: Path) -> subprocess.CompletedProcess[str]:
    if not available_flavors():
        pytest.skip("no server is installed")
    return demo(cache, "--exit")


def demo(cache: Path, *options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "sandbox.demo", *options],
        env={**os.environ, "PYTHONPATH": str(ROOT / "scripts"), "XDG_CACHE_HOME": str(cache)},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )


def test_every_tenant_is_migrated_and_verified(done: subprocess.CompletedProcess[str]) -> None:
    assert done.returncode == 0, done.stdout + done.stderr
    for tenant in DEMO_TENANTS:
        (line,) = (line for line in done.stdout.splitlines() if tenant in line)
        assert "yes" in line
    assert f"{len(DEMO_TENANTS)} tenants migrated and verified, {DEMO_ROWS:,} rows" in done.stdout


def test_no_password_is_told(done: subprocess.CompletedProcess[str]) -> None:
    assert "password" not in done.stdout + done.stderr
    assert "mysql://" not in done.stdout + done.stderr


def test_nothing_is_left_running(done: subprocess.CompletedProcess[str], cache: Path) -> None:
    assert list(processes_with(f"XDG_CACHE_HOME={cache}")) == []


def test_clean_removes_what_it_made(done: subprocess.CompletedProcess[str], cache: Path) -> None:
    directory = cache / "airflow-mydump"
    servers = (directory / "demo/servers").read_text().split()
    assert demo(cache, "--clean").returncode == 0
    # the templates are the servers', for all who start some
    assert [path.name for path in directory.iterdir()] == ["templates"]
    assert not any(Path(server).exists() for server in servers)


def processes_with(variable: str) -> Iterator[str]:
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if variable.encode() in (process / "environ").read_bytes().split(b"\0"):
                yield (process / "cmdline").read_text()
        except (OSError, UnicodeDecodeError):
            continue
