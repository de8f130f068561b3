"""Where the rows of a data bundle's chunks are in a dump directory; the file beside the bundle's own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from airflow_mydump.engine.chunking.chunk import Chunk
from airflow_mydump.engine.dump_directory.chunk_source import ChunkSource, Expectation


@dataclass(frozen=True)
class LoadBundle:
    """By a chunk's id its source; by a table's number, in dumps that another tool made, what is expected of it."""

    sources: Mapping[str, ChunkSource]
    expectations: Mapping[str, Expectation]

    def source_of(self, chunk: Chunk) -> ChunkSource:
        """Where a chunk's rows are."""
        return self.sources[chunk.id]


def load_file(data_file: str) -> str:
    """The file of the load bundle that belongs to a data bundle's file."""
    folder, _, name = data_file.rpartition("/")
    return f"{folder}/{name.replace('data-', 'load-', 1)}"
