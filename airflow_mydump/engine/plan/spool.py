"""Records put aside in a temporary file and read back in any order, so that a plan of a million chunks fits in little
memory."""

from __future__ import annotations

import os
import tempfile
from array import array
from typing import Any

import msgspec


class Spool:
    """Encoded records by number, from 0. Use as a context manager: the file has no name and goes with it."""

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile(prefix="airflow_mydump-")  # noqa: SIM115
        self._ends = array("Q", [0])

    def append(self, record: Any) -> bytes:
        """Put a record aside as the next number; returns what was written."""
        data = msgspec.json.encode(record, order="deterministic")
        self._file.write(data)
        self._ends.append(self._ends[-1] + len(data))
        return data

    def __len__(self) -> int:
        return len(self._ends) - 1

    def raw(self, number: int) -> msgspec.Raw:
        """A record as it was encoded, to become part of another. Call `settle` after the last `append` before."""
        start, end = self._ends[number], self._ends[number + 1]
        return msgspec.Raw(os.pread(self._file.fileno(), end - start, start))

    def settle(self) -> None:
        """Make every record appended so far readable."""
        self._file.flush()

    def __enter__(self) -> Spool:
        return self

    def __exit__(self, *error: object) -> None:
        self._file.close()
