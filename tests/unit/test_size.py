"""Sizes are read as people write them."""

from __future__ import annotations

import pytest

from airflow_mydump.engine.errors import ConfigurationError
from airflow_mydump.engine.size import parse_size


@pytest.mark.parametrize(
    "text, size",
    [("1", 1), ("65536", 65536), ("64K", 1 << 16), ("64k", 1 << 16), ("64M", 64 << 20), (" 2G ", 2 << 30)],
)
def test_sizes_are_read(text: str, size: int) -> None:
    assert parse_size(text) == size


@pytest.mark.parametrize("text", ["", "0", "0M", "-1", "1.5M", "64MB", "64T", "M", "1 M", "1e6", "ten"])
def test_what_is_no_size_is_refused(text: str) -> None:
    with pytest.raises(ConfigurationError, match="is not a size"):
        parse_size(text)
