"""Who is compared: ourselves and every peer found on PATH, each with its best settings for the task."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sandbox.server import Server


@dataclass(frozen=True)
class Task:
    """Copy one database from source to target with so many workers; ``scratch`` is an empty directory."""

    source: Server
    target: Server
    database: str
    threads: int
    scratch: Path


@dataclass(frozen=True)
class Contender:
    """A way to do the task: commands run one after the other. A string is a line for a shell."""

    name: str
    commands: Callable[[Task], list[list[str] | str]]


def ours(task: Task) -> list[list[str] | str]:
    """A direct copy, verified."""
    return [
        [
            *(sys.executable, "-m", "airflow_mydump", "copy", "--schemas", task.database),
            *("--source", task.source.uri, "--target", task.target.uri),
            *("--threads", str(task.threads), "--work-directory", str(task.scratch / "work")),
        ]
    ]


def mydumper(task: Task) -> list[list[str] | str]:
    """Dump and restore; bulk prefetch of metadata, as it is the faster way for many tables."""
    return [
        [
            *("mydumper", *_login(task.source), "--database", task.database, "--threads", str(max(2, task.threads))),
            *("--bulk-metadata-prefetch", "--rows", "250000", "--outputdir", str(task.scratch / "mydumper")),
        ],
        [
            *("myloader", *_login(task.target), "--threads", str(max(2, task.threads))),
            *("--directory", str(task.scratch / "mydumper")),
        ],
    ]


def pipe(dump: str, client: str) -> Callable[[Task], list[list[str] | str]]:
    """A dump program piped into a client: one session on each side."""

    def commands(task: Task) -> list[list[str] | str]:
        source, target = " ".join(_login(task.source)), " ".join(_login(task.target))
        options = "--single-transaction --routines --triggers --events --databases"
        return [f"{dump} {source} {options} {task.database} | {client} {target}"]

    return commands


def _login(server: Server) -> list[str]:
    return [
        *("--host", server.host, "--port", str(server.port)),
        *("--user", server.user, f"--password={server.password}"),
    ]


def found(flavor: str) -> list[Contender]:
    """Ourselves, then the peers that are installed and can work with servers of this flavor."""
    contenders = [Contender("airflow_mydump copy", ours)]
    if shutil.which("mydumper") and shutil.which("myloader"):
        contenders.append(Contender("mydumper + myloader", mydumper))
    if flavor == "mariadb" and shutil.which("mariadb-dump"):
        contenders.append(Contender("mariadb-dump | mariadb", pipe("mariadb-dump", "mariadb")))
    if flavor == "mysql" and shutil.which("mysqldump") and shutil.which("mysql"):
        contenders.append(Contender("mysqldump | mysql", pipe("mysqldump", "mysql")))
    return contenders
