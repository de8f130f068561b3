"""The command line, in a process of its own as a user starts it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.integration.pair import Pair

ROOT = Path(__file__).resolve().parents[2]


def environment(pair: Pair, **more: str) -> dict[str, str]:
    """URIs and passwords in the environment: nothing secret is in a command that `ps` shows."""
    servers = {}
    for side, server in (("SOURCE", pair.source), ("TARGET", pair.target)):
        servers[f"MYDUMP_{side}_URI"] = f"mysql://{server.user}@{server.host}:{server.port}/"
        servers[f"MYDUMP_{side}_PASSWORD"] = server.password
    return {**os.environ, **servers, **more}


def start(pair: Pair, *arguments: object, **more: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "airflow_mydump", *map(str, arguments)],
        env=environment(pair, **more),
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finish(process: subprocess.Popen[str], seconds: float = 120) -> subprocess.CompletedProcess[str]:
    try:
        out, err = process.communicate(timeout=seconds)
    finally:
        process.kill()
    return subprocess.CompletedProcess(process.args, process.returncode, out, err)


def run_command(pair: Pair, *arguments: object, **more: str) -> subprocess.CompletedProcess[str]:
    return finish(start(pair, *arguments, **more))
