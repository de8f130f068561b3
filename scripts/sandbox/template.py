"""Initialised, empty data directories, made once per server version and copied for each server.

Initialising takes a second (MariaDB) to several (MySQL), copying a fraction of one.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from sandbox.installation import cache_directory, find_program

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sandbox.installation import Installation

#: The options that a data directory is made for; all others may change between two starts.
BINDING_OPTIONS = frozenset({"lower-case-table-names", "innodb-page-size"})


class TemplateError(Exception):
    """A data directory could not be initialised; carries what the server said."""


def copy_template(installation: Installation, options: Mapping[str, str | None], destination: Path) -> None:
    """Create `destination` as an initialised data directory; each server makes its own identity."""
    binding = {name: options[name] for name in sorted(BINDING_OPTIONS & options.keys())}
    template = _template(installation, binding)
    # sparse: an empty redo log is 100 MB of zeros
    copy = [find_program("cp"), "--archive", "--reflink=auto", "--sparse=always"]
    subprocess.run([*copy, str(template), str(destination)], check=True)


def _template(installation: Installation, options: Mapping[str, str | None]) -> Path:
    words = (f"{name}={value}" for name, value in options.items())
    name = "-".join((installation.flavor, installation.version, *words))
    template = cache_directory() / "templates" / name
    if not template.is_dir():
        template.parent.mkdir(parents=True, exist_ok=True)
        _build(installation, options, template)
    return template


def _build(installation: Installation, options: Mapping[str, str | None], template: Path) -> None:
    """Initialise aside and rename: a template is complete or absent, however many processes build it."""
    with tempfile.TemporaryDirectory(prefix="mydump-", dir=installation.scratch()) as scratch:
        data = Path(scratch, "data")
        data.mkdir()
        _initialise(installation, options, data)
        # the server's identity: the copies must not share it
        (data / "auto.cnf").unlink(missing_ok=True)
        staged = Path(tempfile.mkdtemp(prefix=".building-", dir=template.parent))
        try:
            shutil.move(data, staged / "data")
            (staged / "data").rename(template)
        except OSError:
            if not template.is_dir():  # else another process was first
                raise
        finally:
            shutil.rmtree(staged, ignore_errors=True)


def _initialise(installation: Installation, options: Mapping[str, str | None], data: Path) -> None:
    arguments = ["--no-defaults", f"--datadir={installation.inside(data)}"]
    arguments += [f"--{name}={value}" for name, value in options.items()]
    if os.geteuid() == 0 or installation.prefix:
        arguments.append("--user=root")
    if installation.flavor == "mysql":
        command = installation.command(*arguments, "--initialize-insecure", "--disable-log-bin")
    else:
        # rpm: do not insist on a host name that resolves; and, as root, do not take a folder of the system's
        # own server (for PAM) into our ownership
        quiet = ("--skip-test-db", "--skip-name-resolve", "--rpm")
        command = [find_program("mariadb-install-db"), *arguments, *quiet]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if done.returncode != 0:
        who = f"{installation.flavor} {installation.version}"
        raise TemplateError(f"{who} could not initialise a data directory:\n{done.stdout}")
