"""A scenario: a directory with SQL that makes a source, and a file that says what moving it comes to."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterator

Direction = Literal["mariadb to mariadb", "mysql to mysql", "mariadb to mysql", "mysql to mariadb"]
Way = Literal["copy", "dump"]

WITHIN_A_VENDOR: tuple[Direction, ...] = ("mariadb to mariadb", "mysql to mysql")

_DELIMITER = re.compile(rb"^DELIMITER (\S+)\s*$")


class _Strict(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A table of expect.toml; a misspelt name is an error."""


class Options(_Strict, frozen=True):
    """What the user chose; names and values are the factory's. ``databases`` is all that setup.sql makes."""

    databases: tuple[str, ...] = ()
    rename: dict[str, str] = {}
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    where: dict[str, str] = {}
    partitions: dict[str, tuple[str, ...]] = {}
    if_exists: Literal["fail", "truncate", "drop", "skip"] = "truncate"
    history: Literal["current", "keep"] = "current"
    # A page has 16 KiB: tables of a few pages are cut, and tiny ones are not.
    chunk_bytes: int = 8192


class Refusal(_Strict, frozen=True):
    """Words of the error, and the step that raises it; if that is "plan", the target must be as it was before."""

    text: str
    by: Literal["plan", "schema", "data", "index", "verify", "post", "report"] = "plan"


class Query(_Strict, frozen=True):
    """A statement for the target when all is done, and its rows as text, or the numbers of errors it may end with."""

    sql: str
    rows: tuple[tuple[str, ...], ...] = ()
    errors: tuple[int, ...] = ()


class Expectation(_Strict, frozen=True):
    """expect.toml. Unless ``refused``, all that the selection takes is on the target exactly as it is on the source.

    ``left_behind`` names the facts of the source (see `oracle`) that the target is not to have, ``untouched`` those
    that are to be on the target as they were before; ``note`` are words of a note in the report.
    ``source`` and ``target`` are server options, which give the scenario servers of its own.
    """

    about: str
    directions: tuple[Direction, ...] = WITHIN_A_VENDOR
    ways: tuple[Way, ...] = ("copy", "dump")
    options: Options = Options()
    refused: Refusal | None = None
    note: str = ""
    left_behind: tuple[str, ...] = ()
    untouched: tuple[str, ...] = ()
    query: tuple[Query, ...] = ()
    source: dict[str, str] = {}
    target: dict[str, str] = {}


class Scenario(msgspec.Struct, frozen=True):
    """What a directory holds."""

    name: str
    path: Path
    expect: Expectation

    def setup(self, vendor: str) -> Iterator[bytes]:
        """The statements that make the source: setup.sql, then setup.VENDOR.sql."""
        yield from statements(self.path / "setup.sql")
        yield from statements(self.path / f"setup.{vendor}.sql")

    def target(self) -> Iterator[bytes]:
        """The statements that the target has seen before the run."""
        return statements(self.path / "target.sql")


def read_scenarios(directory: Path) -> list[Scenario]:
    """Every scenario below a directory, by name. Raises msgspec.ValidationError."""
    found = []
    for file in sorted(directory.glob("*/expect.toml")):
        try:
            expect = msgspec.toml.decode(file.read_bytes(), type=Expectation)
        except msgspec.MsgspecError as error:
            raise ValueError(f"{file.parent.name}/expect.toml: {error}") from error
        found.append(Scenario(file.parent.name, file.parent, expect))
    return found


def statements(file: Path) -> Iterator[bytes]:
    """The statements of a file, which end with ``;`` at a line's end, or with what a DELIMITER line says.

    They are bytes: a file may have texts in any character set, after a SET NAMES that says which.
    """
    if not file.exists():
        return
    delimiter, lines = b";", list[bytes]()
    for line in file.read_bytes().splitlines(keepends=True):
        if found := _DELIMITER.match(line):
            delimiter = found[1]
        elif line.rstrip().endswith(delimiter):
            lines.append(line.rstrip().removesuffix(delimiter))
            yield b"".join(lines)
            lines = []
        elif lines or (line.strip() and not line.startswith(b"--")):
            lines.append(line)
    assert not lines, f"{file} ends within a statement"
