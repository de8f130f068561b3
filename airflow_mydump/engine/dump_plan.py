"""The plan of a dump: which chunks go into the directory, and under which file names. It lies in the directory
itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from airflow_mydump.engine.bundle import MOST, BundleReference
from airflow_mydump.engine.dump_directory.compressed_file import DEFAULT_LEVEL
from airflow_mydump.engine.errors import ConfigurationError
from airflow_mydump.engine.plan import DataBundle
from airflow_mydump.engine.planner import DEFAULT_CHUNK_BYTES
from airflow_mydump.engine.selection import Selection

HIGHEST_LEVEL = 19
"""Above it zstd asks its reader for more memory than `compressed_file` allows."""


@dataclass(frozen=True)
class DumpSettings:
    """How to dump: the size of a chunk, which is a file, before compression; how many workers share the bundles, how
    many bundles at most; zstd's level, 1 to 19."""

    chunk_bytes: int = DEFAULT_CHUNK_BYTES
    concurrency: int = 4
    max_bundles: int = MOST
    level: int = DEFAULT_LEVEL

    def __post_init__(self) -> None:
        for name in ("chunk_bytes", "concurrency", "max_bundles", "level"):
            if getattr(self, name) < 1:
                raise ConfigurationError(f"{name} must be at least 1, not {getattr(self, name)}")
        if self.level > HIGHEST_LEVEL:
            raise ConfigurationError(f"level must be at most {HIGHEST_LEVEL}, not {self.level}")


@dataclass(frozen=True)
class DumpBundle:
    """The chunks that one dump task writes. ``bases`` has, by a table's number, what its files begin with."""

    number: int
    data: DataBundle
    bases: Mapping[str, str]
    level: int

    def base(self, table: int) -> str:
        """What the files of the table with this number begin with."""
        return self.bases[str(table)]


@dataclass(frozen=True)
class DumpPlan:
    """What a dump is to hold. ``position`` is the source's replication position when the dump began, as far as its
    account may read it; chunks are read later, each when its turn comes."""

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
