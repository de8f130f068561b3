"""Who is compared: ourselves and every peer found on PATH, each with its best settings for the task."""

from __future__ import annotations

import shlex
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from sandbox.server import Server

Work = Literal["copy", "dump", "restore"]

Commands = list[list[str] | str]
"""Commands that run one after the other. A string is a line for a shell."""


@dataclass(frozen=True)
class Task:
    """Move one database with so many workers.

    ``scratch`` is an empty directory, ``dump`` where a dump is made or found, ``binlog`` whether the target is to write
    a binary log; all contenders keep to it.
    """

    source: Server
    target: Server
    database: str
    threads: int
    binlog: bool
    scratch: Path
    dump: Path


@dataclass(frozen=True)
class Contender:
    """A way to do a task; ``prepare`` is what must be there before and is not measured."""

    name: str
    commands: Callable[[Task], Commands]
    prepare: Callable[[Task], Commands] | None = None


def _ours(task: Task, verb: str, *options: str) -> list[str]:
    return [sys.executable, "-m", "airflow_mydump", verb, "--threads", str(task.threads), *options]


def _our_target(task: Task) -> list[str]:
    unlogged = [] if task.binlog else ["--no-binlog"]
    return ["--target", task.target.uri, "--work-directory", str(task.scratch), *unlogged]


def _our_source(task: Task) -> list[str]:
    return ["--source", task.source.uri, "--schemas", task.database]


def our_copy(*options: str) -> Callable[[Task], Commands]:
    """A direct copy, verified unless the options say otherwise."""
    return lambda task: [_ours(task, "copy", *_our_source(task), *_our_target(task), *options)]


def our_dump(task: Task) -> Commands:
    """A dump with zstd and checksums."""
    return [_ours(task, "dump", *_our_source(task), "--output", str(task.dump))]


def our_restore(*options: str) -> Callable[[Task], Commands]:
    """A restore, verified unless the options say otherwise."""
    return lambda task: [_ours(task, "load", "--input", str(task.dump), *_our_target(task), *options)]


def mydumper(*form: str) -> Callable[[Task], Commands]:
    """A dump; bulk prefetch of metadata, as it is the faster way for many tables."""

    def commands(task: Task) -> Commands:
        options = ["--database", task.database, "--threads", str(max(2, task.threads)), "--rows", "250000"]
        bulk = ["--bulk-metadata-prefetch", "--routines", "--triggers", "--events"]
        said = [*_for_mysql(task), *_login(task.source), *options, *bulk]
        return [["mydumper", *said, *form, "--outputdir", str(task.dump)]]

    return commands


def _for_mysql(task: Task) -> list[str]:
    """What mydumper 1.0.1 must be told to dump rows from MySQL 9: which server that is, and the form of EXPLAIN."""
    if task.source.flavor != "mysql":
        return []
    settings = task.dump.parent / "mydumper.cnf"
    settings.write_text("[mydumper_session_variables]\nexplain_format=TRADITIONAL\n")
    return [f"--defaults-file={settings}", f"--server-version=mysql-{task.source.version}"]


def myloader(task: Task) -> Commands:
    """A restore. It keeps out of the binary log unless told otherwise, as we do here."""
    logged = ["--enable-binlog"] if task.binlog else []
    threads = str(max(2, task.threads))
    return [["myloader", *_login(task.target), "--threads", threads, "--directory", str(task.dump), *logged]]


def text_dump(program: str) -> Callable[[Task], Commands]:
    """A dump as one text, uncompressed: one session."""

    def commands(task: Task) -> Commands:
        return [f"mkdir -p {task.dump} && {_text_dump(program, task)} > {task.dump}/all.sql"]

    return commands


def text_restore(client: str) -> Callable[[Task], Commands]:
    """A text played into a client: one session."""
    return lambda task: [f"{_client(client, task)} < {task.dump}/all.sql"]


def pipe(program: str, client: str) -> Callable[[Task], Commands]:
    """A dump program piped into a client: one session on each side."""
    return lambda task: [f"{_text_dump(program, task)} | {_client(client, task)}"]


def _text_dump(program: str, task: Task) -> str:
    options = "--single-transaction --routines --triggers --events --databases"
    if program == "mysqldump":
        options = f"--set-gtid-purged=OFF {options}"  # a target with transactions of its own refuses it otherwise
    return f"{program} {shlex.join(_login(task.source))} {options} {task.database}"


def _client(client: str, task: Task) -> str:
    unlogged = "" if task.binlog else "--init-command='SET sql_log_bin = 0'"
    return f"{client} {shlex.join(_login(task.target))} {unlogged}"


def _both(first: Callable[[Task], Commands], second: Callable[[Task], Commands]) -> Callable[[Task], Commands]:
    return lambda task: first(task) + second(task)


def _login(server: Server) -> list[str]:
    return [
        *("--host", server.host, "--port", str(server.port)),
        *("--user", server.user, f"--password={server.password}"),
    ]


def found(flavor: str, work: Work, many_files: bool) -> list[Contender]:
    """Ourselves, then the peers that are installed and can work with servers of this flavor.

    Of ``many_files`` mydumper compresses none: it starts a process for each, which takes minutes.
    """
    unverified = "--no-verify"  # as the peers
    ours = {
        "copy": [
            Contender("airflow_mydump copy", our_copy()),
            Contender("airflow_mydump copy, not verified", our_copy(unverified)),
        ],
        "dump": [Contender("airflow_mydump dump (zstd)", our_dump)],
        "restore": [
            Contender("airflow_mydump load (zstd)", our_restore(), our_dump),
            Contender("airflow_mydump load (zstd), not verified", our_restore(unverified), our_dump),
        ],
    }
    return [*ours[work], *_mydumpers(work, many_files), *_text_tools(flavor, work)]


def _mydumpers(work: Work, many_files: bool) -> list[Contender]:
    if not (shutil.which("mydumper") and shutil.which("myloader")):
        return []
    light = ("--exec-per-thread=/usr/bin/zstd -1", "--exec-per-thread-extension=.zst")
    forms = {
        "INSERT": mydumper(),
        "LOAD DATA": mydumper("--format=LOAD_DATA"),
        "LOAD DATA, zstd": mydumper("--format=LOAD_DATA", "--compress=zstd"),
        "LOAD DATA, zstd -1": mydumper("--format=LOAD_DATA", *light),
    }
    if work == "dump":
        taken = {name: dump for name, dump in forms.items() if not (many_files and "zstd" in name)}
        return [Contender(f"mydumper ({name})", dump) for name, dump in taken.items()]
    if work == "restore":
        return [Contender(f"myloader ({name})", myloader, dump) for name, dump in forms.items() if "zstd" not in name]
    return [
        Contender(f"mydumper + myloader ({name})", _both(dump, myloader))
        for name, dump in forms.items()
        if "zstd" not in name
    ]


def _text_tools(flavor: str, work: Work) -> list[Contender]:
    program, client = ("mariadb-dump", "mariadb") if flavor == "mariadb" else ("mysqldump", "mysql")
    if not (shutil.which(program) and shutil.which(client)):
        return []
    return {
        "copy": [Contender(f"{program} | {client}", pipe(program, client))],
        "dump": [Contender(program, text_dump(program))],
        "restore": [Contender(client, text_restore(client), text_dump(program))],
    }[work]
