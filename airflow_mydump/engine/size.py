"""Sizes as people write them: 64M."""

from __future__ import annotations

import re

from airflow_mydump.engine.errors import ConfigurationError

_FACTORS = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30}


def parse_size(text: str) -> int:
    """Bytes in a size such as ``65536``, ``64K``, ``64M`` or ``1G``. Raises ConfigurationError."""
    found = re.fullmatch(r"(\d+)([KMG]?)", text.strip().upper())
    if not found or not int(found[1]):
        raise ConfigurationError(f"{text!r} is not a size: use a number from 1, with K, M or G if you like")
    return int(found[1]) * _FACTORS[found[2]]
