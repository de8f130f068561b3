"""The plan of a dump: which chunks go into the directory, and under which file names. It lies in the directory
itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from airflow_mydump.engine.consistency.settings import Mode
from airflow_mydump.engine.dump_directory.compressed_file import DEFAULT_LEVEL
from airflow_mydump.engine.errors import ConfigurationError
from airflow_mydump.engine.plan.bundle import BundleReference
from airflow_mydump.engine.plan.settings import PlanSettings
from airflow_mydump.engine.selection.selection import Selection

HIGHEST_LEVEL = 19
"""Above it zstd asks its reader for more memory than `compressed_file` allows."""


@dataclass(frozen=True)
class DumpSettings:
    """How to dump: how tables are cut and packed, a chunk being a file; zstd's level, 1 to 19; and how the rows of
    different chunks belong together."""

    plan: PlanSettings = field(default_factory=PlanSettings)
    level: int = DEFAULT_LEVEL
    mode: Mode = "snapshot"

    def __post_init__(self) -> None:
        if not 1 <= self.level <= HIGHEST_LEVEL:
            raise ConfigurationError(f"level must be from 1 to {HIGHEST_LEVEL}, not {self.level}")


@dataclass(frozen=True)
class DumpBundle:
    """What a dump needs to know beside a data bundle, in the file beside the bundle's own: the bundle's number, by the
    tables' numbers what their files begin with, and zstd's level."""

    number: int
    bases: Mapping[str, str]
    level: int

    def base(self, table: int) -> str:
        """What the files of the table with this number begin with."""
        return self.bases[str(table)]


def dump_file(data_file: str) -> str:
    """The file of the dump bundle that belongs to a data bundle's file."""
    folder, _, name = data_file.rpartition("/")
    return f"{folder}/{name.replace('data-', 'dump-', 1)}"


@dataclass(frozen=True)
class DumpPlan:
    """What a dump is to hold. ``position`` is the source's replication position when the dump began, as far as its
    account may read it; a snapshot has one of its own. ``source_identity`` tells which server the source was."""

    plan: str
    run_key: str
    source: str
    server: str
    selection: Selection
    settings: DumpSettings
    bundles: tuple[BundleReference, ...]
    tables: int
    chunks: int
    objects: int
    started: str
    position: Mapping[str, str] = field(default_factory=dict)
    source_identity: str = ""
