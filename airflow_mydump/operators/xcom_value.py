"""Records as XComs hold them."""

from __future__ import annotations

from typing import Any

import msgspec


def plain(record: Any) -> Any:
    """A dataclass as JSON has it: lists where the record has tuples, which Airflow's pages could not show."""
    return msgspec.json.decode(msgspec.json.encode(record))
