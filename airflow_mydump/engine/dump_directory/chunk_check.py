"""Chunks that come from a dump: their bounds become part of a query, so they are examined first."""

from __future__ import annotations

import re
from dataclasses import fields
from typing import Any

from airflow_mydump.engine.chunking.chunk import Chunk
from airflow_mydump.engine.errors import DumpError

_LITERAL = re.compile(
    r"-?\d+(?:\.\d+)?(?:e[+-]?\d+)?"
    r"|_[a-z0-9]+ x'[0-9a-f]*'(?: COLLATE [a-z0-9_]+)?"
    r"|(?:[A-Z]+ ?|_latin1)?'[0-9A-Za-z :.\-]*'",
    re.ASCII,
)
"""What `key_type.key_literal` makes."""


def check_chunk(chunk: Chunk) -> None:
    """Raise DumpError unless the chunk's bounds are numbers or plain literals; its names are quoted wherever used."""
    for field in fields(chunk):
        if field.name in ("lower", "upper"):
            _check_bound(chunk, getattr(chunk, field.name))


def _check_bound(chunk: Chunk, bound: Any) -> None:
    values = bound if isinstance(bound, list | tuple) else (bound,)
    for value in values:
        if isinstance(value, str) and not _LITERAL.fullmatch(value):
            raise DumpError(f"chunk {chunk.id} of the dump has a bound that is no literal")
